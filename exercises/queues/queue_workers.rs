//! Goal:   workers share one queue of jobs and work at the same time; a job that panics
//!         costs nothing but itself.
//! Given:  the queue, filled, and the threads.
//! Change: the body of `work`.
//! Check:  cargo test --bin queue_workers
//! Read:   book/src/pipelines.md, std::sync::mpsc::Receiver, std::panic::catch_unwind

use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::thread;

type Job = Box<dyn FnOnce() + Send>;

/// Runs all jobs on so many threads; returns how many of the jobs panicked.
fn run_all(jobs: Vec<Job>, workers: usize) -> usize {
    let (sender, receiver) = mpsc::channel();
    for job in jobs {
        sender.send(job).unwrap();
    }
    // Without a sender `recv` is an error once the queue is empty: the workers end.
    drop(sender);
    let queue = Mutex::new(receiver);
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..workers).map(|_| scope.spawn(|| work(&queue))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    })
}

/// Takes jobs from the queue and runs them until it is empty; counts those that panic.
fn work(queue: &Mutex<Receiver<Job>>) -> usize {
    // TODO: take a job, run it, go on with the next one even if it panicked.
    todo!("run the jobs")
}

fn main() {
    real_threads::end_if_stuck();
    panic::set_hook(Box::new(|info| println!("a job says: {info}")));
    let jobs = (1..=6).map(|number| -> Job {
        Box::new(move || match number {
            4 => panic!("I do not like the number {number}"),
            _ => println!("job {number} is done"),
        })
    });
    let panicked = run_all(jobs.collect(), 3);
    println!("{panicked} of 6 jobs panicked");
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn it_runs_two_jobs() {
        interleavings::check(|| {
            let (done, results) = mpsc::channel();
            let jobs = [1, 2].map(|number| -> Job {
                let done = done.clone();
                Box::new(move || done.send(number).unwrap())
            });
            assert_eq!(run_all(jobs.into(), 2), 0);
            assert_eq!(results.try_iter().sum::<i32>(), 3);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/queues/queue_workers.rs"]
mod judge;
