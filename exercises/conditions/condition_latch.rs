//! Goal:   hold threads back until so many things have happened, then never again.
//! Given:  how many are still missing, behind a mutex.
//! Change: the bodies of `count_down` and `wait`.
//! Check:  cargo test --bin condition_latch
//! Read:   book/src/latches.md and Java's CountDownLatch

use std::sync::{Condvar, Mutex};
use std::thread;

const PARTS: usize = 3;

/// Opens when it has been counted down to zero, and stays open.
struct Latch {
    /// How often it must still be counted down.
    missing: Mutex<usize>,
    /// Notified when the latch opens.
    opened: Condvar,
}

impl Latch {
    fn new(count: usize) -> Self {
        Self { missing: Mutex::new(count), opened: Condvar::new() }
    }

    /// Counts one down, without sleeping; an open latch stays as it is.
    fn count_down(&self) {
        // TODO: count down, and open the latch with the last count.
        todo!("count down")
    }

    /// Sleeps until the latch is open; any number of threads may, any number of times.
    fn wait(&self) {
        // TODO: wait until nothing is missing.
        todo!("wait for the last count")
    }
}

fn main() {
    real_threads::end_if_stuck();
    let ready = Latch::new(PARTS);
    thread::scope(|scope| {
        for part in 1..=PARTS {
            let ready = &ready;
            scope.spawn(move || {
                println!("part {part} is ready");
                ready.count_down();
            });
        }
        scope.spawn(|| {
            ready.wait();
            println!("the first visitor comes in");
        });
        ready.wait();
        println!("all {PARTS} parts are ready");
    });
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn an_open_latch_holds_nobody_back() {
        interleavings::check(|| {
            let latch = Latch::new(1);
            latch.count_down();
            latch.wait();
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/conditions/condition_latch.rs"]
mod judge;
