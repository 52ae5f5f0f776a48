//! A job that waits for another job of its own pool, which has no worker left for it.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

type Job = Box<dyn FnOnce() + Send>;

pub fn run() {
    let (jobs, queue) = mpsc::channel();
    thread::scope(|scope| {
        let worker = scope.spawn(|| work(queue));
        let same_pool = jobs.clone();
        jobs.send(Box::new(move || outer(&same_pool))).unwrap();
        drop(jobs);
        worker.join().unwrap();
    });
}

fn work(queue: Receiver<Job>) {
    for job in queue {
        job();
    }
}

fn outer(pool: &Sender<Job>) {
    let (result, inner) = mpsc::channel();
    pool.send(Box::new(move || result.send(42).unwrap())).unwrap();
    assert_eq!(inner.recv(), Ok(42));
}
