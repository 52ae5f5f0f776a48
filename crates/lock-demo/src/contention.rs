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
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::value_parser;
use common::{measure, println};

use crate::counters::{Counter, Sharded};

/// Several time slices of the scheduler, so that all threads get their turn.
const RUN_TIME: Duration = Duration::from_millis(30);
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
    let enough = AtomicBool::new(false);
    let started = Instant::now();
    let made = thread::scope(|scope| {
        // Also when the system refuses a thread: the others must come to an end.
        let stop = StopOnDrop(&enough);
        let adding = (0..threads)
            .map(|number| {
                let (counter, enough) = (counter, &enough);
                let add_until_enough = move || {
                    let mut made = 0_u64;
                    // Relaxed: the flag says nothing about other data.
                    while !enough.load(Ordering::Relaxed) {
                        counter.add(number);
                        made += 1;
                    }
                    made
                };
                let builder = thread::Builder::new().name(format!("adder {number}"));
                let started = builder.spawn_scoped(scope, add_until_enough);
                started.with_context(|| format!("start thread {number} of {threads}"))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        thread::sleep(RUN_TIME);
        drop(stop);
        anyhow::Ok(adding.into_iter().map(|thread| thread.join().unwrap()).sum::<u64>())
    })?;
    let kept = counter.total();
    ensure!(kept == made, "{kept} of {made} additions are in the sum");
    Ok(made as f64 / started.elapsed().as_secs_f64())
}

/// Tells the threads to stop when it goes, whatever the reason.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
