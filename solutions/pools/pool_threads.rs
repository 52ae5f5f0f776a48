//! Goal:   a fixed number of threads does any number of jobs, whatever the jobs do.
//! Given:  the pool, its channel of jobs, and the start of its workers.
//! Answer: the lock is held to take a job only; dropping closes the channel first.
//! Check:  cargo test --bin pool_threads_sol
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
    loop {
        // The guard is dropped at the end of this line, so the others take jobs while
        // this one is done. In a `while let` it would live as long as the body.
        let job = jobs.lock().unwrap().recv();
        // The channel hands out all that was sent before it tells of its end.
        let Ok(job) = job else { return };
        // The worker goes on after a panic; what the job has left half done is its own.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // As long as there is a sender the workers wait for more, and `join` for them.
        drop(self.sender.take());
        for worker in self.workers.drain(..) {
            // Jobs do not end a worker, and a panic in `drop` would help nobody.
            let _ = worker.join();
        }
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
