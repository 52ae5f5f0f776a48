//! Goal:   who submits a job gets its result later, or calls it off before it starts.
//! Given:  the handle, how it waits, and the way from a channel to the worker.
//! Change: the bodies of `run` and `cancel`.
//! Check:  cargo test --bin pool_future
//! Read:   book/src/futures.md, std::sync::Condvar and std::panic::catch_unwind

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

type Job = Box<dyn FnOnce() + Send>;

struct State<T> {
    started: bool,
    /// Set once: the result, or else "panicked" or "cancelled".
    outcome: Option<Result<T, &'static str>>,
}

/// Shared by those who wait for a job's outcome and the worker that runs it.
struct Handle<T> {
    state: Mutex<State<T>>,
    /// Signalled when there is an outcome.
    ended: Condvar,
}

impl<T: Clone> Handle<T> {
    /// Runs `work` on the worker that calls this, which goes on when `work` panics.
    fn run(&self, work: impl FnOnce() -> T) {
        // TODO: do the work, if it is still wanted, and keep its outcome.
        todo!("run the work, unless it was cancelled")
    }

    /// Cancels the job unless it has started; true when it is never going to run.
    fn cancel(&self) -> bool {
        // TODO: cancel the job, if it is not too late.
        todo!("cancel the job")
    }

    fn wait_at_most(&self, limit: Duration) -> Option<Result<T, &'static str>> {
        let state = self.state.lock().unwrap();
        let pending = |state: &mut State<T>| state.outcome.is_none();
        self.ended.wait_timeout_while(state, limit, pending).unwrap().0.outcome.clone()
    }

    fn wait(&self) -> Result<T, &'static str> {
        let pending = |state: &mut State<T>| state.outcome.is_none();
        let state = self.ended.wait_while(self.state.lock().unwrap(), pending).unwrap();
        state.outcome.clone().expect("the wait is for an outcome")
    }
}

fn submit<T: Clone + Send + 'static>(
    queue: &Sender<Job>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Arc<Handle<T>> {
    let state = Mutex::new(State { started: false, outcome: None });
    let handle = Arc::new(Handle { state, ended: Condvar::new() });
    let theirs = Arc::clone(&handle);
    queue.send(Box::new(move || theirs.run(work))).expect("a worker is there");
    handle
}

fn main() {
    real_threads::end_if_stuck();
    let (queue, jobs) = channel::<Job>();
    let (answer, unwanted) = (submit(&queue, || 6 * 7), submit(&queue, || 0));
    unwanted.cancel();
    thread::spawn(move || jobs.into_iter().for_each(|job| job()));
    println!("soon: {:?}", answer.wait_at_most(Duration::ZERO));
    println!("then: {:?}, {:?}", answer.wait(), unwanted.wait());
}

#[cfg(test)]
mod example {
    #[test]
    fn a_job_can_be_cancelled() {
        interleavings::check(|| {
            let (queue, _jobs) = super::channel();
            let job = super::submit(&queue, || 42);
            assert!(job.cancel());
            assert_eq!(job.wait(), Err("cancelled"));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/pools/pool_future.rs"]
mod judge;
