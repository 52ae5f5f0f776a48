//! One atomic operation is one step; two atomic operations are two.
//!
//! `fetch_add` loses nothing, `load` and then `store` do: every access is atomic, the
//! update is not. Where no operation fits, a `compare_exchange` loop makes one: here
//! the maximum of pairs that share one word, so that no thread ever sees half a pair.
//! Python has no atomics; there, too, a counter needs a lock.
//!
//! Run:     cargo run -p lock-demo -- atomics
//! Expect:  no addition lost, one lost on purpose, and the longest Collatz path
//! Chapter: book/src/atomics.md
//! Source:  std::sync::atomic; M. Bos, "Rust Atomics and Locks", chapter 2

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;

use anyhow::ensure;
use common::println;

use crate::collatz::Path;

const THREADS: u32 = 4;
const ADDITIONS: u32 = 50_000;
const NUMBERS: u32 = 40_000;

// Relaxed throughout: no other data are published through these words, and joining the
// threads orders all they did before the final reads.

pub fn run() -> anyhow::Result<()> {
    // ANCHOR: fetch_add
    let counter = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ADDITIONS {
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    // ANCHOR_END: fetch_add
    let (sum, expected) = (counter.into_inner(), THREADS * ADDITIONS);
    println!("fetch_add: {sum} of {expected} additions are in the sum");
    ensure!(sum == expected, "{sum} of {expected} additions are in the sum");

    let left = add_when_both_have_loaded();
    println!("load, then store: 0 + 1 + 1 = {left}");
    ensure!(left == 1, "both threads loaded 0, yet the counter is {left}");

    let word = AtomicU32::new(0);
    let seen = word.load(Ordering::Relaxed);
    thread::scope(|scope| scope.spawn(|| word.store(5, Ordering::Relaxed)).join())
        .expect("storing does not panic");
    let exchange = word.compare_exchange(seen, 1, Ordering::Relaxed, Ordering::Relaxed);
    println!("compare_exchange(0, 1) after another thread stored 5: {exchange:?}");
    ensure!(exchange == Err(5), "a word that had changed was exchanged");

    let longest = longest_path();
    let Path { steps, start } = longest;
    println!("below {NUMBERS}, {start} has the longest path to 1: {steps} steps");
    let alone = (1..NUMBERS).map(Path::of).max_by_key(|path| path.packed());
    ensure!(alone == Some(longest), "one thread alone found {alone:?}");
    println!("\nok: an update in one operation is never lost, nor seen by halves");
    Ok(())
}

/// Forces the unlucky order: nobody stores before both have loaded.
fn add_when_both_have_loaded() -> u32 {
    let counter = AtomicU32::new(0);
    let both_have_loaded = Barrier::new(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let seen = counter.load(Ordering::Relaxed);
                both_have_loaded.wait();
                counter.store(seen + 1, Ordering::Relaxed);
            });
        }
    });
    counter.into_inner()
}

fn longest_path() -> Path {
    let longest = AtomicU64::new(0);
    thread::scope(|scope| {
        for first in 1..=THREADS {
            let longest = &longest;
            scope.spawn(move || {
                for start in (first..NUMBERS).step_by(THREADS as usize) {
                    raise_to(longest, Path::of(start).packed());
                }
            });
        }
    });
    Path::unpacked(longest.into_inner())
}

/// What `fetch_max` does, made of `compare_exchange`.
fn raise_to(maximum: &AtomicU64, value: u64) {
    let relaxed = Ordering::Relaxed;
    let mut seen = maximum.load(relaxed);
    while seen < value {
        // Weak: may fail for no reason, which costs one more round and no more.
        match maximum.compare_exchange_weak(seen, value, relaxed, relaxed) {
            Ok(_) => return,
            // Another thread came in between; what it stored may be enough.
            Err(now) => seen = now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maximum_is_raised_and_never_lowered() {
        let maximum = AtomicU64::new(5);
        raise_to(&maximum, 3);
        assert_eq!(maximum.load(Ordering::Relaxed), 5);
        raise_to(&maximum, 8);
        assert_eq!(maximum.into_inner(), 8);
    }
}
