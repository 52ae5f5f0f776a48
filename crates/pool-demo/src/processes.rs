//! A pool of processes: the same program several times over, each prepared once.
//!
//! `map` gives results in the order of the jobs as they become ready, and asks for jobs
//! only as workers need them. Jobs go out in chunks; a worker is prepared before its
//! first one, and may be replaced after so many. One that is killed costs the result it
//! was at work on, which says so. In Python that result never comes (`Pool`) or all
//! others are lost with it (`ProcessPoolExecutor`), and workers that cannot be prepared
//! are replaced without end (`Pool`).
//!
//! Run:     cargo run -p pool-demo -- processes
//! Expect:  streams, a start that fails, chunks by worker process, one lost result
//! Chapter: book/src/process-pools.md
//! Source:  crossprocess::pool; Python's multiprocessing.pool

use std::cell::Cell;
use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use common::{Actor, println};
use crossprocess::pool::{JobError, Pool, PoolOptions};

use crate::prime_work::{Job, PRIMES};

const WORKERS: usize = 3;
const FIRST_PRIMES: [u32; 8] = [2, 3, 5, 7, 11, 13, 17, 19];
/// Each worker makes a table of the primes below this, once.
const TABLE: usize = 1000;

/// Jobs that go to a worker together, and jobs after which it is replaced.
const CHUNK: usize = 4;
const MOST_JOBS: usize = 8;

pub fn run() -> anyhow::Result<()> {
    streams().context("streams")?;
    let Err(error) = Pool::new(&PRIMES, WORKERS, &0) else { bail!("0 makes a table") };
    println!("cannot start   {error}");
    chunks().context("chunks")?;
    killed().context("a killed worker")?;
    println!("\nok: a killed worker cost one result, and every other job had its own");
    Ok(())
}

// Below, nothing is printed while a pool lives: when nobody reads the output any more,
// `println!` leaves the program at once, and the pool's shared memory would stay.

/// Results in the order of the jobs, as they come, and of jobs without end.
fn streams() -> anyhow::Result<()> {
    let main = Actor::new("main");
    let mut pool = Pool::new(&PRIMES, WORKERS, &TABLE)?;
    let jobs = [Job::Slowly(1)].into_iter().chain((2..=8).map(Job::Prime));

    let waiting = main.waits("map");
    let ordered = pool.map(jobs.clone()).map(|answer| Ok(answer?.prime));
    let ordered: Vec<_> = ordered.collect::<anyhow::Result<_>>()?;
    drop(waiting);

    let waiting = main.waits("map_unordered");
    let ready = pool.map_unordered(jobs).map(|(_, answer)| Ok(answer?.prime));
    let mut ready: Vec<_> = ready.collect::<anyhow::Result<_>>()?;
    drop(waiting);

    let asked = Cell::new(0);
    let endless = (1..=8).cycle().inspect(|_| asked.set(asked.get() + 1));
    let taken = pool.map(endless.map(Job::Prime)).take(20).flatten().count();
    drop(pool);

    println!("map            {ordered:?}, though job 1 takes longest");
    println!("map_unordered  {ready:?}, this time");
    println!("jobs without end: {taken} results taken, {} jobs asked for", asked.get());
    ensure!(ordered == FIRST_PRIMES, "{ordered:?}");
    ready.sort_unstable();
    ensure!(ready == FIRST_PRIMES, "{ready:?}");
    ensure!(taken == 20, "{taken} results");
    Ok(())
}

/// Which process does which jobs.
fn chunks() -> anyhow::Result<()> {
    let options = PoolOptions::new().chunk(CHUNK).max_jobs_per_worker(MOST_JOBS as u32);
    // One worker at a time, so that its successors are told apart from others.
    let mut pool = options.start(&PRIMES, 1, &TABLE)?;
    let jobs = (1..=8 * CHUNK).map(Job::Prime);
    let answers: Vec<_> = pool.map(jobs).collect::<Result<_, _>>()?;
    drop(pool);

    let mut chunks_of = BTreeMap::<u32, Vec<String>>::new();
    for (index, chunk) in answers.chunks(CHUNK).enumerate() {
        let (pid, first) = (chunk[0].pid, index * CHUNK + 1);
        let chunks = chunks_of.entry(pid).or_default();
        chunks.push(format!("{first}–{}", first + CHUNK - 1));
        // Counted by the worker from its preparation on: that is kept between jobs.
        let counted = chunk.iter().map(|answer| (answer.pid, answer.jobs as usize));
        let together = (1..=CHUNK).map(|job| (pid, (chunks.len() - 1) * CHUNK + job));
        ensure!(counted.eq(together), "chunk {} was divided", index + 1);
    }
    println!("one worker, chunks of {CHUNK}, another process after {MOST_JOBS} jobs:");
    for (pid, chunks) in &chunks_of {
        println!("  process {pid:<7} jobs {}", chunks.join(", "));
        ensure!(chunks.len() * CHUNK == MOST_JOBS, "process {pid} did {chunks:?}");
    }
    Ok(())
}

fn killed() -> anyhow::Result<()> {
    let main = Actor::new("main");
    let mut pool = Pool::new(&PRIMES, WORKERS, &TABLE)?;
    let waiting = main.waits("eight results");
    let job = |number| if number == 5 { Job::Killed } else { Job::Prime(number) };
    let results: Vec<_> = pool.map((1..=8).map(job)).collect();
    drop(waiting);
    let after = pool.apply(Job::Prime(5))?.prime;
    drop(pool);

    let primes: Vec<_> = results.iter().flatten().map(|answer| answer.prime).collect();
    let Err(error @ JobError::WorkerDied { .. }) = &results[4] else {
        bail!("job 5 did not kill its worker")
    };
    println!("job 5: {error}");
    println!("the others: {primes:?}; then, of the same pool: {after}");
    ensure!(primes == [2, 3, 5, 7, 13, 17, 19], "{primes:?}");
    ensure!(after == 11, "{after}");
    Ok(())
}
