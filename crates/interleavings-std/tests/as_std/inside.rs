//! A learner's file: ordinary std code, judged by `interleavings::check`.

use interleavings_std as std;

use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use interleavings::{Checker, check};

struct Semaphore {
    available: Mutex<usize>,
    released: Condvar,
}

impl Semaphore {
    fn new(permits: usize) -> Self {
        Self { available: Mutex::new(permits), released: Condvar::new() }
    }

    fn acquire(&self) {
        let available = self.available.lock().unwrap();
        *self.released.wait_while(available, |n| *n == 0).unwrap() -= 1;
    }

    fn acquire_with_if(&self) {
        let mut available = self.available.lock().unwrap();
        if *available == 0 {
            available = self.released.wait(available).unwrap();
        }
        *available -= 1;
    }

    fn release(&self) {
        *self.available.lock().unwrap() += 1;
        self.released.notify_one();
    }
}

fn two_users(acquire: fn(&Semaphore)) {
    let semaphore = Arc::new(Semaphore::new(1));
    let users: Vec<_> = (0..2)
        .map(|_| {
            let semaphore = semaphore.clone();
            thread::spawn(move || {
                acquire(&semaphore);
                semaphore.release();
            })
        })
        .collect();
    for user in users {
        user.join().unwrap();
    }
}

#[test]
fn ordinary_code_is_explored() {
    let coverage = check(|| two_users(Semaphore::acquire));
    assert!(coverage.complete && coverage.interleavings > 10, "{coverage}");
}

#[test]
fn the_report_uses_the_readers_names() {
    let failure = Checker::new()
        .explore(|| two_users(Semaphore::acquire_with_if))
        .expect_err("a spurious wake-up takes a permit that is not there");
    assert_eq!(failure.kind(), "panic");
    let report = failure.to_string();
    for part in ["available", "released", "for no reason", "subtract with overflow"] {
        assert!(report.contains(part), "{part} is missing in\n{report}");
    }
    assert!(!report.contains("interleavings::"), "{report}");
}
