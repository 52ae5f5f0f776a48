//! To pass a job on costs something, so short jobs are passed on many at a time.
//!
//! The job here is nothing, so what is measured is the passing on: of a closure through
//! rayon's deques, of a future through a locked queue, of bytes to another process and
//! back. A chunk of a hundred jobs costs little more than one. Larger is not always
//! better: at the end everybody waits for the last chunk, and work of uneven length is
//! shared out badly. As a rule a chunk should take a hundred times its passing on.
//!
//! Run:     cargo run -p pool-demo -- cost
//! Expect:  µs a job for five sizes of a chunk; the larger the chunk, the less
//! Chapter: book/src/pools.md
//! Source:  Python's multiprocessing.pool.Pool.map, `chunksize`

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context, ensure};
use common::measure::{bar, machine};
use common::{Actor, println};
use crossprocess::pool::{Pool, PoolOptions, Work};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use crate::thread_pool::ThreadPool;

/// For the workers of the pool of processes.
pub const DOUBLE: Work<(), u64, u64> = Work::new("double");

const WORKERS: usize = 2;
const CHUNKS: [usize; 5] = [1, 4, 16, 64, 256];

/// The median of so many rounds counts.
const ROUNDS: usize = 3;

#[derive(clap::Args)]
pub struct Options {
    /// Do N jobs in each round
    #[arg(long, value_name = "N", default_value_t = 4096)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    jobs: u64,
}

// clap hands the options over.
#[expect(clippy::needless_pass_by_value)]
pub fn run(options: Options) -> anyhow::Result<()> {
    let jobs: Vec<u64> = (0..options.jobs).collect();
    let build = if cfg!(debug_assertions) { "debug build" } else { "release build" };
    println!("{}, {build}", machine());
    println!("{} jobs, {WORKERS} workers, µs a job\n", jobs.len());
    println!("chunk   rayon  by hand  processes");

    let rayon = ThreadPoolBuilder::new().num_threads(WORKERS).build()?;
    let by_hand = ThreadPool::new(WORKERS).context("start the workers")?;
    let mut highest = 0.0;
    for chunk in CHUNKS {
        let _waiting = Actor::new("main").waits(format!("chunks of {chunk}"));
        let in_rayon = median_micros(&jobs, |jobs| {
            rayon.install(|| jobs.par_chunks(chunk).flat_map_iter(doubled).collect())
        })?;
        let in_threads = median_micros(&jobs, |jobs| {
            let chunks = jobs.chunks(chunk).map(<[u64]>::to_vec);
            let submit = |chunk: Vec<u64>| by_hand.submit(move || doubled(&chunk));
            let futures: Vec<_> = chunks.map(submit).collect();
            futures
                .iter()
                .flat_map(|future| future.wait().unwrap_or_default())
                .collect()
        })?;
        let in_processes = through_processes(&jobs, chunk).context("processes")?;
        highest = in_processes.max(highest);
        println!(
            "{chunk:5} {in_rayon:7.2} {in_threads:8.2} {in_processes:10.2}  {}",
            bar(in_processes, highest, 44)
        );
    }
    println!(
        "\nok: every job had its result, in the order of the jobs, in every round"
    );
    Ok(())
}

pub fn double(number: u64) -> u64 {
    black_box(number) * 2
}

fn doubled(jobs: &[u64]) -> Vec<u64> {
    jobs.iter().copied().map(double).collect()
}

/// The same, in a pool that is gone before the figure is printed.
fn through_processes(jobs: &[u64], chunk: usize) -> anyhow::Result<f64> {
    let options = PoolOptions::new().chunk(chunk);
    let mut pool: Pool<u64, u64> = options.start(&DOUBLE, WORKERS, &())?;
    median_micros(jobs, |jobs| {
        let results = pool.map(jobs.iter().copied());
        // A missing result shows as too few.
        results.filter_map(Result::ok).collect()
    })
}

/// Microseconds a job, of the round that is neither the best nor the worst.
fn median_micros(
    jobs: &[u64],
    mut pass_on: impl FnMut(&[u64]) -> Vec<u64>,
) -> anyhow::Result<f64> {
    let mut micros = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let results = pass_on(jobs);
        micros.push(begun.elapsed().as_secs_f64() * 1e6 / jobs.len() as f64);
        let expected = jobs.iter().map(|job| job * 2);
        ensure!(results.into_iter().eq(expected), "a result is missing or wrong");
    }
    micros.sort_by(f64::total_cmp);
    Ok(micros[ROUNDS / 2])
}
