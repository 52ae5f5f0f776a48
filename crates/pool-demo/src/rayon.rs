//! rayon shares a loop, two halves or a set of tasks among the threads of a pool.
//!
//! `par_iter` is for a loop, `par_chunks` for pieces of one slice, `join` for two halves,
//! `scope` for tasks that start tasks. Each returns when all is done, so the work may
//! borrow, and the results are those of one thread, in the same order. (A sum of floats
//! may differ in its last digits: how it is grouped depends on who took what.) Python's
//! `ThreadPool.map` looks like `par_iter`, but its threads take turns.
//!
//! Run:     cargo run -p pool-demo -- rayon
//! Expect:  four rows with a speed-up, if there are cores to spare; one of them as lanes
//! Chapter: book/src/pools.md
//! Source:  rayon's documentation; R. Blumofe, C. Leiserson, "Scheduling Multithreaded
//!          Computations by Work Stealing", JACM 46 (1999)

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use common::measure::{duration, machine};
use common::{Actor, println, timeline};
use rayon::prelude::*;
use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

use crate::{lanes_of, rayon_worker};

const WORKERS: usize = 3;

/// How often each form is timed at least, and for how long.
const RUNS: usize = 3;
const ENOUGH: Duration = Duration::from_millis(150);

/// The call, what is done with it, and the doing.
type Form = (&'static str, &'static str, fn() -> anyhow::Result<()>);

const FORMS: [Form; 4] = [
    ("par_iter", "try numbers below 40000 for primes", try_numbers),
    ("par_chunks_mut", "cross out multiples below 300000", cross_out),
    ("join", "sort 50000 numbers", sort_numbers),
    ("scope", "give 1 … 20 signs to a sum of 0", give_signs),
];

pub fn run() -> anyhow::Result<()> {
    let _lanes = lanes_of(WORKERS);
    let alone =
        ThreadPoolBuilder::new().num_threads(1).build().context("start a thread")?;
    let together = ThreadPoolBuilder::new().num_threads(WORKERS);
    // A lane also for a thread that gets nothing to do.
    let together = together.start_handler(|_| rayon_worker().marks("started"));
    let together = together.build().context("start the threads")?;
    // Drawn before anything is timed: to note what is done takes time.
    for pool in [&alone, &together] {
        pool.install(|| sieve(|piece| me().works(format!("piece {piece}"))));
    }
    let lanes = timeline::so_far();

    println!("{}\n", machine());
    println!("{:51}  1 thread  {WORKERS} threads", "");
    for (form, what, share) in FORMS {
        let (mut best, mut runs, begun) = ([f64::MAX; 2], 0, Instant::now());
        while runs < RUNS || begun.elapsed() < ENOUGH {
            runs += 1;
            // In turns, and the best counts: other programs only make a run slower.
            for (best, pool) in best.iter_mut().zip([&alone, &together]) {
                *best = best.min(seconds(pool, share).context(form)?);
            }
        }
        let (times, speed_up) = (best.map(duration), best[0] / best[1]);
        println!(
            "{form:14} {what:36}  {:>8}  {:>9}  {speed_up:.1}×",
            times[0], times[1]
        );
    }
    println!("\nthe multiples, by one thread and by {WORKERS}:");
    lanes.print();
    println!("\nok: whoever did which part, all four results were the known ones");
    Ok(())
}

/// How long `work` takes when `pool` does it.
fn seconds(pool: &ThreadPool, work: fn() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let start = Instant::now();
    // Inside of `install` the calls of rayon mean this pool, not the global one.
    pool.install(work)?;
    Ok(start.elapsed().as_secs_f64())
}

fn try_numbers() -> anyhow::Result<()> {
    let numbers = (2..40_000).into_par_iter();
    let primes = numbers.filter(is_prime).count();
    ensure!(primes == 4_203, "{primes} primes below 40000");
    Ok(())
}

fn is_prime(n: &u32) -> bool {
    (2..).take_while(|d| d * d <= *n).all(|d| !n.is_multiple_of(d))
}

fn cross_out() -> anyhow::Result<()> {
    let primes = sieve(|_piece| ());
    ensure!(primes == 25_997, "{primes} primes below 300000");
    Ok(())
}

/// Eratosthenes' sieve; each piece of the numbers is crossed out by itself.
///
/// What `note` returns is kept until the piece is done.
fn sieve<T>(note: impl Fn(usize) -> T + Sync) -> usize {
    const PIECE: usize = 18_750;
    let mut crossed_out = vec![false; 300_000];
    crossed_out[..2].fill(true);
    crossed_out.par_chunks_mut(PIECE).enumerate().for_each(|(index, piece)| {
        let _note = note(index + 1);
        let first = index * PIECE;
        for factor in (2..).take_while(|factor| factor * factor < first + PIECE) {
            let multiple = first.next_multiple_of(factor).max(factor * factor);
            piece[multiple - first..]
                .iter_mut()
                .step_by(factor)
                .for_each(|x| *x = true);
        }
    });
    crossed_out.into_par_iter().filter(|crossed_out| !crossed_out).count()
}

fn sort_numbers() -> anyhow::Result<()> {
    let mut numbers: Vec<u32> = (0..50_000).collect();
    // An odd factor: each number still occurs once, but far from its place.
    numbers.iter_mut().for_each(|n| *n = n.wrapping_mul(2_654_435_761));
    sort(&mut numbers);
    ensure!(numbers.is_sorted(), "the numbers are not in order");
    Ok(())
}

/// Quicksort: the two halves have nothing in common, which the borrow checker sees.
fn sort(numbers: &mut [u32]) {
    // So few are sorted sooner than they are shared.
    if numbers.len() < 2000 {
        numbers.sort_unstable();
        return;
    }
    let (low, _, high) = numbers.select_nth_unstable(numbers.len() / 2);
    rayon::join(|| sort(low), || sort(high));
}

fn give_signs() -> anyhow::Result<()> {
    let found = AtomicU32::new(0);
    rayon::scope(|scope| start_tasks(scope, 20, 0, &found));
    let found = found.into_inner();
    ensure!(found == 15_272, "{found} ways to give signs");
    Ok(())
}

/// Starts two tasks for the two signs of `number`, or does what is left.
fn start_tasks<'s>(scope: &Scope<'s>, number: i32, sum: i32, found: &'s AtomicU32) {
    if number > 16 {
        for sum in [sum + number, sum - number] {
            scope.spawn(move |scope| start_tasks(scope, number - 1, sum, found));
        }
    } else {
        // Relaxed: the end of the scope orders all of them before the reading.
        found.fetch_add(ways(number, sum), Ordering::Relaxed);
    }
}

fn ways(number: i32, sum: i32) -> u32 {
    match number {
        0 => u32::from(sum == 0),
        _ => ways(number - 1, sum + number) + ways(number - 1, sum - number),
    }
}

/// The thread that this part of the work came to.
fn me() -> Actor {
    if rayon::current_num_threads() == 1 { Actor::new("alone") } else { rayon_worker() }
}
