//! Goal:   run a job later, unless it is cancelled before.
//! Given:  a thread for the job, and a state that it shares with the timer.
//! Answer: the delay is slept on a condition variable; the state decides who was first.
//! Check:  cargo test --bin condition_timer_sol
//! Read:   book/src/timers.md and Python's threading.Timer

use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

#[derive(Debug, PartialEq)]
enum State {
    Waiting,
    /// The job runs, or has run.
    Started,
    Cancelled,
}

struct Shared {
    state: Mutex<State>,
    /// Notified when the timer is cancelled.
    cancelled: Condvar,
}

/// A job that runs later, on a thread of its own.
struct Timer {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

impl Timer {
    fn start(delay: Duration, job: impl FnOnce() + Send + 'static) -> Self {
        let state = Mutex::new(State::Waiting);
        let shared = Arc::new(Shared { state, cancelled: Condvar::new() });
        let theirs = Arc::clone(&shared);
        let thread = thread::spawn(move || theirs.run_later(delay, job));
        Self { shared, thread }
    }

    /// Waits for the job, if it still runs or will.
    fn wait(self) {
        self.thread.join().unwrap();
    }

    /// Stops the timer; `true` says that the job has not run and never will.
    ///
    /// Does not wait for the delay, only for a job that has begun, and ends the thread.
    fn cancel(self) -> bool {
        let mut state = self.shared.state.lock().unwrap();
        // Under one lock it is either the job that was first or the cancel.
        let in_time = *state == State::Waiting;
        if in_time {
            *state = State::Cancelled;
            self.shared.cancelled.notify_one();
        }
        drop(state);
        self.thread.join().unwrap();
        in_time
    }
}

impl Shared {
    /// What the timer's thread does: the job, as soon as `delay` is over. It sleeps until
    /// then or until the cancel, whichever comes first, and does not look in between.
    fn run_later(&self, delay: Duration, job: impl FnOnce()) {
        let end = Instant::now() + delay;
        let mut state = self.state.lock().unwrap();
        while *state == State::Waiting {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                *state = State::Started;
                // A job may take long, and whoever cancels has to look at the state.
                drop(state);
                return job();
            }
            state = self.cancelled.wait_timeout(state, left).unwrap().0;
        }
    }
}

fn main() {
    real_threads::end_if_stuck();
    let second = Duration::from_secs(1);
    let tea = Timer::start(second / 20, || println!("the tea is ready"));
    let call = Timer::start(second * 60, || println!("this is not printed"));
    println!("cancelled: {}", call.cancel());
    tea.wait();
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_job_is_not_cancelled_after_its_run() {
        interleavings::check(|| {
            let (sender, receiver) = std::sync::mpsc::channel();
            let timer = Timer::start(Duration::ZERO, move || sender.send(()).unwrap());
            receiver.recv().unwrap();
            assert!(!timer.cancel());
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/conditions/condition_timer.rs"]
mod judge;
