//! Goal:   wake everybody who waits for an event, also if it is over again by then.
//! Given:  a flag, and how often it was set.
//! Change: the bodies of `set` and `wait`.
//! Check:  cargo test --bin condition_event
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
        // TODO: set the event and let everybody know.
        todo!("set the event")
    }

    /// Makes those wait who come from now on.
    fn clear(&self) {
        self.state.lock().unwrap().is_set = false;
    }

    /// Sleeps until the event is set, if it is not.
    ///
    /// Who sleeps when the event is set goes on, even if it is cleared right after.
    fn wait(&self) {
        // TODO: return at once if the event is set, else when it has been set again.
        todo!("wait for the event")
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
