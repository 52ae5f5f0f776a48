//! Threads or processes: the same jobs, the same interface, and what differs.
//!
//! Both give the same results, and a panic costs one of them. Threads start sooner, take
//! a job sooner, and share what the program has: a static that jobs change is changed
//! for all. Processes share nothing that was not agreed on, so one that is killed takes
//! one result along, where a thread takes the whole program. In Python threads take turns
//! at the interpreter, so processes are needed for speed; in Rust only for protection.
//!
//! Run:     cargo run -p pool-demo -- thread-vs-process
//! Expect:  six questions with two answers each; one line about a panic on standard error
//! Chapter: book/src/process-pools.md
//! Source:  Python's multiprocessing.pool.ThreadPool and concurrent.futures.Executor

use std::io::Read;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::measure::{duration, machine};
use common::{Actor, println};
use crossprocess::pool::{Pool, PoolOptions};

use crate::back_ends::{BackEnd, COUNTED, JOBS, Job};
use crate::thread_pool::ThreadPool;

const WORKERS: usize = 2;
const SQUARES: u32 = 400;
const COUNTS: u32 = 16;
const PANIC: [Job; 4] = [Job::Square(1), Job::Square(2), Job::Panic, Job::Square(4)];
const KILL: [Job; 4] = [Job::Square(1), Job::Square(2), Job::Killed, Job::Square(4)];

pub fn run() -> anyhow::Result<()> {
    let threads = observe("threads", || ThreadPool::new(WORKERS)).context("threads")?;
    let processes = observe("processes", start_processes).context("processes")?;
    let after_kill =
        [results_of_killed_program()?, results_of(&mut start_processes()?, &KILL)];

    println!("{}\n", machine());
    println!("{:34} {:>12} {:>12}", "", "threads", "processes");
    let row = |question: &str, [threads, processes]: [String; 2]| {
        println!("{question:34} {threads:>12} {processes:>12}");
    };
    let seen = [&threads, &processes];
    let lost = |results: usize| format!("{} of 4 lost", 4 - results);
    row("to start two workers", seen.map(|seen| duration(seen.start)));
    row("a job, the mean of 400 small ones", seen.map(|seen| duration(seen.job)));
    row("a static, when 16 jobs added 1", seen.map(|seen| seen.counted.to_string()));
    row("a job panics", seen.map(|seen| lost(seen.after_panic)));
    row("a job kills its process", after_kill.map(lost));

    ensure!(seen.map(|seen| seen.counted) == [COUNTS, 0], "the static was shared");
    ensure!(seen.map(|seen| seen.after_panic) == [3, 3], "results after a panic");
    ensure!(after_kill == [0, 3], "results after a kill: {after_kill:?}");
    println!("\nok: the results were the same, and only processes survived a kill");
    Ok(())
}

fn start_processes() -> Result<Pool<Job, u32>, crossprocess::Error> {
    // A job at a time, as with the threads; the scene `cost` shows larger chunks.
    PoolOptions::new().chunk(1).start(&JOBS, WORKERS, &())
}

/// What is seen of a back end; times in seconds.
struct Seen {
    start: f64,
    job: f64,
    /// By how much a static of this process was higher after the jobs.
    counted: u32,
    /// How many of four jobs had a result, when one panicked.
    after_panic: usize,
}

fn observe<P, E>(
    name: &str,
    start: impl FnOnce() -> Result<P, E>,
) -> anyhow::Result<Seen>
where
    P: BackEnd,
    anyhow::Error: From<E>,
{
    let main = Actor::new("main");
    let (begun, starting) = (Instant::now(), main.waits(format!("{name} to start")));
    let mut pool = start()?;
    drop(starting);
    let start = begun.elapsed().as_secs_f64();

    let squares: Vec<_> = (0..SQUARES).map(Job::Square).collect();
    let (begun, working) = (Instant::now(), main.waits(format!("results of {name}")));
    let results = pool.map(&squares);
    drop(working);
    let job = begun.elapsed().as_secs_f64() / f64::from(SQUARES);
    ensure!(results.into_iter().eq((0..SQUARES).map(|n| Ok(n * n))), "wrong squares");

    // Relaxed: the results have come, by a lock.
    let before = COUNTED.load(Ordering::Relaxed);
    pool.map(&[Job::Count; COUNTS as usize]);
    let counted = COUNTED.load(Ordering::Relaxed) - before;
    let after_panic = results_of(&mut pool, &PANIC);
    Ok(Seen { start, job, counted, after_panic })
}

fn results_of(pool: &mut impl BackEnd, jobs: &[Job]) -> usize {
    pool.map(jobs).iter().flatten().count()
}

/// How many results come out of a program of threads in which a job kills the process.
fn results_of_killed_program() -> anyhow::Result<usize> {
    let mut command = child::role("killed-threads").context("find this program")?;
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let child = ChildGuard::spawn(&mut command).context("start the program")?;
    let mut output = String::new();
    let mut stdout = child.take_stdout().context("a pipe")?;
    stdout.read_to_string(&mut output).context("read its results")?;
    let status = child.wait().context("wait for the program")?;
    ensure!(!status.success(), "the program survived");
    Ok(output.lines().count())
}

/// What that program does: it prints a line for each result.
pub fn killed_threads((): ()) -> anyhow::Result<()> {
    for square in ThreadPool::new(WORKERS)?.map(&KILL).iter().flatten() {
        println!("{square}");
    }
    Ok(())
}
