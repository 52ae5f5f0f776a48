//! The result of a job that may not have been done yet.
//!
//! [`ThreadPool::submit`] returns a [`Future`]: wait for it, wait at most so long, or
//! cancel it as long as the job has not begun. Whoever cancels a running job waits for
//! it all the same: nothing can stop a thread from outside. Not to be mixed up with
//! `std::future::Future`, which does nothing unless it is polled.
//! Source: Python's concurrent.futures; H. Baker, C. Hewitt, "The Incremental Garbage
//! Collection of Processes" (1977).

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use crossbeam::channel;

use crate::thread_pool::ThreadPool;

/// Why a job has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("cancelled before it began")]
    Cancelled,
    #[error("it panicked: {0}")]
    Panicked(String),
}

pub type Outcome<T> = Result<T, Failure>;

/// Gives the outcome of its job as often as it is asked.
pub struct Future<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Clone for Future<T> {
    /// Another handle to the same outcome.
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

struct Shared<T> {
    state: Mutex<State<T>>,
    /// Signalled to all, once: when the outcome is there.
    done: Condvar,
}

struct State<T> {
    stage: Stage<T>,
    /// To be called when the outcome is there.
    callbacks: Vec<Box<dyn FnOnce() + Send>>,
}

/// Goes from `Queued` to `Running` or to `Done`, from `Running` to `Done`, never back.
enum Stage<T> {
    Queued,
    Running,
    Done(Outcome<T>),
}

impl ThreadPool {
    /// Hands over a job and returns at once.
    pub fn submit<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Future<T> {
        let state = State { stage: Stage::Queued, callbacks: Vec::new() };
        let shared =
            Arc::new(Shared { state: Mutex::new(state), done: Condvar::new() });
        let future = Future { shared: Arc::clone(&shared) };
        self.execute(move || {
            if shared.begin() {
                let outcome = panic::catch_unwind(AssertUnwindSafe(job));
                shared
                    .finish(outcome.map_err(|panic| Failure::Panicked(text(&*panic))));
            }
        });
        future
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref().cloned()).unwrap_or_default()
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect("nothing panics while it holds this lock")
    }

    /// False if the job was cancelled.
    fn begin(&self) -> bool {
        let mut state = self.lock();
        let queued = matches!(state.stage, Stage::Queued);
        if queued {
            state.stage = Stage::Running;
        }
        queued
    }

    fn finish(&self, outcome: Outcome<T>) {
        let mut state = self.lock();
        state.stage = Stage::Done(outcome);
        let callbacks = std::mem::take(&mut state.callbacks);
        // Unlocked: a callback may ask for the outcome.
        drop(state);
        self.done.notify_all();
        callbacks.into_iter().for_each(|call| call());
    }
}

impl<T: Clone> Future<T> {
    /// Waits for the outcome.
    ///
    /// A job that waits for another job of its own pool may wait for ever.
    ///
    /// # Errors
    ///
    /// [`Failure`], when the job panicked or was cancelled.
    pub fn wait(&self) -> Outcome<T> {
        let mut state = self.shared.lock();
        loop {
            if let Stage::Done(outcome) = &state.stage {
                return outcome.clone();
            }
            state = self.shared.done.wait(state).expect("as in `lock`");
        }
    }

    /// Waits at most `limit`; `None` says that there is no outcome yet.
    pub fn wait_at_most(&self, limit: Duration) -> Option<Outcome<T>> {
        let not_done = |state: &mut State<T>| !matches!(state.stage, Stage::Done(_));
        let state = self.shared.lock();
        let waited = self.shared.done.wait_timeout_while(state, limit, not_done);
        match &waited.expect("as in `lock`").0.stage {
            Stage::Done(outcome) => Some(outcome.clone()),
            Stage::Queued | Stage::Running => None,
        }
    }
}

impl<T> Future<T> {
    /// Makes sure that the job never begins; false if it has begun.
    pub fn cancel(&self) -> bool {
        let queued = self.shared.begin();
        if queued {
            self.shared.finish(Err(Failure::Cancelled));
        }
        queued
    }

    /// Calls `callback` when the outcome is there: at once, or in the thread of the
    /// worker, which it should not keep for long.
    pub fn on_done(&self, callback: impl FnOnce() + Send + 'static) {
        let mut state = self.shared.lock();
        if matches!(state.stage, Stage::Done(_)) {
            drop(state);
            callback();
        } else {
            state.callbacks.push(Box::new(callback));
        }
    }
}

/// The indices of `futures`, each as soon as its outcome is there.
pub fn as_completed<T>(futures: &[Future<T>]) -> impl Iterator<Item = usize> + use<T> {
    let (sender, receiver) = channel::unbounded();
    for (index, future) in futures.iter().enumerate() {
        let sender = sender.clone();
        future.on_done(move || {
            // An error says that nobody wants to know any more.
            let _ = sender.send(index);
        });
    }
    receiver.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_reaches_whoever_waits() {
        let pool = ThreadPool::new(1).unwrap();
        let future = pool.submit(|| panic!("no {}", "way"));
        assert_eq!(future.wait(), Err::<(), _>(Failure::Panicked("no way".to_owned())));
        assert_eq!(pool.submit(|| 1).wait(), Ok(1), "the worker lives on");
    }

    #[test]
    fn a_queued_job_is_cancelled_and_a_running_one_is_not() {
        let pool = ThreadPool::new(1).unwrap();
        let (begun, begins) = channel::bounded(0);
        let (let_go, may_go) = channel::bounded(0);
        let running = pool.submit(move || {
            begun.send(()).unwrap();
            may_go.recv().unwrap();
            1
        });
        let queued = pool.submit(|| 2);
        begins.recv().unwrap();
        assert!(!running.cancel());
        assert!(queued.cancel());
        assert!(!queued.cancel(), "once is enough");
        assert_eq!(queued.wait(), Err(Failure::Cancelled));
        assert_eq!(running.wait_at_most(Duration::ZERO), None);
        let_go.send(()).unwrap();
        assert_eq!((running.wait(), running.wait()), (Ok(1), Ok(1)));
        assert_eq!(running.wait_at_most(Duration::ZERO), Some(Ok(1)));
    }

    #[test]
    fn as_completed_gives_each_once_also_those_done_before() {
        let pool = ThreadPool::new(2).unwrap();
        let futures: Vec<_> = (0..20).map(|n| pool.submit(move || n)).collect();
        futures[7].wait().unwrap();
        let mut indices: Vec<_> = as_completed(&futures).collect();
        indices.sort_unstable();
        assert!(indices.into_iter().eq(0..20));
    }
}
