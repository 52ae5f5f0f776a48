//! Behind one lock more threads do not get more done; shards and atomics may.
//!
//! Each thread adds 1 to a shared counter as fast as it can: behind one lock, with a
//! lock for each thread (shards, summed up at the end), and with an atomic. Shards
//! that lie in one cache line would still disturb each other, hence `CachePadded`.
//! Python's threads take turns anyway (GIL), so there one lock is cheap to fight for.
//!
//! Run:     cargo run -p lock-demo -- contention [--threads N]
//! Expect:  a table with bars; which one wins depends on your machine
//! Chapter: book/src/locks.md
//! Source:  crossbeam_utils::CachePadded; U. Drepper, "What Every Programmer Should
//!          Know About Memory", section 6.4

use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::thread;

use anyhow::ensure;
use clap::value_parser;
use common::{measure, println};

use crate::counters::{Counter, Sharded};
use crate::repeat::for_a_while;

const BAR_WIDTH: usize = 40;

#[derive(Clone, Copy, clap::Args)]
pub struct Options {
    /// Measure with 1, 2, 4, … up to N threads [default: the cores, at least 4]
    #[arg(long, value_name = "N", value_parser = value_parser!(u8).range(1..))]
    threads: Option<u8>,
}

pub fn run(options: Options) -> anyhow::Result<()> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let most = options.threads.map_or(cores.max(4), usize::from);
    let doubling = std::iter::successors(Some(1), |threads| Some(threads * 2));
    let steps: Vec<_> =
        doubling.take_while(|threads| *threads < most).chain([most]).collect();

    let mut rows = Vec::new();
    for &threads in &steps {
        rows.push(("one lock", threads, rate(threads, &Mutex::new(0))?));
    }
    for &threads in &steps {
        rows.push(("sharded", threads, rate(threads, &Sharded::new(threads))?));
    }
    for &threads in &steps {
        rows.push(("atomic", threads, rate(threads, &AtomicU64::new(0))?));
    }

    println!("           threads  millions of additions a second");
    let fastest = rows.iter().map(|(.., rate)| *rate).fold(0.0, f64::max);
    for (kind, threads, rate) in rows {
        let bar = measure::bar(rate, fastest, BAR_WIDTH);
        println!("{kind:10} {threads:7}  {:6.1} {bar}", rate / 1e6);
    }
    println!("{}", measure::machine());
    println!("\nok: whoever was fastest, every addition was in the sum");
    Ok(())
}

/// Lets `threads` threads add for a while; returns their additions a second.
fn rate(threads: usize, counter: &impl Counter) -> anyhow::Result<f64> {
    let made = for_a_while(threads, |number| counter.add(number))?;
    let kept = counter.total();
    ensure!(kept == made.times, "{kept} of {} additions are in the sum", made.times);
    Ok(made.per_second())
}
