//! A latch that wakes one of those who wait, although it opens for all of them.

use std::sync::{Condvar, Mutex};
use std::thread;

pub fn run() {
    let latch = Latch { remaining: Mutex::new(1), opened: Condvar::new() };
    thread::scope(|scope| {
        let judge = scope.spawn(|| latch.wait());
        let reporter = scope.spawn(|| latch.wait());
        latch.count_down();
        judge.join().unwrap();
        reporter.join().unwrap();
    });
}

struct Latch {
    remaining: Mutex<usize>,
    opened: Condvar,
}

impl Latch {
    fn count_down(&self) {
        let mut remaining = self.remaining.lock().unwrap();
        *remaining -= 1;
        if *remaining == 0 {
            self.opened.notify_one();
        }
    }

    fn wait(&self) {
        let mut remaining = self.remaining.lock().unwrap();
        while *remaining > 0 {
            remaining = self.opened.wait(remaining).unwrap();
        }
    }
}
