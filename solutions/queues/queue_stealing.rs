//! Goal:   each worker has a queue of its own and steals when that is empty; all stop
//!         when the last job is done, and not before.
//! Given:  the queues, the threads, and a count of the jobs that are not done.
//! Answer: an empty queue is no end; the end is that no job is unfinished.
//! Check:  cargo test --bin queue_stealing_sol
//! Read:   book/src/work-stealing.md and crossbeam::deque

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crossbeam::deque::{Steal, Stealer, Worker};

/// A job may put further jobs into the queue of the worker that runs it.
type Job = Box<dyn FnOnce(&Queue) + Send>;

/// What one worker has: its own queue, and a hand in all queues.
struct Queue<'a> {
    own: Worker<Job>,
    all: &'a [Stealer<Job>],
    /// Jobs that are in a queue or at work.
    unfinished: &'a AtomicUsize,
}

impl Queue<'_> {
    fn push(&self, job: Job) {
        // Before the job can be taken: the count must never be too small.
        self.unfinished.fetch_add(1, Ordering::Relaxed);
        self.own.push(job);
    }

    /// The next job: an own one, or a stolen one; `None` if there is none at present.
    fn find(&self) -> Option<Job> {
        self.own.pop().or_else(|| {
            // A queue that says Retry was changed while we looked: it may have a job.
            std::iter::repeat_with(|| self.all.iter().map(Stealer::steal).collect())
                .find(|steal: &Steal<Job>| !steal.is_retry())
                .and_then(Steal::success)
        })
    }

    /// Runs jobs until none is unfinished any more.
    fn work(&self) {
        // Somebody may still be at a job that will bring new ones. Acquire: pairs with
        // the Release below, so who leaves sees all that the jobs have done.
        while self.unfinished.load(Ordering::Acquire) > 0 {
            match self.find() {
                Some(job) => {
                    job(self);
                    // After the job, so that those it pushed are counted before.
                    self.unfinished.fetch_sub(1, Ordering::Release);
                }
                None => thread::yield_now(),
            }
        }
    }
}

/// Runs `job`, and all jobs that come from it, on so many threads.
fn run(job: Job, workers: usize) {
    let queues: Vec<Worker<Job>> = (0..workers).map(|_| Worker::new_lifo()).collect();
    let all: Vec<_> = queues.iter().map(Worker::stealer).collect();
    let unfinished = AtomicUsize::new(0);
    let mut queues: Vec<_> = queues
        .into_iter()
        .map(|own| Queue { own, all: &all, unfinished: &unfinished })
        .collect();
    queues[0].push(job);
    thread::scope(|scope| {
        for queue in queues.drain(..) {
            scope.spawn(move || queue.work());
        }
    });
}

fn main() {
    real_threads::end_if_stuck();
    let first = |queue: &Queue| {
        for number in 1..=4 {
            queue.push(Box::new(move |_| println!("job {number} is done")));
        }
    };
    run(Box::new(first), 2);
    println!("no job is left");
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn it_runs_one_job() {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        real_threads::run(|| {
            run(Box::new(|_| _ = RUNS.fetch_add(1, Ordering::Relaxed)), 2);
        });
        assert_eq!(RUNS.load(Ordering::Relaxed), 1);
    }
}

#[cfg(test)]
#[path = "../../tests/judges/queues/queue_stealing.rs"]
mod judge;
