//! Goal:   wait for a permit, but never longer than the caller allows.
//! Given:  a semaphore; `wait_timeout` of its condition variable.
//! Answer: one deadline for the whole call; the permit decides, not the clock.
//! Check:  cargo test --bin semaphore_timeout_sol
//! Read:   book/src/semaphores.md and std::sync::Condvar::wait_timeout

use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

struct Semaphore {
    /// Permits that nobody holds.
    available: Mutex<usize>,
    /// Notified when a permit comes back.
    released: Condvar,
}

impl Semaphore {
    fn new(permits: usize) -> Self {
        Self { available: Mutex::new(permits), released: Condvar::new() }
    }

    /// Takes a permit, sleeping until there is one.
    fn acquire(&self) {
        let available = self.available.lock().unwrap();
        let mut available = self.released.wait_while(available, |n| *n == 0).unwrap();
        *available -= 1;
    }

    /// Takes a permit; gives up, with `false`, when `limit` has passed without one.
    ///
    /// A permit that is there when the time is up is taken, also if `limit` is zero.
    fn acquire_timeout(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        let mut available = self.available.lock().unwrap();
        while *available == 0 {
            // What is left of the whole time: a wake-up without a permit, of which
            // there may be many, must not start it anew.
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            available = self.released.wait_timeout(available, left).unwrap().0;
        }
        // Here there is a permit, and however late it is: not to take it would waste
        // the notification that came with it, and the next thread would sleep on.
        // `wait_timeout_while` is this loop, ready made.
        *available -= 1;
        true
    }

    fn release(&self) {
        *self.available.lock().unwrap() += 1;
        self.released.notify_one();
    }
}

fn main() {
    real_threads::end_if_stuck();
    let semaphore = Semaphore::new(1);
    semaphore.acquire();
    let start = Instant::now();
    let got = semaphore.acquire_timeout(Duration::from_millis(30));
    println!("none there: {got} after {} ms", start.elapsed().as_millis());
    thread::scope(|scope| {
        scope.spawn(|| semaphore.release());
        println!("one comes: {}", semaphore.acquire_timeout(Duration::from_secs(3)));
    });
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn the_second_caller_gives_up() {
        interleavings::check(|| {
            let semaphore = Semaphore::new(1);
            assert!(semaphore.acquire_timeout(Duration::from_secs(1)));
            assert!(!semaphore.acquire_timeout(Duration::from_secs(1)));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/semaphores/semaphore_timeout.rs"]
mod judge;
