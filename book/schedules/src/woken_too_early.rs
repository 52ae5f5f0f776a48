//! A worker sleeps until it is to stop; its owner wakes it, and then sets the flag.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

pub fn run() {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let worker = thread::spawn(move || {
        while !asked.load(Ordering::SeqCst) {
            thread::park();
        }
    });
    worker.thread().unpark();
    stop.store(true, Ordering::SeqCst);
    worker.join().unwrap();
}
