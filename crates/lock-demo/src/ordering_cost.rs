//! A stronger ordering costs nothing here and much there; it depends on the processor.
//!
//! One thread alone loads, stores and adds. On x86 every load is an Acquire and every
//! store a Release, whatever the program asks for; a SeqCst store has to wait until all
//! others can see it. On ARM each step up is another instruction. What fighting for an
//! atomic costs is another matter, in `contention`.
//!
//! Run:     cargo run -p lock-demo -- ordering-cost
//! Expect:  a table with bars; which steps are free depends on your processor
//! Chapter: book/src/orderings.md
//! Source:  M. Bos, "Rust Atomics and Locks", chapter 7

use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::time::Instant;

use anyhow::ensure;
use common::{measure, println};

/// Operations in a row: short, so that some rows are not interrupted.
const IN_A_ROW: u64 = 2_000;
/// Rows, of which the fastest counts: other programs can only slow one down.
const ROWS: usize = 200;
const BAR_WIDTH: usize = 30;

pub fn run() -> anyhow::Result<()> {
    let word = AtomicU64::new(0);
    let lock = Mutex::new(0_u64);
    let costs = [
        ("load Relaxed", cost(|| word.load(Relaxed))),
        ("load Acquire", cost(|| word.load(Acquire))),
        ("load SeqCst", cost(|| word.load(SeqCst))),
        ("store Relaxed", cost(|| word.store(1, Relaxed))),
        ("store Release", cost(|| word.store(1, Release))),
        ("store SeqCst", cost(|| word.store(1, SeqCst))),
        ("fetch_add Relaxed", cost(|| word.fetch_add(1, Relaxed))),
        ("fetch_add SeqCst", cost(|| word.fetch_add(1, SeqCst))),
        ("lock, add, unlock", cost(|| *lock.lock().unwrap() += 1)),
    ];
    let most = costs.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max);
    for (operation, seconds) in costs {
        let bar = measure::bar(seconds, most, BAR_WIDTH);
        let nanoseconds = seconds * 1e9;
        println!("{operation:17} {nanoseconds:6.2} ns {bar}");
    }
    println!("{}", measure::machine());
    let done = IN_A_ROW * ROWS as u64;
    let added = *lock.lock().unwrap();
    ensure!(added == done, "{added} of {done} additions were measured");
    println!("\nok: every operation was made {done} times");
    Ok(())
}

/// Seconds that `operate` takes, without anybody fighting for what it touches.
fn cost<T>(operate: impl Fn() -> T) -> f64 {
    let row = |_| {
        let started = Instant::now();
        for _ in 0..IN_A_ROW {
            black_box(operate());
        }
        started.elapsed().as_secs_f64() / IN_A_ROW as f64
    };
    (0..ROWS).map(row).fold(f64::INFINITY, f64::min)
}
