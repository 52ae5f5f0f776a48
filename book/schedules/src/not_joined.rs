//! A thread adds to a list, and main returns without waiting for it.

use std::sync::{Arc, Mutex};
use std::thread;

pub fn run() {
    let sum = Arc::new(Mutex::new(0));
    let shared = Arc::clone(&sum);
    let adder = thread::spawn(move || *shared.lock().unwrap() += 42);
    drop(adder);
    assert_eq!(*sum.lock().unwrap(), 42, "main looked too early");
}
