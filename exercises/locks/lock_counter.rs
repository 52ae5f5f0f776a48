//! Goal:   several threads raise one counter, and no increment is lost.
//! Given:  a counter whose value is behind a mutex.
//! Change: the body of `add`.
//! Check:  cargo test --bin lock_counter
//! Read:   book/src/races.md and std::sync::Mutex

use std::sync::Mutex;
use std::thread;

const THREADS: u64 = 4;
const ROUNDS: u64 = 1000;

/// A counter that many threads may raise at the same time.
struct Counter {
    value: Mutex<u64>,
}

impl Counter {
    fn new() -> Self {
        Self { value: Mutex::new(0) }
    }

    /// Raises the counter by `amount` and returns the new value. Sleeps, and does not
    /// try again and again, while another thread has the counter.
    fn add(&self, amount: u64) -> u64 {
        // TODO: raise the value, so that no other thread can come in between.
        todo!("raise the value behind the mutex")
    }

    /// The value at this moment; it may be another one right after.
    fn value(&self) -> u64 {
        *self.value.lock().unwrap()
    }
}

fn main() {
    real_threads::end_if_stuck();
    let counter = Counter::new();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    counter.add(1);
                }
            });
        }
    });
    println!("{THREADS} threads counted to {ROUNDS} each: {}", counter.value());
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn it_counts() {
        interleavings::check(|| {
            let counter = Counter::new();
            assert_eq!(counter.add(2), 2);
            assert_eq!(counter.add(3), 5);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/locks/lock_counter.rs"]
mod judge;
