//! An event that is a flag and no more: who wakes up late finds it cleared again.

use std::sync::{Condvar, Mutex};
use std::thread;

pub fn run() {
    let event = Event {
        state: Mutex::new(State { is_set: false, visitors: 0 }),
        set: Condvar::new(),
        came: Condvar::new(),
    };
    thread::scope(|scope| {
        let visitor = scope.spawn(|| event.wait());
        event.until_somebody_waits();
        event.set();
        event.clear();
        visitor.join().unwrap();
    });
}

struct Event {
    state: Mutex<State>,
    set: Condvar,
    came: Condvar,
}

#[derive(Debug)]
struct State {
    is_set: bool,
    visitors: usize,
}

impl Event {
    fn wait(&self) {
        let mut state = self.state.lock().unwrap();
        state.visitors += 1;
        self.came.notify_one();
        while !state.is_set {
            state = self.set.wait(state).unwrap();
        }
    }

    fn set(&self) {
        self.state.lock().unwrap().is_set = true;
        self.set.notify_all();
    }

    fn clear(&self) {
        self.state.lock().unwrap().is_set = false;
    }

    /// So that nobody can say that the visitor came too late.
    fn until_somebody_waits(&self) {
        let mut state = self.state.lock().unwrap();
        while state.visitors == 0 {
            state = self.came.wait(state).unwrap();
        }
    }
}
