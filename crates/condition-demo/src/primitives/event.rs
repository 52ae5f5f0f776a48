//! An event that can be set and cleared again.
//!
//! Source: Python's `threading.Event`; the generation is the "eventcount" of
//! D. P. Reed and R. K. Kanodia, "Synchronization with Eventcounts and Sequencers", 1979.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// Something that is or is not the case; any number of threads may wait for it.
pub struct Event {
    state: Mutex<State>,
    /// Signalled whenever the event is set.
    set: Condvar,
}

struct State {
    is_set: bool,
    /// How often the event was set while it was clear.
    ///
    /// Who sleeps through `set` and `clear` finds the event clear again; the generation
    /// tells that it was set meanwhile.
    generation: u64,
}

impl State {
    fn set(&mut self) {
        if !self.is_set {
            self.is_set = true;
            self.generation += 1;
        }
    }
}

impl Event {
    pub fn new() -> Self {
        let state = State { is_set: false, generation: 0 };
        Self { state: Mutex::new(state), set: Condvar::new() }
    }

    /// Lets everybody go on who waits, and who comes until the next [`clear`](Self::clear).
    pub fn set(&self) {
        self.state.lock().unwrap().set();
        self.set.notify_all();
    }

    /// Makes those wait who come from now on; who waits already is not held back.
    pub fn clear(&self) {
        self.state.lock().unwrap().is_set = false;
    }

    pub fn is_set(&self) -> bool {
        self.state.lock().unwrap().is_set
    }

    /// Changes with each `set`; for [`wait_past`](Self::wait_past).
    pub fn generation(&self) -> u64 {
        self.state.lock().unwrap().generation
    }

    /// Blocks until the event is set, at most for `limit`; `false` says it was not.
    pub fn wait(&self, limit: Duration) -> bool {
        let state = self.state.lock().unwrap();
        let seen = state.generation;
        self.wait_from(state, seen, limit)
    }

    /// As [`wait`](Self::wait), but a `set` since `seen` was the generation counts too.
    pub fn wait_past(&self, seen: u64, limit: Duration) -> bool {
        self.wait_from(self.state.lock().unwrap(), seen, limit)
    }

    fn wait_from(&self, state: MutexGuard<State>, seen: u64, limit: Duration) -> bool {
        let clear = |state: &mut State| !state.is_set && state.generation == seen;
        let (_state, result) =
            self.set.wait_timeout_while(state, limit, clear).unwrap();
        !result.timed_out()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;
    use crate::primitives::must_end;

    const FOR_EVER: Duration = Duration::MAX;
    const AT_ONCE: Duration = Duration::ZERO;

    #[test]
    fn an_event_stays_set_until_it_is_cleared() {
        let _watchdog = must_end();
        let event = Event::new();
        assert!(!event.wait(AT_ONCE));
        event.set();
        event.set();
        assert!(event.wait(AT_ONCE) && event.wait(AT_ONCE));
        event.clear();
        assert!(!event.wait(AT_ONCE));
    }

    #[test]
    fn who_sleeps_through_set_and_clear_goes_on() {
        let _watchdog = must_end();
        let event = Event::new();
        thread::scope(|scope| {
            let (locked, is_locked) = mpsc::channel();
            let event = &event;
            let waiter = scope.spawn(move || {
                let state = event.state.lock().unwrap();
                locked.send(()).unwrap();
                event.wait_from(state, 0, FOR_EVER)
            });
            is_locked.recv().unwrap();
            // We get the mutex once the waiter sleeps, and keep it, so that the waiter
            // cannot look between the two.
            let mut state = event.state.lock().unwrap();
            state.set();
            state.is_set = false;
            drop(state);
            event.set.notify_all();
            assert!(waiter.join().unwrap());
        });
    }

    #[test]
    fn a_set_between_looking_and_waiting_counts() {
        let _watchdog = must_end();
        let event = Event::new();
        let seen = event.generation();
        event.set();
        event.clear();
        assert!(event.wait_past(seen, AT_ONCE));
        assert!(!event.wait_past(event.generation(), AT_ONCE), "that one is known");
    }
}
