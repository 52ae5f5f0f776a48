//! Goal:   a permit comes back by itself, once, however its holder ends.
//! Given:  a semaphore that hands out permits as values.
//! Change: the bodies of `release` and `drop`.
//! Check:  cargo test --bin semaphore_permit
//! Read:   book/src/semaphores.md and std::ops::Drop

use std::sync::{Condvar, Mutex};
use std::thread;

struct Semaphore {
    /// Permits that nobody holds.
    available: Mutex<usize>,
    /// Notified when a permit comes back.
    released: Condvar,
}

/// The right to be inside; dropping it lets the next thread in.
#[must_use = "a permit that is not kept is given back at once"]
struct Permit<'a> {
    semaphore: &'a Semaphore,
}

impl Semaphore {
    fn new(permits: usize) -> Self {
        Self { available: Mutex::new(permits), released: Condvar::new() }
    }

    fn acquire(&self) -> Permit<'_> {
        let available = self.available.lock().unwrap();
        let mut available = self.released.wait_while(available, |n| *n == 0).unwrap();
        *available -= 1;
        Permit { semaphore: self }
    }

    fn available(&self) -> usize {
        *self.available.lock().unwrap()
    }
}

impl Permit<'_> {
    /// Gives the permit back now, before the end of the block.
    fn release(self) {
        // TODO: give the permit back early, and only once.
        todo!("give the permit back now")
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        // TODO: give the permit back, and let a waiting thread know.
        todo!("give the permit back")
    }
}

fn main() {
    real_threads::end_if_stuck();
    let semaphore = Semaphore::new(1);
    drop(semaphore.acquire());
    let failed = thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let _permit = semaphore.acquire();
            // Ends as any panic does, without a message on the terminal.
            std::panic::resume_unwind(Box::new("the worker failed"));
        });
        worker.join().is_err()
    });
    println!("failed: {failed}, permits available: {}", semaphore.available());
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_dropped_permit_is_available_again() {
        interleavings::check(|| {
            let semaphore = Semaphore::new(1);
            drop(semaphore.acquire());
            assert_eq!(semaphore.available(), 1);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/semaphores/semaphore_permit.rs"]
mod judge;
