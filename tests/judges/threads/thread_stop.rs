//! Judges `thread_stop`: the thread works when woken, blocks in between, and ends.

use std::sync::atomic::AtomicU32;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::*;

/// Tells when the task is dropped: its thread is at its end then.
struct Task(Arc<AtomicBool>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn the_thread_ends_with_its_owner() {
    let ended = Arc::new(AtomicBool::new(false));
    let task = Task(Arc::clone(&ended));
    let worker = Worker::start(move || {
        let _ = &task;
    });
    drop(worker);
    assert!(
        ended.load(Ordering::SeqCst),
        "`drop` returned while the worker's thread was still running"
    );
}

fn a_wake_up_is_followed_by_the_task() {
    let woken = Arc::new(AtomicBool::new(false));
    let (sender, done) = mpsc::channel();
    let theirs = Arc::clone(&woken);
    let worker = Worker::start(move || {
        let _ = sender.send(theirs.load(Ordering::SeqCst));
    });
    let first = done.recv().is_ok();
    woken.store(true, Ordering::SeqCst);
    worker.wake();
    let followed = first && done.iter().any(|after| after);
    drop(worker);
    assert!(followed, "the thread ended before its owner dropped it");
}

#[test]
fn dropping_ends_the_thread() {
    let sleepers = interleavings::Checker::new().allow_busy_waits(false);
    sleepers.check(the_thread_ends_with_its_owner);
    real_threads::run(the_thread_ends_with_its_owner);
}

const POLLS: &str = "nobody woke the worker, and it did its task again: it polls";

fn nobody_wakes_the_thread() {
    let rounds = Arc::new(AtomicU32::new(0));
    let theirs = Arc::clone(&rounds);
    let worker = Worker::start(move || {
        let before = theirs.fetch_add(1, Ordering::SeqCst);
        // It ends a worker that would go on for all of the hour.
        assert!(before == 0, "{POLLS}");
    });
    thread::sleep(Duration::from_secs(3600));
    let rounds = rounds.load(Ordering::SeqCst);
    let start = Instant::now();
    drop(worker);
    let time = start.elapsed();
    assert!(rounds <= 1, "{POLLS}");
    assert!(
        time < Duration::from_millis(1),
        "`drop` did not wake the thread: it waited for {time:?} until it ended"
    );
}

#[test]
fn it_sleeps_until_it_is_woken() {
    // Without a budget nobody is woken for no reason, as `park` may be, and the clock
    // goes on only when nobody can run.
    let checker = interleavings::Checker::new().preemptions(0);
    checker.check(nobody_wakes_the_thread);
}

#[test]
fn waking_makes_it_work() {
    // A worker that never blocks makes endless runs, so each has an early end.
    let checker = interleavings::Checker::new().max_steps(2_000);
    checker.max_time(Duration::from_secs(1)).check(a_wake_up_is_followed_by_the_task);
    real_threads::run(a_wake_up_is_followed_by_the_task);
}
