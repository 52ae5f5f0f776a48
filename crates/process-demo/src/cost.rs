//! A process costs more than a thread: to start, to ask, and to keep.
//!
//! Measured here and now. `fork` copies no memory, but the tables that say where it is:
//! the more the parent has in use, the longer it takes. `Command` does not copy them,
//! but the new program has to be loaded. So start few processes, and keep them. Python's
//! start method "spawn" starts an interpreter as well, which takes far longer.
//!
//! Run:     cargo run -p process-demo -- cost
//! Expect:  times to start with little and with much memory, times to ask, and memory
//! Chapter: book/src/processes.md
//! Source:  fork(2), section NOTES; posix_spawn(3); proc_pid_smaps_rollup(5)

use std::hint::black_box;
use std::process::{self, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use anyhow::{Context, ensure};
use common::measure::{duration, machine};
use common::println;

use crate::isolation::Neighbour;
use crate::{bare, procfs};

/// How often each start is timed.
const STARTS: usize = 15;

/// How often a question is timed.
const QUESTIONS: usize = 400;

/// What a parent may well have in use.
const MUCH_MIB: usize = 128;

/// Threads that wait at the same time while their memory is measured.
const THREADS: usize = 100;

pub fn run() -> anyhow::Result<()> {
    println!("{}\n", machine());

    let used = format!("+ {MUCH_MIB} MiB in use");
    println!("{:<38} {:>10} {used:>20}", "start it, wait for its end", "as it is");
    let little = starts().context("time the starts")?;
    // Written to, so that each page is there.
    let much = black_box(vec![1_u8; MUCH_MIB << 20]);
    let more = starts().context("time the starts")?;
    drop(much);
    for ((what, as_it_is), (_, then)) in little.into_iter().zip(more) {
        println!("  {what:<36} {:>10} {:>20}", duration(as_it_is), duration(then));
    }

    println!("ask it, wait for the answer");
    let mut process = Neighbour::start().context("start a process")?;
    let asked = median_seconds(QUESTIONS, || {
        ensure!(process.answers()?, "the process gave no answer");
        Ok(())
    })?;
    println!("  {:<36} {:>10}", "a thread", duration(time_to_ask_a_thread()?));
    println!("  {:<36} {:>10}", "a process", duration(asked));

    println!("memory that it alone takes, while it waits");
    let told =
        |kib: Option<u64>| kib.map_or("not told".into(), |kib| format!("{kib} KiB"));
    println!("  {:<36} {:>10}", "a thread", told(memory_of_a_thread()?));
    println!("  {:<36} {:>10}", "a process", told(procfs::private_kib(process.id())));

    println!(
        "\nok: everything that was started has ended, every question was answered"
    );
    Ok(())
}

/// The typical time of `action`, in seconds.
///
/// The median: an average would count how often the scheduler cut in.
fn median_seconds(
    times: usize,
    mut action: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<f64> {
    let mut seconds = Vec::with_capacity(times);
    for _ in 0..times {
        let start = Instant::now();
        action()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[times / 2])
}

/// What can be started, and the seconds it takes to start it and see it end.
fn starts() -> anyhow::Result<Vec<(&'static str, f64)>> {
    let thread = median_seconds(STARTS, || {
        thread::Builder::new().spawn(|| ())?.join().unwrap();
        Ok(())
    })?;
    let program = median_seconds(STARTS, || {
        let mut command = bare::command("exit", "return")?;
        let status = command.stdin(Stdio::null()).status()?;
        ensure!(status.success(), "it ended with {status}");
        Ok(())
    })?;
    let mut starts = vec![("a thread", thread)];
    #[cfg(target_os = "linux")]
    starts.push(("a copy by fork, which may do nothing", time_to_fork()?));
    starts.push(("this program, by Command", program));
    Ok(starts)
}

#[cfg(target_os = "linux")]
fn time_to_fork() -> anyhow::Result<f64> {
    use rustix::process::{WaitOptions, waitpid};

    use crate::fork::{Task, fork_beside_threads};

    median_seconds(STARTS, || {
        let child = fork_beside_threads(Task::End)?;
        waitpid(Some(child), WaitOptions::empty())?;
        Ok(())
    })
}

/// The seconds for a question to a thread, and its answer.
fn time_to_ask_a_thread() -> anyhow::Result<f64> {
    let (question, questions) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    // It ends when the question's sender is dropped; the asker hears every answer.
    let thread = thread::Builder::new()
        .spawn(move || questions.iter().for_each(|()| answer.send(()).unwrap()))?;
    let seconds = median_seconds(QUESTIONS, || {
        question.send(())?;
        Ok(answers.recv()?)
    })?;
    drop(question);
    thread.join().unwrap();
    Ok(seconds)
}

/// In KiB; `None` where the system does not tell.
fn memory_of_a_thread() -> anyhow::Result<Option<u64>> {
    let before = procfs::private_kib(process::id());
    let (started, starts) = mpsc::channel();
    let during = thread::scope(|scope| {
        let mut stops = Vec::new();
        for _ in 0..THREADS {
            let (stop, stopped) = mpsc::channel::<()>();
            let started = started.clone();
            thread::Builder::new().spawn_scoped(scope, move || {
                // The other end is open until all have ended.
                started.send(()).unwrap();
                // Comes back when `stops` is dropped, with an error that says so.
                stopped.recv()
            })?;
            stops.push(stop);
        }
        starts.iter().take(THREADS).count();
        anyhow::Ok(procfs::private_kib(process::id()))
    })?;
    let taken =
        before.zip(during).map(|(before, during)| during.saturating_sub(before));
    Ok(taken.map(|kib| kib / THREADS as u64))
}
