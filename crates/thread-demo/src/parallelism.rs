//! Threads run at the same time: work for the processor is done in as many times less
//! as there are cores, and more threads than cores do not help.
//!
//! Python with its global lock stays at 1.0× in this experiment. The threads take the
//! next block of numbers from a common counter, so none is idle while others still
//! work. Each row is the best of several runs: whatever else the machine does can only
//! make a run slower. Where two "cores" are halves of one, expect less.
//!
//! Run:     cargo run -p thread-demo -- parallelism
//! Expect:  a speed-up near the number of cores, if nothing else is running
//! Chapter: book/src/thread-cost.md
//! Source:  std::thread::available_parallelism

use std::collections::BTreeSet;
use std::iter;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::value_parser;
use common::measure::{bar, duration, machine};
use common::{Actor, println};

use crate::primes;

/// The work: count the primes below `LIMIT`, of which there are `PRIMES`.
const LIMIT: u32 = 500_000;
const PRIMES: usize = 41_538;

/// Numbers that a thread takes at a time: enough blocks to share them out evenly.
const BLOCK: u32 = 1000;

const RUNS: usize = 4;

#[derive(Clone, Copy, clap::Args)]
pub struct Options {
    /// Measure with 1, 2, 4, … up to N threads [default: twice the cores]
    #[arg(long, value_name = "N", value_parser = value_parser!(u8).range(1..))]
    threads: Option<u8>,
}

pub fn run(options: Options) -> anyhow::Result<()> {
    println!("{}", machine());
    let cores = thread::available_parallelism().context("ask for the cores")?.get();
    println!("available_parallelism: {cores}\n");

    let most = options.threads.map_or(2 * cores, usize::from);
    let doubling = iter::successors(Some(1), |threads| Some(threads * 2));
    let mut counts: BTreeSet<usize> =
        doubling.take_while(|threads| *threads < most).chain([most]).collect();
    if options.threads.is_none() {
        counts.insert(cores);
    }

    // In rounds, so that a disturbance does not hit all runs of one row.
    let mut best = vec![Duration::MAX; counts.len()];
    for _ in 0..RUNS {
        for (best, threads) in best.iter_mut().zip(&counts) {
            *best = (*best).min(time_with(*threads)?);
        }
    }

    println!("threads    time  speed-up");
    for (threads, time) in counts.iter().zip(&best) {
        let speed_up = best[0].as_secs_f64() / time.as_secs_f64();
        let time = duration(time.as_secs_f64());
        let bar = bar(speed_up, cores as f64, 40);
        println!("{threads:>7} {time:>7}  {speed_up:>7.2}×  {bar}");
    }
    println!("\nok: the threads found the {PRIMES} primes in every run");
    Ok(())
}

/// How long so many threads take to count the primes.
fn time_with(threads: usize) -> anyhow::Result<Duration> {
    let actors: Vec<_> =
        (1..=threads).map(|number| Actor::new(format!("worker {number}"))).collect();
    // ANCHOR: work
    // Relaxed, below: each number is handed out once whatever the order, and the
    // joins bring the results.
    let next = AtomicU32::new(0);
    let work = |me: Actor| {
        let _working = me.works(format!("its share, {threads} to share"));
        let mut found = 0;
        loop {
            let start = next.fetch_add(BLOCK, Ordering::Relaxed);
            if start >= LIMIT {
                return found;
            }
            found += primes::count(start..LIMIT.min(start + BLOCK));
        }
    };
    // ANCHOR_END: work

    let started = Instant::now();
    let found: usize = thread::scope(|scope| {
        let mut workers = Vec::new();
        for me in actors {
            let worker = thread::Builder::new().spawn_scoped(scope, move || work(me));
            workers.push(worker.with_context(|| format!("start {threads} threads"))?);
        }
        Ok::<_, anyhow::Error>(workers.into_iter().map(|w| w.join().unwrap()).sum())
    })?;
    let time = started.elapsed();
    ensure!(found == PRIMES, "{threads} threads found {found} primes, not {PRIMES}");
    Ok(time)
}
