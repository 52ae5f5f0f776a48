//! Goal:   each worker has a queue of its own and steals when that is empty; all stop
//!         when the last job is done, and not before.
//! Given:  the queues, the threads, and a count of the jobs that are not done.
//! Change: the bodies of `find` and `work`.
//! Check:  cargo test --bin queue_stealing
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
        // TODO: look at home first, then everywhere. `Steal::Retry` means: try again.
        todo!("find a job")
    }

    /// Runs jobs until none is unfinished any more.
    fn work(&self) {
        // TODO: run what `find` finds. Is there no more to do when it finds nothing?
        todo!("run jobs until none is unfinished")
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
