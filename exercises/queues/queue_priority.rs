//! Goal:   the most urgent item comes first, of equal ones the one that came first.
//! Given:  a heap behind a mutex. Urgency 0 is the most urgent.
//! Change: the bodies of `put` and `take`.
//! Check:  cargo test --bin queue_priority
//! Read:   book/src/queues.md and std::collections::BinaryHeap

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Condvar, Mutex};
use std::thread;

/// A queue out of which the item with the smallest urgency comes first.
struct PriorityQueue {
    state: Mutex<State>,
    /// Signalled when an item comes in.
    filled: Condvar,
}

struct State {
    /// A heap gives out its greatest element, and pairs are compared from the left.
    items: BinaryHeap<(Reverse<(u32, u64)>, char)>,
    /// How many items came so far.
    came: u64,
}

impl PriorityQueue {
    fn new() -> Self {
        let state = Mutex::new(State { items: BinaryHeap::new(), came: 0 });
        Self { state, filled: Condvar::new() }
    }

    /// Adds an item.
    fn put(&self, urgency: u32, item: char) {
        // TODO: add it in its place, and tell one who waits.
        todo!("add the item in its place")
    }

    /// Takes the most urgent item; sleeps while there is none.
    fn take(&self) -> char {
        // TODO: wait for an item and take it.
        todo!("take the item that comes first")
    }
}

fn main() {
    real_threads::end_if_stuck();
    let patients = PriorityQueue::new();
    thread::scope(|scope| {
        let doctor =
            scope.spawn(|| (0..4).map(|_| patients.take()).collect::<String>());
        for (urgency, patient) in [(3, 'A'), (1, 'B'), (3, 'C'), (0, 'D')] {
            patients.put(urgency, patient);
        }
        println!("the doctor saw {}", doctor.join().unwrap());
    });
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn the_most_urgent_comes_first() {
        interleavings::check(|| {
            let queue = PriorityQueue::new();
            queue.put(2, 'b');
            queue.put(1, 'a');
            assert_eq!(queue.take(), 'a');
            assert_eq!(queue.take(), 'b');
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/queues/queue_priority.rs"]
mod judge;
