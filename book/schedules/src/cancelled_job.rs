//! A timer that looks at the plan under one lock and strikes the job off under another.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

pub fn run() {
    let is_planned = Mutex::new(true);
    let has_run = AtomicBool::new(false);
    let in_time = thread::scope(|scope| {
        let timer = scope.spawn(|| run_when_due(&is_planned, &has_run));
        let in_time = cancel(&is_planned);
        timer.join().unwrap();
        in_time
    });
    let ran = has_run.load(Ordering::SeqCst);
    assert!(!(in_time && ran), "the job was cancelled in time, and it ran");
}

/// What the timer's thread does when the time has come.
fn run_when_due(is_planned: &Mutex<bool>, has_run: &AtomicBool) {
    if *is_planned.lock().unwrap() {
        has_run.store(true, Ordering::SeqCst); // the job
        *is_planned.lock().unwrap() = false;
    }
}

/// Whether this came in time.
fn cancel(is_planned: &Mutex<bool>) -> bool {
    let mut is_planned = is_planned.lock().unwrap();
    std::mem::replace(&mut *is_planned, false)
}
