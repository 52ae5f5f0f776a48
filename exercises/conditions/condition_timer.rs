//! Goal:   run a job later, unless it is cancelled before.
//! Given:  a thread for the job, and a state that it shares with the timer.
//! Change: the bodies of `run_later` and `cancel`.
//! Check:  cargo test --bin condition_timer
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
        // TODO: keep the job from running, if it is not too late.
        todo!("cancel the job")
    }
}

impl Shared {
    /// What the timer's thread does: the job, as soon as `delay` is over. It sleeps until
    /// then or until the cancel, whichever comes first, and does not look in between.
    fn run_later(&self, delay: Duration, job: impl FnOnce()) {
        // TODO: sleep for the delay, so that a cancel can end the sleep.
        todo!("run the job later")
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
