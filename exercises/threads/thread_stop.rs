//! Goal:   a background worker ends when its owner drops it, and not later.
//! Given:  a flag, a thread that sleeps until it is woken, and a way to wake it.
//! Change: the bodies of `work` and `drop`.
//! Check:  cargo test --bin thread_stop
//! Read:   book/src/stopping.md, std::thread::park and std::thread::JoinHandle

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// A thread that does its task at the start and after every wake-up.
///
/// Dropping the worker ends the thread, and returns when it has ended.
struct Worker {
    /// Set once, when the thread is to end.
    stop: Arc<AtomicBool>,
    /// `None` only while the worker is being dropped.
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    fn start(task: impl FnMut() + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let worker = thread::spawn(move || work(&flag, task));
        Self { stop, thread: Some(worker) }
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

/// Does the task, sleeps until a wake-up, and so on, as long as `stop` is not set.
fn work(stop: &AtomicBool, mut task: impl FnMut()) {
    // TODO: do the task again and again, and block in between.
    todo!("do the task, and wait for a wake-up")
}

impl Drop for Worker {
    fn drop(&mut self) {
        // TODO: tell the thread to end, and wait until it has.
        todo!("end the thread")
    }
}

fn main() {
    real_threads::end_if_stuck();
    let (sender, rounds) = std::sync::mpsc::channel();
    let worker = Worker::start(move || {
        // `rounds` is there longer than the worker.
        sender.send(thread::current().id()).unwrap();
    });
    for thread in rounds.iter().take(3) {
        println!("{thread:?} has done its task");
        worker.wake();
    }
    drop(worker);
    println!("the worker has ended");
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_worker_starts_and_stops() {
        interleavings::check(|| drop(Worker::start(|| ())));
    }
}

#[cfg(test)]
#[path = "../../tests/judges/threads/thread_stop.rs"]
mod judge;
