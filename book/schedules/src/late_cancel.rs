//! A job that looks whether it is cancelled, and then starts, under two locks.

use std::sync::Mutex;
use std::thread;

#[derive(PartialEq)]
enum Stage {
    Queued,
    Running,
    Cancelled,
}

pub fn run() {
    let stage = Mutex::new(Stage::Queued);
    thread::scope(|scope| {
        let worker = scope.spawn(|| begin(&stage));
        let cancelled = cancel(&stage);
        let ran = worker.join().unwrap();
        assert!(!(ran && cancelled), "a job ran that was said to be cancelled");
    });
}

fn begin(stage: &Mutex<Stage>) -> bool {
    if *stage.lock().unwrap() == Stage::Cancelled {
        return false;
    }
    *stage.lock().unwrap() = Stage::Running;
    true
}

fn cancel(stage: &Mutex<Stage>) -> bool {
    let mut stage = stage.lock().unwrap();
    let queued = *stage == Stage::Queued;
    if queued {
        *stage = Stage::Cancelled;
    }
    queued
}
