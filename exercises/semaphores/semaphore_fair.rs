//! Goal:   permits go to the threads in the order in which these came.
//! Given:  a line of tickets, and a condition variable for all its changes.
//! Change: the bodies of `acquire` and `acquire_timeout`.
//! Check:  cargo test --bin semaphore_fair
//! Read:   book/src/semaphores.md and Java's Semaphore(permits, fair)

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

#[derive(Default)]
struct Line {
    available: usize,
    next_ticket: u64,
    /// The tickets of those who wait, first come first.
    waiting: VecDeque<u64>,
}

struct FairSemaphore {
    line: Mutex<Line>,
    /// Notified for all whenever the line changes.
    changed: Condvar,
}

impl FairSemaphore {
    fn new(permits: usize) -> Self {
        let line = Line { available: permits, ..Line::default() };
        Self { line: Mutex::new(line), changed: Condvar::new() }
    }

    /// Takes a permit; sleeps until it is this thread's turn and there is one.
    fn acquire(&self) {
        // TODO: queue up, wait for your turn, take a permit.
        todo!("wait for your turn")
    }

    /// As `acquire`; gives up, with `false`, when `limit` has passed.
    fn acquire_timeout(&self, limit: Duration) -> bool {
        // TODO: as above, but leave the line when the time is up.
        todo!("wait for your turn, within the limit")
    }

    fn queue_up(&self) -> (MutexGuard<'_, Line>, u64) {
        let mut line = self.line.lock().unwrap();
        let ticket = line.next_ticket;
        line.next_ticket += 1;
        line.waiting.push_back(ticket);
        (line, ticket)
    }

    fn release(&self) {
        self.line.lock().unwrap().available += 1;
        // All of them: any may be the first in line.
        self.changed.notify_all();
    }
}

fn main() {
    real_threads::end_if_stuck();
    let semaphore = FairSemaphore::new(1);
    let take_turns = |name: char| {
        for turn in 1..=3 {
            semaphore.acquire();
            println!("turn {turn} of {name}");
            semaphore.release();
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| take_turns('a'));
        scope.spawn(|| take_turns('b'));
    });
    println!("once more: {}", semaphore.acquire_timeout(Duration::from_millis(9)));
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_free_permit_is_taken_at_once() {
        interleavings::check(|| {
            assert!(FairSemaphore::new(1).acquire_timeout(Duration::from_secs(1)));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/semaphores/semaphore_fair.rs"]
mod judge;
