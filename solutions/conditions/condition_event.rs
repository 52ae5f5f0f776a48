//! Goal:   wake everybody who waits for an event, also if it is over again by then.
//! Given:  a flag, and how often it was set.
//! Answer: a waiter remembers how often the event had been set when it came.
//! Check:  cargo test --bin condition_event_sol
//! Read:   book/src/events.md and Python's threading.Event

use std::sync::{Condvar, Mutex};
use std::thread;

#[derive(Default)]
struct State {
    is_set: bool,
    /// Never goes back, so that nobody can miss that the event was set.
    times_set: u64,
}

/// Something that threads can wait for; it may happen again and again.
struct Event {
    state: Mutex<State>,
    changed: Condvar,
}

impl Event {
    fn new() -> Self {
        Self { state: Mutex::new(State::default()), changed: Condvar::new() }
    }

    /// Lets all go on who wait, and all who come from now on.
    fn set(&self) {
        let mut state = self.state.lock().unwrap();
        state.is_set = true;
        state.times_set += 1;
        self.changed.notify_all();
    }

    /// Makes those wait who come from now on.
    fn clear(&self) {
        self.state.lock().unwrap().is_set = false;
    }

    /// Sleeps until the event is set, if it is not.
    ///
    /// Who sleeps when the event is set goes on, even if it is cleared right after.
    fn wait(&self) {
        let mut state = self.state.lock().unwrap();
        let before = state.times_set;
        // The flag alone would not do: between the notification and this thread's
        // next look somebody may clear it. The count tells that it was set.
        while !state.is_set && state.times_set == before {
            state = self.changed.wait(state).unwrap();
        }
    }
}

fn main() {
    real_threads::end_if_stuck();
    let start = Event::new();
    thread::scope(|scope| {
        for runner in 1..=3 {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                println!("runner {runner} goes");
            });
        }
        println!("ready");
        start.set();
    });
    start.clear();
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_waiter_goes_on() {
        interleavings::check(|| {
            let event = Event::new();
            thread::scope(|scope| {
                scope.spawn(|| event.wait());
                event.set();
            });
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/conditions/condition_event.rs"]
mod judge;
