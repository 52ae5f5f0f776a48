//! Goal:   a fixed number of threads does any number of jobs, whatever the jobs do.
//! Given:  the pool, its channel of jobs, and the start of its workers.
//! Change: the bodies of `work` and `drop`.
//! Check:  cargo test --bin pool_threads
//! Read:   book/src/pool-by-hand.md, std::sync::mpsc and std::panic::catch_unwind

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Something to do on one of the pool's threads.
type Job = Box<dyn FnOnce() + Send>;

/// Threads that share the jobs. Dropping the pool waits until all of them are done.
struct Pool {
    /// `None` only while the pool is being dropped.
    sender: Option<Sender<Job>>,
    workers: Vec<JoinHandle<()>>,
}

impl Pool {
    fn new(size: usize) -> Self {
        let (sender, receiver) = mpsc::channel();
        let jobs = Arc::new(Mutex::new(receiver));
        let start_worker = |_| {
            let jobs = Arc::clone(&jobs);
            thread::spawn(move || work(&jobs))
        };
        let workers = (0..size).map(start_worker).collect();
        Self { sender: Some(sender), workers }
    }

    fn submit(&self, job: impl FnOnce() + Send + 'static) {
        if let Some(sender) = &self.sender {
            // It fails when nobody receives, and the workers do until the pool is dropped.
            let _ = sender.send(Box::new(job));
        }
    }
}

/// What each worker does: one job after the other, until no more can come. Jobs of
/// different workers run at the same time, and one that panics ends nobody but itself.
fn work(jobs: &Mutex<Receiver<Job>>) {
    // TODO: do the jobs as they come.
    todo!("do the jobs that come")
}

impl Drop for Pool {
    fn drop(&mut self) {
        // TODO: let the workers do what is left, and wait until they have ended.
        todo!("end the workers")
    }
}

fn main() {
    real_threads::end_if_stuck();
    let pool = Pool::new(2);
    for number in 1..=4 {
        pool.submit(move || {
            println!("{:?}: job {number}", thread::current().id());
            // Stands for work.
            thread::sleep(Duration::from_millis(20));
        });
    }
    drop(pool);
    println!("all jobs are done");
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_job_is_done() {
        interleavings::check(|| {
            let (sender, done) = mpsc::channel();
            Pool::new(1).submit(move || sender.send(42).unwrap());
            assert_eq!(done.try_recv(), Ok(42));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/pools/pool_threads.rs"]
mod judge;
