//! Goal:   a lock that its owner may take again, and that is free after as many unlocks.
//! Given:  the state, a mutex around it, and a condition variable for those who wait.
//! Change: the bodies of `lock` and `unlock`.
//! Check:  cargo test --bin lock_reentrant
//! Read:   book/src/reentrant.md

use std::sync::{Condvar, Mutex};
use std::thread::{self, ThreadId};

/// A lock without a value, as Python's `RLock`.
struct ReentrantLock {
    state: Mutex<State>,
    /// For waiting: `freed.wait_while(guard, |state| ..)` blocks as long as the closure
    /// returns true, and looks again after `freed.notify_one()`. It gives the mutex
    /// back while it blocks, and returns the guard.
    freed: Condvar,
}

struct State {
    /// The thread that has the lock; `None` exactly when `depth` is 0.
    owner: Option<ThreadId>,
    /// How many calls of `lock` the owner has not answered with `unlock` yet.
    depth: u32,
}

/// The lock was not this thread's to unlock. It has not changed.
#[derive(Debug, PartialEq, Eq)]
struct NotOwner;

impl ReentrantLock {
    fn new() -> Self {
        let state = State { owner: None, depth: 0 };
        Self { state: Mutex::new(state), freed: Condvar::new() }
    }

    /// Blocks while another thread has the lock, then has it once more than before.
    fn lock(&self) {
        let me = thread::current().id();
        let state = self.state.lock().unwrap();
        // TODO: wait until the lock is free or mine, and take it (again).
        todo!("wait for the lock and take it")
    }

    /// Takes back one `lock` of this thread; the last one lets another thread in.
    fn unlock(&self) -> Result<(), NotOwner> {
        // TODO: refuse if the lock is not mine; else count down, and free it at 0.
        todo!("take back one `lock`, or refuse")
    }
}

fn main() {
    real_threads::end_if_stuck();
    let lock = ReentrantLock::new();
    thread::scope(|scope| {
        for name in ["one", "other"] {
            let lock = &lock;
            scope.spawn(move || {
                lock.lock();
                lock.lock();
                println!("{name} has the lock twice");
                lock.unlock().and(lock.unlock()).unwrap();
            });
        }
    });
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn the_owner_may_lock_again() {
        interleavings::check(|| {
            let lock = ReentrantLock::new();
            lock.lock();
            lock.lock();
            assert_eq!([lock.unlock(), lock.unlock()], [Ok(()), Ok(())]);
            assert_eq!(lock.unlock(), Err(NotOwner));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/locks/lock_reentrant.rs"]
mod judge;
