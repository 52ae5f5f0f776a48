//! A fixed number of threads that do the jobs of one queue.
//!
//! A job that panics does not take its worker along. Dropping the pool waits until all
//! jobs are done, those in the queue too, as Python's `with ThreadPoolExecutor()` does;
//! `with multiprocessing.Pool()` ends the workers instead, and rayon's `ThreadPool` does
//! not wait. Source: The Rust Programming Language, chapter 21.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::thread::{self, JoinHandle};

use crossbeam::channel::{self, Receiver, Sender};

type Job = Box<dyn FnOnce() + Send>;

pub struct ThreadPool {
    /// `None` only while the pool is being dropped.
    jobs: Option<Sender<Job>>,
    workers: Vec<JoinHandle<()>>,
}

impl ThreadPool {
    /// Starts the workers, named `worker 1` and so on.
    ///
    /// # Errors
    ///
    /// When the system refuses a thread; those that have started end.
    pub fn new(workers: usize) -> io::Result<Self> {
        let (sender, receiver) = channel::unbounded();
        let mut pool = Self { jobs: Some(sender), workers: Vec::new() };
        for number in 1..=workers {
            let jobs = receiver.clone();
            let worker = thread::Builder::new().name(format!("worker {number}"));
            pool.workers.push(worker.spawn(move || work(&jobs))?);
        }
        Ok(pool)
    }

    /// Hands a job to the next worker that is free; never blocks.
    pub fn execute(&self, job: impl FnOnce() + Send + 'static) {
        let jobs = self.jobs.as_ref().expect("dropping the pool needs it for itself");
        jobs.send(Box::new(job)).expect("the workers stay while there is a sender");
    }
}

fn work(jobs: &Receiver<Job>) {
    // Ends when the queue is empty and the pool has dropped its sender.
    for job in jobs {
        // A panic was told of by the panic hook. The job is gone, whole or broken; what
        // it shared with others is atomic, or behind a lock, which a panic poisons.
        let _ = panic::catch_unwind(AssertUnwindSafe(job));
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.jobs = None;
        for worker in self.workers.drain(..) {
            // A job may own the pool and be the last to do so: nobody waits for himself.
            if worker.thread().id() != thread::current().id() {
                worker.join().expect("a worker catches the panics of its jobs");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Barrier};

    use super::*;

    #[test]
    fn dropping_the_pool_waits_for_the_jobs_in_the_queue() {
        let done = Arc::new(AtomicUsize::new(0));
        let pool = ThreadPool::new(2).unwrap();
        for _ in 0..100 {
            let done = Arc::clone(&done);
            pool.execute(move || {
                done.fetch_add(1, Ordering::Relaxed);
            });
        }
        drop(pool);
        assert_eq!(done.load(Ordering::Relaxed), 100);
    }

    #[test]
    fn a_panic_costs_one_job_and_no_worker() {
        let pool = ThreadPool::new(2).unwrap();
        for _ in 0..5 {
            pool.execute(|| panic!("on purpose"));
        }
        // Both workers must be there, at the same time.
        let meeting = Arc::new(Barrier::new(3));
        for _ in 0..2 {
            let meeting = Arc::clone(&meeting);
            pool.execute(move || {
                meeting.wait();
            });
        }
        meeting.wait();
    }

    #[test]
    fn a_job_can_drop_its_own_pool() {
        let (sender, receiver) = channel::bounded(1);
        let pool = Arc::new(ThreadPool::new(1).unwrap());
        let (last_owner, meeting) = (Arc::clone(&pool), Arc::new(Barrier::new(2)));
        let dropped = Arc::clone(&meeting);
        pool.execute(move || {
            dropped.wait();
            drop(last_owner);
            sender.send("alive").unwrap();
        });
        drop(pool);
        meeting.wait();
        assert_eq!(receiver.recv(), Ok("alive"));
    }
}
