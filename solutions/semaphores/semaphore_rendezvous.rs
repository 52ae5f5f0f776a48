//! Goal:   two threads meet: both must have come before either goes on, every time.
//! Given:  two semaphores without a permit, one for each thread's coming.
//! Answer: first tell the other one, then wait for the other one.
//! Check:  cargo test --bin semaphore_rendezvous_sol
//! Read:   book/src/barriers.md and A. Downey, "The Little Book of Semaphores"

use std::sync::{Condvar, Mutex};
use std::thread;

const ROUNDS: usize = 1000;

struct Semaphore {
    available: Mutex<usize>,
    released: Condvar,
}

impl Semaphore {
    fn new(permits: usize) -> Self {
        Self { available: Mutex::new(permits), released: Condvar::new() }
    }

    fn acquire(&self) {
        let available = self.available.lock().unwrap();
        let mut available = self.released.wait_while(available, |n| *n == 0).unwrap();
        *available -= 1;
    }

    fn release(&self) {
        *self.available.lock().unwrap() += 1;
        self.released.notify_one();
    }
}

/// Where two threads, number 0 and number 1, wait for each other.
struct Meeting {
    /// A permit in `came[n]` says that thread `n` has come once more.
    came: [Semaphore; 2],
}

impl Meeting {
    fn new() -> Self {
        Self { came: [Semaphore::new(0), Semaphore::new(0)] }
    }

    /// Returns when the other thread has called this as often as thread `me` has.
    fn meet(&self, me: usize) {
        let other = 1 - me;
        // In this order. If both waited before they told of their coming, both would
        // wait for ever. Each permit is used up, so the next meeting is a new one.
        self.came[me].release();
        self.came[other].acquire();
    }
}

fn main() {
    real_threads::end_if_stuck();
    let (meeting, terminal) = (Meeting::new(), Semaphore::new(1));
    let meet = |me: usize| {
        (0..ROUNDS).for_each(|_| meeting.meet(me));
        terminal.acquire();
        println!("thread {me} was at {ROUNDS} meetings");
        terminal.release();
    };
    thread::scope(|scope| {
        scope.spawn(|| meet(0));
        scope.spawn(|| meet(1));
    });
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn two_threads_meet() {
        interleavings::check(|| {
            let meeting = Meeting::new();
            thread::scope(|scope| {
                scope.spawn(|| meeting.meet(0));
                scope.spawn(|| meeting.meet(1));
            });
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/semaphores/semaphore_rendezvous.rs"]
mod judge;
