//! A semaphore whose waiters look once, with `if`, and not again after a wake-up.

use std::sync::{Condvar, Mutex};
use std::thread;

pub fn run() {
    let semaphore = Semaphore { available: Mutex::new(1), released: Condvar::new() };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                semaphore.acquire();
                semaphore.release();
            });
        }
    });
}

struct Semaphore {
    available: Mutex<usize>,
    released: Condvar,
}

impl Semaphore {
    fn acquire(&self) {
        let mut available = self.available.lock().unwrap();
        if *available == 0 {
            available = self.released.wait(available).unwrap();
        }
        assert!(*available > 0, "took a permit that was not there");
        *available -= 1;
    }

    fn release(&self) {
        *self.available.lock().unwrap() += 1;
        self.released.notify_one();
    }
}
