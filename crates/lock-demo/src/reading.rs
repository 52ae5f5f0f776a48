//! Readers that share a lock pay for it; it is worth it when reading takes long.
//!
//! Threads read numbers behind a mutex and behind a read-write lock, one number at a
//! time or the sum of many. To let readers in together the read-write lock counts them,
//! and the cores fight for that count as they would for a lock. Only while a reader is
//! busy inside do the others gain by being let in.
//!
//! Run:     cargo run -p lock-demo -- reading
//! Expect:  a table with bars; which lock wins depends on your machine
//! Chapter: book/src/rwlock.md
//! Source:  std::sync::RwLock

use std::hint::black_box;
use std::sync::{Mutex, RwLock};

use common::{measure, println};

use crate::repeat::for_a_while;

const NUMBERS: u64 = 20_000;
const THREADS: [usize; 2] = [1, 2];
/// Of which the best counts: other programs can only make a run slower.
const RUNS: usize = 5;
const BAR_WIDTH: usize = 30;

/// What the threads read, and how they get at it.
trait Shared: Sync {
    fn read(&self, look: impl FnOnce(&[u64]));
}

impl Shared for Mutex<Vec<u64>> {
    fn read(&self, look: impl FnOnce(&[u64])) {
        look(&self.lock().unwrap());
    }
}

impl Shared for RwLock<Vec<u64>> {
    fn read(&self, look: impl FnOnce(&[u64])) {
        look(&self.read().unwrap());
    }
}

pub fn run() -> anyhow::Result<()> {
    let numbers: Vec<u64> = (1..=NUMBERS).collect();
    let (mutex, rwlock) = (Mutex::new(numbers.clone()), RwLock::new(numbers));
    for (name, look) in
        [("one number", look_at_one as fn(&[u64])), ("all numbers", sum_up)]
    {
        let mut rows = Vec::new();
        for threads in THREADS {
            rows.push(("mutex", threads, reads_a_second(threads, &mutex, look)?));
        }
        for threads in THREADS {
            rows.push(("read-write", threads, reads_a_second(threads, &rwlock, look)?));
        }
        println!("{name:11} threads  thousands of reads a second");
        let fastest = rows.iter().map(|(.., rate)| *rate).fold(0.0, f64::max);
        for (kind, threads, rate) in rows {
            let bar = measure::bar(rate, fastest, BAR_WIDTH);
            println!("{kind:11} {threads:7}  {:9.1} {bar}", rate / 1e3);
        }
        println!();
    }
    println!("{}", measure::machine());
    println!("\nok: all threads read through both locks");
    Ok(())
}

fn look_at_one(numbers: &[u64]) {
    black_box(numbers[0]);
}

fn sum_up(numbers: &[u64]) {
    black_box(numbers.iter().sum::<u64>());
}

fn reads_a_second(
    threads: usize,
    shared: &impl Shared,
    look: fn(&[u64]),
) -> anyhow::Result<f64> {
    let mut best = 0.0_f64;
    for _ in 0..RUNS {
        best = best.max(for_a_while(threads, |_| shared.read(look))?.per_second());
    }
    Ok(best)
}
