//! A bounded semaphore refuses a permit that was never taken.
//!
//! Where permits are given back by hand, one release too many is an easy mistake. An
//! unbounded semaphore takes it for a new permit, and from then on one worker too many
//! gets in. A bounded one knows how many permits there are. With a guard that gives
//! back on drop the mistake cannot even be written: see the scene `counting`.
//!
//! Run:     cargo run -p semaphore-demo -- bounded
//! Expect:  3 workers inside a semaphore of 2, then an error and never more than 2
//! Chapter: book/src/semaphores.md
//! Source:  Python's `threading.BoundedSemaphore`, which raises `ValueError`

use std::error::Error;
use std::fmt;
use std::sync::{Condvar, Mutex};

use anyhow::ensure;
use common::println;

const PERMITS: usize = 2;

pub fn run() -> anyhow::Result<()> {
    let unbounded = BoundedSemaphore::new(PERMITS, usize::MAX);
    release_twice(&unbounded);
    let inside = acquire_all(&unbounded);
    println!("unbounded: {inside} workers are inside, {PERMITS} permits were made");

    let bounded = BoundedSemaphore::new(PERMITS, PERMITS);
    release_twice(&bounded);
    let inside = acquire_all(&bounded);
    println!("bounded:   {inside} workers are inside, {PERMITS} permits were made");

    ensure!(inside == PERMITS, "{inside} workers shared {PERMITS} permits");
    println!("ok: the release too many changed nothing");
    Ok(())
}

/// A worker that gives its permit back twice, say once more in an error path.
fn release_twice(semaphore: &BoundedSemaphore) {
    semaphore.acquire();
    for attempt in ["first", "second"] {
        match semaphore.release(1) {
            Ok(()) => println!("  {attempt} release: accepted"),
            Err(error) => println!("  {attempt} release: refused, {error}"),
        }
    }
}

/// Takes every permit there is, without waiting, and says how many there were.
fn acquire_all(semaphore: &BoundedSemaphore) -> usize {
    std::iter::from_fn(|| semaphore.try_acquire().then_some(())).count()
}

/// A semaphore whose permits are given back by hand, up to a limit.
struct BoundedSemaphore {
    /// Permits that nobody holds. Invariant: at most `limit`.
    available: Mutex<usize>,
    released: Condvar,
    limit: usize,
}

/// More permits were given back than had been taken; none of them was accepted.
#[derive(Debug, PartialEq, Eq)]
struct OverRelease {
    available: usize,
    limit: usize,
}

impl fmt::Display for OverRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { available, limit } = self;
        write!(f, "{available} of {limit} permits are available already")
    }
}

impl Error for OverRelease {}

impl BoundedSemaphore {
    fn new(permits: usize, limit: usize) -> Self {
        assert!(
            permits <= limit,
            "{permits} permits are more than the limit of {limit}"
        );
        Self { available: Mutex::new(permits), released: Condvar::new(), limit }
    }

    /// Takes a permit; blocks until one is available.
    fn acquire(&self) {
        let available = self.available.lock().unwrap();
        let mut available = self.released.wait_while(available, |n| *n == 0).unwrap();
        *available -= 1;
    }

    /// Takes a permit if one is available, without blocking.
    fn try_acquire(&self) -> bool {
        let mut available = self.available.lock().unwrap();
        let taken = *available > 0;
        *available -= usize::from(taken);
        taken
    }

    /// Gives `permits` back, all of them or none.
    fn release(&self, permits: usize) -> Result<(), OverRelease> {
        // Check and addition under one lock: apart, two releases could both pass.
        let mut available = self.available.lock().unwrap();
        if permits > self.limit - *available {
            return Err(OverRelease { available: *available, limit: self.limit });
        }
        *available += permits;
        for _ in 0..permits {
            self.released.notify_one();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_too_many_changes_nothing() {
        let semaphore = BoundedSemaphore::new(3, 3);
        semaphore.acquire();
        let refused = Err(OverRelease { available: 2, limit: 3 });
        assert_eq!(semaphore.release(2), refused, "one of the two was never taken");
        assert_eq!(semaphore.release(1), Ok(()));
        assert_eq!(acquire_all(&semaphore), 3);
    }

    #[test]
    fn a_release_wakes_a_waiter() {
        let semaphore = BoundedSemaphore::new(0, 1);
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| semaphore.acquire());
            semaphore.release(1).unwrap();
            waiter.join().unwrap();
        });
        assert!(!semaphore.try_acquire(), "the waiter has the only permit");
    }
}
