//! To pass a job on costs something, so short jobs are passed on many at a time.
//!
//! The job here is next to nothing: what is measured is the passing on, of a reference
//! through rayon's deques, of a future through a locked queue, of bytes to a process and
//! back. A pool of processes sends the jobs of a chunk together; results come back one by
//! one, so that a kill costs one. A job that is a batch of its own saves both ways, and
//! a kill costs the batch. Too large is wrong too: in the end all wait for the last one.
//!
//! Run:     cargo run --release -p pool-demo -- cost
//! Expect:  µs a job for five sizes, by four ways; large batches cost least
//! Chapter: book/src/process-pools.md
//! Source:  Python's multiprocessing.pool.Pool.map, `chunksize`

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context, ensure};
use common::measure::{bar, machine};
use common::{Actor, println};
use crossprocess::pool::{PoolOptions, Work};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use crate::thread_pool::ThreadPool;

/// For a pool of processes: a job is one number, or a batch of them.
pub const DOUBLE: Work<(), u64, u64> = Work::new("double");
pub const DOUBLE_ALL: Work<(), Vec<u64>, Vec<u64>> = Work::new("double-all");

const WORKERS: usize = 2;
const SIZES: [usize; 5] = [1, 4, 16, 64, 256];

/// The best of so many rounds counts: other programs only make a round slower.
const ROUNDS: usize = 3;

#[derive(clap::Args)]
pub struct Options {
    /// Do N jobs in each round
    #[arg(long, value_name = "N", default_value_t = 1024)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=100_000))]
    jobs: u64,
}

// clap hands the options over.
#[expect(clippy::needless_pass_by_value)]
pub fn run(options: Options) -> anyhow::Result<()> {
    let jobs: Vec<u64> = (0..options.jobs).collect();
    println!("{}", machine());
    println!("{} jobs, {WORKERS} workers; µs a job:\n", jobs.len());
    println!("         threads           processes");
    println!(" size    rayon  by hand     chunks    batches");
    let mut most = 0.0_f64;
    for size in SIZES {
        let micros = [
            in_rayon(&jobs, size).context("rayon")?,
            by_hand(&jobs, size).context("by hand")?,
            in_chunks(&jobs, size).context("chunks")?,
            in_batches(&jobs, size).context("batches")?,
        ];
        most = most.max(micros[3]);
        let [rayon, by_hand, chunks, batches] = micros;
        println!(
            "{size:5}  {rayon:7.2}  {by_hand:7.2}  {chunks:9.2}  {batches:9.2}  {}",
            bar(batches, most, 32)
        );
    }
    println!(
        "\nok: every job had its result, in the order of the jobs, in every round"
    );
    Ok(())
}

fn in_rayon(jobs: &[u64], size: usize) -> anyhow::Result<f64> {
    let pool = ThreadPoolBuilder::new().num_threads(WORKERS).build()?;
    best_micros(jobs, "rayon", || {
        pool.install(|| jobs.par_chunks(size).flat_map_iter(double_all).collect())
    })
}

fn by_hand(jobs: &[u64], size: usize) -> anyhow::Result<f64> {
    let pool = ThreadPool::new(WORKERS)?;
    best_micros(jobs, "by hand", || {
        let batches = jobs.chunks(size).map(<[u64]>::to_vec);
        let futures: Vec<_> =
            batches.map(|batch| pool.submit(move || double_all(&batch))).collect();
        // A missing result shows as too few.
        futures.iter().filter_map(|future| future.wait().ok()).flatten().collect()
    })
}

fn in_chunks(jobs: &[u64], size: usize) -> anyhow::Result<f64> {
    let mut pool = PoolOptions::new().chunk(size).start(&DOUBLE, WORKERS, &())?;
    best_micros(jobs, "chunks", || {
        pool.map(jobs.iter().copied()).filter_map(Result::ok).collect()
    })
}

fn in_batches(jobs: &[u64], size: usize) -> anyhow::Result<f64> {
    let mut pool = PoolOptions::new().chunk(1).start(&DOUBLE_ALL, WORKERS, &())?;
    best_micros(jobs, "batches", || {
        let batches = jobs.chunks(size).map(<[u64]>::to_vec);
        pool.map(batches).filter_map(Result::ok).flatten().collect()
    })
}

/// The job. The compiler must not do it ahead of time.
pub fn double(number: u64) -> u64 {
    black_box(number) * 2
}

pub fn double_all(numbers: &[u64]) -> Vec<u64> {
    numbers.iter().copied().map(double).collect()
}

fn best_micros(
    jobs: &[u64],
    how: &str,
    mut pass_on: impl FnMut() -> Vec<u64>,
) -> anyhow::Result<f64> {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let _waiting = Actor::new("main").waits(how);
        let begun = Instant::now();
        let results = pass_on();
        best = best.min(begun.elapsed().as_secs_f64() * 1e6 / jobs.len() as f64);
        let expected = jobs.iter().map(|job| job * 2);
        ensure!(results.into_iter().eq(expected), "a result is missing or wrong");
    }
    Ok(best)
}
