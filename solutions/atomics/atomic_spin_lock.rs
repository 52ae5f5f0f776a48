//! Goal:   a lock of one atomic: one thread inside, and it sees what the last one wrote.
//! Given:  the flag, a guard, and a counter of two Relaxed operations that needs a lock.
//! Answer: a swap with Acquire takes it, a store with Release gives it back.
//! Check:  cargo test --bin atomic_spin_lock_sol
//! Read:   book/src/orderings.md, the part on spin locks

use std::hint;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

const ROUNDS: u64 = 10_000;

/// For critical sections of a few instructions: who waits keeps a processor busy.
struct SpinLock {
    taken: AtomicBool,
}

/// Holds a [`SpinLock`] until it is dropped.
struct Guard<'a>(&'a SpinLock);

impl SpinLock {
    fn new() -> Self {
        Self { taken: AtomicBool::new(false) }
    }

    /// Takes the lock; while another thread has it, spins politely.
    fn take(&self) {
        // `swap` looks and takes in one step: who gets `false` has the lock. Acquire
        // pairs with the Release in `give_back`: what the last holder wrote is seen here.
        while self.taken.swap(true, Ordering::Acquire) {
            // The processor, and the checker, learn that this thread waits.
            hint::spin_loop();
        }
    }

    /// Gives the lock back.
    fn give_back(&self) {
        // Release: pairs with the Acquire in `take`.
        self.taken.store(false, Ordering::Release);
    }

    fn lock(&self) -> Guard<'_> {
        self.take();
        Guard(self)
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

/// Loses no increment as long as one thread at a time is here.
fn raise(counter: &AtomicU64) {
    // Relaxed: the lock around it hands the value from thread to thread.
    let value = counter.load(Ordering::Relaxed);
    counter.store(value + 1, Ordering::Relaxed);
}

fn main() {
    real_threads::end_if_stuck();
    let (lock, counter) = (SpinLock::new(), AtomicU64::new(0));
    thread::scope(|scope| {
        let count = || {
            for _ in 0..ROUNDS {
                let _guard = lock.lock();
                raise(&counter);
            }
        };
        scope.spawn(count);
        scope.spawn(count);
    });
    println!("two threads counted to {ROUNDS} each: {}", counter.into_inner());
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_lock_can_be_taken_again() {
        interleavings::check(|| {
            let lock = SpinLock::new();
            drop(lock.lock());
            drop(lock.lock());
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/atomics/atomic_spin_lock.rs"]
mod judge;
