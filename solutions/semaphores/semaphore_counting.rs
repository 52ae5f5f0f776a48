//! Goal:   never more threads inside than there are permits; the others sleep.
//! Given:  the number of permits left, behind a mutex, and a condition variable.
//! Answer: look again after every wake-up; notify after every permit given back.
//! Check:  cargo test --bin semaphore_counting_sol
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
        let mut available = self.available.lock().unwrap();
        // A wake-up is a hint, not a permit: it may come for no reason, and somebody
        // else may have taken the permit before this thread got the lock back. Only
        // what is seen under the lock counts, so look again each time.
        while *available == 0 {
            available = self.released.wait(available).unwrap();
        }
        *available -= 1;
    }

    /// Gives a permit back (Dijkstra's V).
    fn release(&self) {
        *self.available.lock().unwrap() += 1;
        // One permit, so one thread needs to look. If nobody waits, nothing is lost:
        // the next one that comes sees the permit before it thinks of waiting.
        self.released.notify_one();
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
