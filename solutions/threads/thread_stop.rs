//! Goal:   a background worker ends when its owner drops it, and not later.
//! Given:  a flag, a thread that sleeps until it is woken, and a way to wake it.
//! Answer: the flag first, then a wake-up to notice it, then the join.
//! Check:  cargo test --bin thread_stop_sol
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
    // An `unpark` is kept until the next `park`, which then returns at once. So one that
    // comes between the look at the flag and the `park` is not lost.
    while !stop.load(Ordering::Acquire) {
        task();
        thread::park();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The flag is set before the wake-up: a thread that is woken first looks, sees
        // nothing and parks again, for ever. Release pairs with the Acquire in `work`.
        self.stop.store(true, Ordering::Release);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // A panic of the task is the thread's own; a second one here would abort.
            let _ = thread.join();
        }
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
