//! Goal:   more permits given back than were taken are refused, all of them.
//! Given:  a semaphore that knows how many permits there are.
//! Change: the body of `release`.
//! Check:  cargo test --bin semaphore_bounded
//! Read:   book/src/semaphores.md and Python's threading.BoundedSemaphore

use std::sync::{Condvar, Mutex};
use std::thread;

/// A semaphore whose permits are given back by hand, up to a limit.
struct BoundedSemaphore {
    /// Permits that nobody holds; never more than `limit`.
    available: Mutex<usize>,
    released: Condvar,
    limit: usize,
}

/// More permits were given back than had been taken.
#[derive(Debug, PartialEq)]
struct OverRelease;

impl BoundedSemaphore {
    fn new(limit: usize) -> Self {
        Self { available: Mutex::new(limit), released: Condvar::new(), limit }
    }

    fn acquire(&self) {
        let available = self.available.lock().unwrap();
        let mut available = self.released.wait_while(available, |n| *n == 0).unwrap();
        *available -= 1;
    }

    fn available(&self) -> usize {
        *self.available.lock().unwrap()
    }

    /// Gives permits back and wakes as many threads that wait for one.
    ///
    /// # Errors
    ///
    /// When that makes more than the limit, however many; then no permit is given back
    /// at all.
    fn release(&self, permits: usize) -> Result<(), OverRelease> {
        // TODO: give the permits back if there is room for all of them.
        todo!("give the permits back, or refuse")
    }
}

fn main() {
    real_threads::end_if_stuck();
    let semaphore = BoundedSemaphore::new(3);
    semaphore.acquire();
    semaphore.acquire();
    thread::scope(|scope| {
        scope.spawn(|| semaphore.acquire());
        scope.spawn(|| println!("2 back: {:?}", semaphore.release(2)));
    });
    println!("3 back: {:?}", semaphore.release(3));
    println!("available: {} of {}", semaphore.available(), semaphore.limit);
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn one_too_many_is_an_error() {
        interleavings::check(|| {
            let semaphore = BoundedSemaphore::new(1);
            semaphore.acquire();
            assert_eq!(semaphore.release(1), Ok(()));
            assert_eq!(semaphore.release(1), Err(OverRelease));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/semaphores/semaphore_bounded.rs"]
mod judge;
