//! Goal:   several threads take numbers, no number twice, and none is left out.
//! Given:  the next free number in an atomic.
//! Answer: one operation both reads the next number and moves it on.
//! Check:  cargo test --bin atomic_counter_sol
//! Read:   book/src/atomics.md and std::sync::atomic

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

const THREADS: u64 = 4;
const ROUNDS: u64 = 1000;

/// Hands out numbers from 0 on, in blocks.
struct Numbers {
    next: AtomicU64,
}

impl Numbers {
    fn new() -> Self {
        Self { next: AtomicU64::new(0) }
    }

    /// Hands out the next `count` numbers, to this caller alone.
    fn take(&self, count: u64) -> Range<u64> {
        // `fetch_add` reads, adds and writes as one step, and returns what it has read.
        // With a load and a store two threads could read the same number. Relaxed is
        // enough: no other memory depends on who takes which number.
        let first = self.next.fetch_add(count, Ordering::Relaxed);
        first..first + count
    }

    /// How many numbers were handed out up to now.
    fn taken(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }
}

fn main() {
    real_threads::end_if_stuck();
    let numbers = Numbers::new();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    numbers.take(3);
                }
            });
        }
    });
    let taken = numbers.taken();
    println!("{THREADS} threads took {ROUNDS} times 3 numbers: {taken} in all");
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn blocks_follow_each_other() {
        interleavings::check(|| {
            let numbers = Numbers::new();
            assert_eq!(numbers.take(2), 0..2);
            assert_eq!(numbers.take(3), 2..5);
            assert_eq!(numbers.taken(), 5);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/atomics/atomic_counter.rs"]
mod judge;
