//! A counting semaphore from a mutex and a condition variable.
//!
//! Source: E. W. Dijkstra, EWD123 "Cooperating Sequential Processes", section 4.

use std::sync::{Condvar, Mutex};

/// Lets a fixed number of threads in at a time, in no particular order.
pub struct Semaphore {
    /// Permits that nobody holds.
    available: Mutex<usize>,
    /// Signalled once for each permit that comes back.
    released: Condvar,
}

impl Semaphore {
    pub fn new(permits: usize) -> Self {
        Self { available: Mutex::new(permits), released: Condvar::new() }
    }

    /// Takes a permit; blocks until one is available (Dijkstra's P).
    pub fn acquire(&self) -> Permit<'_> {
        let available = self.available.lock().unwrap();
        // A wake-up is a hint, not a permit: `wait_while` looks again each time.
        let mut available = self.released.wait_while(available, |n| *n == 0).unwrap();
        *available -= 1;
        Permit { semaphore: self }
    }
}

/// The right to be inside; dropping it lets the next thread in (Dijkstra's V).
#[must_use = "a permit that is not kept is given back at once"]
pub struct Permit<'a> {
    semaphore: &'a Semaphore,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.semaphore.available.lock().unwrap() += 1;
        self.semaphore.released.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn a_permit_that_comes_back_lets_a_waiter_in() {
        let semaphore = Semaphore::new(1);
        let permit = semaphore.acquire();
        thread::scope(|scope| {
            let (entered, entries) = mpsc::channel();
            let semaphore = &semaphore;
            scope.spawn(move || {
                let _permit = semaphore.acquire();
                entered.send(()).unwrap();
            });
            assert!(entries.try_recv().is_err(), "the only permit is ours");
            drop(permit);
            entries.recv().unwrap();
        });
    }

    #[test]
    fn a_panic_gives_the_permit_back() {
        let semaphore = Semaphore::new(1);
        let result = thread::scope(|scope| {
            let worker = || {
                let _permit = semaphore.acquire();
                panic!("the work failed");
            };
            scope.spawn(worker).join()
        });
        assert!(result.is_err());
        drop(semaphore.acquire());
    }
}
