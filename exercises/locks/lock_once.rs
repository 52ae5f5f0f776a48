//! Goal:   a costly value is made once, at its first use, and then read without waiting.
//! Given:  a place for the value behind a mutex, and an `Arc` to share it.
//! Change: the body of `with`.
//! Check:  cargo test --bin lock_once
//! Read:   book/src/once.md and std::sync::OnceLock

use std::sync::{Arc, Mutex};
use std::thread;

const LIMIT: usize = 100_000;
const READERS: usize = 3;

/// A value that is made when somebody first asks for it.
struct Lazy<T> {
    value: Mutex<Option<Arc<T>>>,
}

impl<T> Lazy<T> {
    fn new() -> Self {
        Self { value: Mutex::new(None) }
    }

    /// Calls `reader` with the value, which the first of all calls makes with `make`.
    /// Others wait while it is made. Readers are inside at the same time.
    fn with<R>(&self, make: impl FnOnce() -> T, reader: impl FnOnce(&T) -> R) -> R {
        // TODO: make the value if nobody has, and let others in while `reader` runs.
        todo!("make the value once and show it to the reader")
    }
}

/// All primes below `LIMIT`; this takes a moment.
fn primes() -> Vec<usize> {
    println!("looking for primes");
    let mut prime = vec![true; LIMIT];
    for n in 2..LIMIT {
        (2 * n..LIMIT).step_by(n).for_each(|multiple| prime[multiple] = false);
    }
    (2..LIMIT).filter(|n| prime[*n]).collect()
}

fn main() {
    real_threads::end_if_stuck();
    let lazy = Lazy::new();
    thread::scope(|scope| {
        for reader in 0..READERS {
            let lazy = &lazy;
            scope.spawn(move || {
                let found = lazy.with(primes, Vec::len);
                println!("reader {reader} has {found} primes");
            });
        }
    });
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn the_first_call_makes_the_value() {
        interleavings::check(|| {
            let lazy = Lazy::new();
            assert_eq!(lazy.with(|| 7, |value| value + 1), 8);
            assert_eq!(lazy.with(|| 9, |value| value + 1), 8);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/locks/lock_once.rs"]
mod judge;
