//! A pool whose drop joins its workers while their queue is still open.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

type Job = Box<dyn FnOnce() + Send>;

pub fn run() {
    let pool = Pool::new();
    pool.jobs.send(Box::new(|| {})).unwrap();
}

struct Pool {
    jobs: Sender<Job>,
    worker: Option<JoinHandle<()>>,
}

impl Pool {
    fn new() -> Self {
        let (jobs, queue) = mpsc::channel();
        Self { jobs, worker: Some(thread::spawn(move || work(&queue))) }
    }
}

fn work(queue: &Receiver<Job>) {
    for job in queue {
        job();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.join().unwrap();
        }
    }
}
