//! Goal:   threads race to make a value; all use the winner's, and nobody waits.
//! Given:  drafts, written with Relaxed, and the number of the draft that has won.
//! Change: the body of `get`.
//! Check:  cargo test --bin atomic_lazy
//! Read:   book/src/orderings.md, the part on release and acquire

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

/// Threads that may race; each writes one draft at most.
const MOST: usize = 8;

/// No draft has won yet.
const NONE: usize = usize::MAX;

/// A value that is there for good once somebody has made it.
struct Lazy {
    drafts: [AtomicU64; MOST],
    /// How many drafts were written or begun.
    begun: AtomicUsize,
    /// The number of the draft that everybody uses, or `NONE`.
    winner: AtomicUsize,
}

impl Lazy {
    fn new() -> Self {
        Self {
            drafts: [const { AtomicU64::new(0) }; MOST],
            begun: AtomicUsize::new(0),
            winner: AtomicUsize::new(NONE),
        }
    }

    /// Writes a draft down and returns its number.
    fn write_draft(&self, value: u64) -> usize {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        // Relaxed: nobody may read a draft before it was published as the winner.
        self.drafts[number].store(value, Ordering::Relaxed);
        number
    }

    fn read_draft(&self, number: usize) -> u64 {
        self.drafts[number].load(Ordering::Relaxed)
    }

    /// The value. As long as there is none, `make` makes a draft of it, maybe in several
    /// threads at once; the first that is finished wins.
    fn get(&self, make: impl FnOnce() -> u64) -> u64 {
        // TODO: use the winner, or write a draft and try to make it the winner.
        todo!("get the value, and make it if nobody has")
    }
}

fn main() {
    real_threads::end_if_stuck();
    let lazy = Lazy::new();
    thread::scope(|scope| {
        for seed in [11, 22, 33] {
            let lazy = &lazy;
            scope.spawn(move || {
                println!("thread {seed} uses value {}", lazy.get(|| seed * seed));
            });
        }
    });
    println!("drafts written: {}", lazy.begun.load(Ordering::Relaxed));
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn the_first_value_stays() {
        interleavings::check(|| {
            let lazy = Lazy::new();
            assert_eq!(lazy.get(|| 7), 7);
            assert_eq!(lazy.get(|| 9), 7);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/atomics/atomic_lazy.rs"]
mod judge;
