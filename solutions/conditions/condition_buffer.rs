//! Goal:   a queue with little room that can be closed; nothing in it is lost.
//! Given:  the items, a flag, and a condition variable for each role.
//! Answer: closing ends both waits; a producer then gives up, a consumer takes on.
//! Check:  cargo test --bin condition_buffer_sol
//! Read:   book/src/bounded-queues.md and C. A. R. Hoare, "Monitors", 1974

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};
use std::thread;

struct State<T> {
    /// Never more than the capacity; the oldest is in front.
    items: VecDeque<T>,
    is_closed: bool,
}

struct Buffer<T> {
    state: Mutex<State<T>>,
    capacity: usize,
    /// Producers wait here while there is no room.
    not_full: Condvar,
    /// Consumers wait here while there is no item.
    not_empty: Condvar,
}

impl<T> Buffer<T> {
    fn new(capacity: usize) -> Self {
        let state = Mutex::new(State { items: VecDeque::new(), is_closed: false });
        let (not_full, not_empty) = (Condvar::new(), Condvar::new());
        Self { state, capacity, not_full, not_empty }
    }

    /// Puts an item in, sleeping while there is no room.
    ///
    /// When the buffer is closed, before or while it sleeps, the item comes back.
    fn put(&self, item: T) -> Result<(), T> {
        let mut state = self.state.lock().unwrap();
        // A wait that the close did not end would never end: nobody makes room.
        while state.items.len() == self.capacity && !state.is_closed {
            state = self.not_full.wait(state).unwrap();
        }
        if state.is_closed {
            return Err(item);
        }
        state.items.push_back(item);
        self.not_empty.notify_one();
        Ok(())
    }

    /// Takes the oldest item, sleeping while there is none.
    ///
    /// `None` says that the buffer is closed and that nothing is left in it.
    fn take(&self) -> Option<T> {
        let mut state = self.state.lock().unwrap();
        while state.items.is_empty() && !state.is_closed {
            state = self.not_empty.wait(state).unwrap();
        }
        // Closed or not: what was accepted is handed out. `?` ends with `None`.
        let item = state.items.pop_front()?;
        self.not_full.notify_one();
        Some(item)
    }

    /// Lets nothing more in; what is in the buffer can still be taken.
    fn close(&self) {
        self.state.lock().unwrap().is_closed = true;
        // This concerns everybody, now and for good.
        self.not_full.notify_all();
        self.not_empty.notify_all();
    }
}

fn main() {
    real_threads::end_if_stuck();
    let buffer = Buffer::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            (1..=1000).for_each(|item| buffer.put(item).unwrap());
            buffer.close();
        });
        let taken = std::iter::from_fn(|| buffer.take());
        println!("1 to 1000 went in, {} came out", taken.sum::<i32>());
    });
    println!("after the close: {:?}", buffer.put(1001));
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        interleavings::check(|| {
            let buffer = Buffer::new(1);
            assert_eq!(buffer.put(7), Ok(()));
            assert_eq!(buffer.take(), Some(7));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/conditions/condition_buffer.rs"]
mod judge;
