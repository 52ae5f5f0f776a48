//! A waiter whose state lies outside of the mutex.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;

pub fn run() {
    let ready = AtomicBool::new(false);
    let gate = Mutex::new(());
    let changed = Condvar::new();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let mut guard = gate.lock().unwrap();
            while !ready.load(Ordering::SeqCst) {
                guard = changed.wait(guard).unwrap();
            }
        });
        ready.store(true, Ordering::SeqCst);
        changed.notify_one();
        waiter.join().unwrap();
    });
}
