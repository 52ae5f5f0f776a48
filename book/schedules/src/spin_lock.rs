//! A spin lock that lets one thread in at a time, and hands nothing over.

use std::hint;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::thread;

pub fn run() {
    let taken = AtomicBool::new(false);
    let counter = AtomicU32::new(0);
    thread::scope(|scope| {
        let adder_1 = scope.spawn(|| add_one(&taken, &counter));
        let adder_2 = scope.spawn(|| add_one(&taken, &counter));
        adder_1.join().unwrap();
        adder_2.join().unwrap();
    });
    assert_eq!(counter.into_inner(), 2, "an addition was lost");
}

fn add_one(taken: &AtomicBool, counter: &AtomicU32) {
    while taken.swap(true, Relaxed) {
        hint::spin_loop();
    }
    let seen = counter.load(Relaxed);
    counter.store(seen + 1, Relaxed);
    taken.store(false, Relaxed);
}
