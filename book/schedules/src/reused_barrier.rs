//! A barrier that counts and no more: who is fast comes back before the others leave.

use std::sync::{Condvar, Mutex};
use std::thread;

const PARTIES: usize = 2;

pub fn run() {
    let barrier = Barrier { arrived: Mutex::new(0), all_here: Condvar::new() };
    thread::scope(|scope| {
        let work = || {
            barrier.wait();
            barrier.wait();
        };
        let worker_1 = scope.spawn(work);
        let worker_2 = scope.spawn(work);
        worker_1.join().unwrap();
        worker_2.join().unwrap();
    });
}

struct Barrier {
    arrived: Mutex<usize>,
    all_here: Condvar,
}

impl Barrier {
    fn wait(&self) {
        let mut arrived = self.arrived.lock().unwrap();
        *arrived += 1;
        if *arrived == PARTIES {
            *arrived = 0;
            self.all_here.notify_all();
        }
        while *arrived > 0 {
            arrived = self.all_here.wait(arrived).unwrap();
        }
    }
}
