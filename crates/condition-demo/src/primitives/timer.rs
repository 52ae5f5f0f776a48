//! A timer: runs jobs later, all of them on one thread.
//!
//! Source: Python's `threading.Timer`, which starts a thread for every job, and
//! `java.util.concurrent.ScheduledThreadPoolExecutor`, which does not.

use std::collections::BTreeMap;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Runs jobs when their time has come, one after the other.
///
/// Dropping the timer waits for the job that runs; those that are planned are dropped.
pub struct Timer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    plan: Mutex<Plan>,
    /// Signalled when the thread may have to do something else than it thinks: a job
    /// came first, or the timer ends.
    changed: Condvar,
}

#[derive(Default)]
struct Plan {
    /// The jobs that have not begun, the next one first.
    jobs: BTreeMap<Planned, Job>,
    /// Tells jobs of the same time apart, and keeps their order.
    next_number: u64,
    is_ending: bool,
}

type Job = Box<dyn FnOnce() + Send>;

/// A job of a [`Timer`], for [`cancel`](Timer::cancel).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Planned {
    due: Instant,
    number: u64,
}

impl Timer {
    /// # Errors
    ///
    /// When the system refuses another thread.
    pub fn new() -> io::Result<Self> {
        let shared =
            Arc::new(Shared { plan: Mutex::default(), changed: Condvar::new() });
        let thread = thread::Builder::new().name("timer".into()).spawn({
            let shared = Arc::clone(&shared);
            move || shared.run_jobs()
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Plans `job` for the moment when `delay` is over, never sooner.
    ///
    /// Jobs should be short: while one runs, the others wait. One that panics does not
    /// stop the timer.
    ///
    /// # Panics
    ///
    /// When the moment is too far away for an [`Instant`]: 10^11 years on Linux.
    pub fn run_after(
        &self,
        delay: Duration,
        job: impl FnOnce() + Send + 'static,
    ) -> Planned {
        let due = Instant::now() + delay;
        let mut plan = self.shared.plan.lock().unwrap();
        let planned = Planned { due, number: plan.next_number };
        plan.next_number += 1;
        plan.jobs.insert(planned, Box::new(job));
        self.shared.changed.notify_one();
        planned
    }

    /// Takes a job off the plan; `true` says that it has not run and never will.
    ///
    /// `false` says that this came too late, or a second time.
    pub fn cancel(&self, planned: Planned) -> bool {
        let job = self.shared.plan.lock().unwrap().jobs.remove(&planned);
        // A job is dropped here, when the mutex is free: it may own anything.
        job.is_some()
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.shared.plan.lock().unwrap().is_ending = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take()
            // A job that owns the timer drops it on this very thread.
            && thread.thread().id() != thread::current().id()
        {
            // Jobs do not end it with a panic, and nothing else in it panics.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// What the timer's thread does until the timer is dropped.
    fn run_jobs(&self) {
        let mut plan = self.plan.lock().unwrap();
        while !plan.is_ending {
            let now = Instant::now();
            match plan.jobs.first_entry() {
                None => plan = self.changed.wait(plan).unwrap(),
                Some(first) if first.key().due > now => {
                    let left = first.key().due - now;
                    // Also ends when the plan changes, or for no reason: look again.
                    plan = self.changed.wait_timeout(plan, left).unwrap().0;
                }
                Some(first) => {
                    let job = first.remove();
                    // Everybody may plan and cancel while the job runs, the job too.
                    drop(plan);
                    // The panic hook has told of a panic; the other jobs go on.
                    let _ = panic::catch_unwind(AssertUnwindSafe(job));
                    plan = self.plan.lock().unwrap();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::primitives::must_end;

    const SOON: Duration = Duration::from_millis(10);
    const NEVER: Duration = Duration::from_secs(3600);

    #[test]
    fn a_job_runs_once_and_not_too_soon() {
        let _watchdog = must_end();
        let timer = Timer::new().unwrap();
        let (ran, runs) = mpsc::channel();
        let begun = Instant::now();
        timer.run_after(SOON, move || ran.send(begun.elapsed()).unwrap());
        assert!(runs.recv().unwrap() >= SOON);
        assert!(runs.recv().is_err(), "the job is gone after its run");
    }

    #[test]
    fn a_job_that_is_due_sooner_does_not_wait_for_one_planned_before() {
        let _watchdog = must_end();
        let timer = Timer::new().unwrap();
        let (ran, runs) = mpsc::channel();
        timer.run_after(NEVER, || {});
        // Often, for most times the thread of the timer sleeps already.
        for round in 0..200 {
            let ran = ran.clone();
            timer.run_after(Duration::ZERO, move || ran.send(round).unwrap());
            assert_eq!(runs.recv(), Ok(round));
        }
    }

    #[test]
    fn jobs_run_in_the_order_of_their_times_then_of_their_planning() {
        let _watchdog = must_end();
        let timer = Timer::new().unwrap();
        let (ran, runs) = mpsc::channel();
        let (started, start) = mpsc::channel();
        // Keeps the thread of the timer until all jobs are planned and due.
        timer.run_after(Duration::ZERO, move || start.recv().unwrap());
        let job = |name| {
            let ran = ran.clone();
            move || ran.send(name).unwrap()
        };
        let mut planned = [("c", SOON), ("a", Duration::ZERO), ("b", Duration::ZERO)]
            .map(|(name, delay)| (timer.run_after(delay, job(name)), name));
        started.send(()).unwrap();
        let names: Vec<_> = runs.iter().take(3).collect();
        // Almost always a, b, c; but this thread may have been too slow for that.
        planned.sort_unstable();
        assert_eq!(names, planned.map(|(_, name)| name));
    }

    #[test]
    fn a_cancelled_job_is_dropped_and_does_not_run() {
        let _watchdog = must_end();
        let timer = Timer::new().unwrap();
        let (ran, runs) = mpsc::channel();
        let planned = timer.run_after(NEVER, move || ran.send(()).unwrap());
        assert!(timer.cancel(planned));
        assert!(runs.recv().is_err(), "nobody can send any more");
        assert!(!timer.cancel(planned), "the second time");
    }

    #[test]
    fn cancelling_a_job_that_has_begun_is_too_late() {
        let _watchdog = must_end();
        let timer = Timer::new().unwrap();
        let (begun, begins) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel();
        let planned = timer.run_after(Duration::ZERO, move || {
            begun.send(()).unwrap();
            may_go_on.recv().unwrap();
        });
        begins.recv().unwrap();
        assert!(!timer.cancel(planned));
        go_on.send(()).unwrap();
    }

    #[test]
    fn a_job_that_panics_does_not_stop_the_others() {
        let _watchdog = must_end();
        let timer = Timer::new().unwrap();
        let (ran, runs) = mpsc::channel();
        timer.run_after(Duration::ZERO, || panic!("on purpose"));
        timer.run_after(SOON, move || ran.send(()).unwrap());
        runs.recv().unwrap();
    }

    #[test]
    fn dropping_the_timer_drops_what_is_planned() {
        let _watchdog = must_end();
        let timer = Timer::new().unwrap();
        let (ran, runs) = mpsc::channel();
        timer.run_after(NEVER, move || ran.send(()).unwrap());
        drop(timer);
        assert!(runs.recv().is_err(), "the job is gone and did not run");
    }

    #[test]
    fn a_job_may_own_the_timer() {
        let _watchdog = must_end();
        let timer = Arc::new(Timer::new().unwrap());
        let (ran, runs) = mpsc::channel();
        let owned = Arc::clone(&timer);
        let (released, release) = mpsc::channel();
        timer.run_after(Duration::ZERO, move || {
            release.recv().unwrap();
            drop(owned);
            ran.send(()).unwrap();
        });
        drop(timer);
        released.send(()).unwrap();
        runs.recv().unwrap();
    }
}
