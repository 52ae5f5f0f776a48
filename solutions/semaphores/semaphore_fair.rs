//! Goal:   permits go to the threads in the order in which these came.
//! Given:  a line of tickets, and a condition variable for all its changes.
//! Answer: everybody takes a ticket, and everybody who leaves the line says so.
//! Check:  cargo test --bin semaphore_fair_sol
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
        let (mut line, ticket) = self.queue_up();
        // Also when a permit is free: it belongs to the first in line, who may have
        // been woken up but is not running yet.
        while line.available == 0 || line.waiting.front() != Some(&ticket) {
            line = self.changed.wait(line).unwrap();
        }
        line.waiting.pop_front();
        line.available -= 1;
        // There may be another permit, and the next one is first in line only now.
        self.changed.notify_all();
    }

    /// As `acquire`; gives up, with `false`, when `limit` has passed.
    fn acquire_timeout(&self, limit: Duration) -> bool {
        let (line, ticket) = self.queue_up();
        let not_yet = |line: &mut Line| {
            line.available == 0 || line.waiting.front() != Some(&ticket)
        };
        let (mut line, end) =
            self.changed.wait_timeout_while(line, limit, not_yet).unwrap();
        line.waiting.retain(|waiting| *waiting != ticket);
        line.available -= usize::from(!end.timed_out());
        // Whoever was behind this ticket moves up, and there may be a permit for it.
        self.changed.notify_all();
        !end.timed_out()
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
