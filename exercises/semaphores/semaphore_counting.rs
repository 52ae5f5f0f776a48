//! Goal:   never more threads inside than there are permits; the others sleep.
//! Given:  the number of permits left, behind a mutex, and a condition variable.
//! Change: the bodies of `acquire` and `release`.
//! Check:  cargo test --bin semaphore_counting
//! Read:   book/src/semaphores.md and std::sync::Condvar

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;

const WORKERS: usize = 6;
const PERMITS: isize = 2;

/// Lets a fixed number of threads in at a time, in no particular order.
struct Semaphore {
    /// Permits that nobody holds; never below zero.
    available: Mutex<isize>,
    /// Notified when a permit comes back.
    released: Condvar,
}

impl Semaphore {
    fn new(permits: isize) -> Self {
        Self { available: Mutex::new(permits), released: Condvar::new() }
    }

    /// Takes a permit; sleeps until there is one (Dijkstra's P).
    fn acquire(&self) {
        // TODO: take a permit as soon as there is one.
        todo!("take a permit")
    }

    /// Gives a permit back (Dijkstra's V).
    fn release(&self) {
        // TODO: make the permit available, and let a waiting thread know.
        todo!("give a permit back")
    }
}

fn main() {
    real_threads::end_if_stuck();
    let semaphore = Semaphore::new(PERMITS);
    let (inside, peak) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                semaphore.acquire();
                let now = inside.fetch_add(1, Ordering::Relaxed) + 1;
                peak.fetch_max(now, Ordering::Relaxed);
                thread::yield_now();
                inside.fetch_sub(1, Ordering::Relaxed);
                semaphore.release();
            });
        }
    });
    let peak = peak.into_inner();
    println!(
        "{WORKERS} workers, {PERMITS} permits: at most {peak} were inside at once"
    );
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_permit_can_be_taken_again() {
        interleavings::check(|| {
            let semaphore = Semaphore::new(1);
            semaphore.acquire();
            semaphore.release();
            semaphore.acquire();
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/semaphores/semaphore_counting.rs"]
mod judge;
