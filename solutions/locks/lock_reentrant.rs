//! Goal:   a lock that its owner may take again, and that is free after as many unlocks.
//! Given:  the state, a mutex around it, and a condition variable for those who wait.
//! Answer: the owner only raises the depth; the unlock that makes it 0 frees the lock.
//! Check:  cargo test --bin lock_reentrant_sol
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
        // `wait_while` looks again after every wake-up: another thread may have been
        // faster than the one that was woken.
        let others = |state: &mut State| state.owner.is_some_and(|owner| owner != me);
        let mut state = self.freed.wait_while(state, others).unwrap();
        state.owner = Some(me);
        state.depth += 1;
    }

    /// Takes back one `lock` of this thread; the last one lets another thread in.
    fn unlock(&self) -> Result<(), NotOwner> {
        let mut state = self.state.lock().unwrap();
        if state.owner != Some(thread::current().id()) {
            return Err(NotOwner);
        }
        state.depth -= 1;
        if state.depth == 0 {
            state.owner = None;
            // One thread can take the lock, so one is woken.
            self.freed.notify_one();
        }
        Ok(())
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
