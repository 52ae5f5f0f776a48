//! Goal:   a lock of one atomic: one thread inside, and it sees what the last one wrote.
//! Given:  the flag, a guard, and a counter of two Relaxed operations that needs a lock.
//! Change: the bodies of `take` and `give_back`.
//! Check:  cargo test --bin atomic_spin_lock
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
        // TODO: take the lock as soon as it is free, and call `spin_loop` meanwhile.
        todo!("take the lock")
    }

    /// Gives the lock back.
    fn give_back(&self) {
        // TODO: let others in, and hand over everything that was written.
        todo!("give the lock back")
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
