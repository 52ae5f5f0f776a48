//! A latch: opens when it has been counted down, and stays open.
//!
//! Source: `java.util.concurrent.CountDownLatch`, `std::latch` of C++20.

use std::sync::{Condvar, Mutex};

/// Holds back who waits until a number of things have happened.
///
/// A barrier makes those wait who arrive; here counting down is one thing and waiting
/// another, and nobody has to do both.
pub struct Latch {
    /// What still has to happen; never grows.
    remaining: Mutex<usize>,
    /// Signalled once, when nothing remains.
    opened: Condvar,
}

impl Latch {
    pub fn new(count: usize) -> Self {
        Self { remaining: Mutex::new(count), opened: Condvar::new() }
    }

    /// Counts one down, without ever blocking; an open latch stays as it is.
    pub fn count_down(&self) {
        let mut remaining = self.remaining.lock().unwrap();
        *remaining = remaining.saturating_sub(1);
        if *remaining == 0 {
            self.opened.notify_all();
        }
    }

    /// Blocks until the latch is open.
    pub fn wait(&self) {
        let remaining = self.remaining.lock().unwrap();
        drop(self.opened.wait_while(remaining, |remaining| *remaining > 0).unwrap());
    }

    pub fn is_open(&self) -> bool {
        *self.remaining.lock().unwrap() == 0
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::primitives::must_end;

    #[test]
    fn the_last_count_opens_for_everybody() {
        let _watchdog = must_end();
        // A thread that begins to wait after the opening tells nothing, so try often.
        for _ in 0..200 {
            let latch = Latch::new(2);
            thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        latch.wait();
                        assert!(latch.is_open());
                    });
                }
                latch.count_down();
                assert!(!latch.is_open(), "one of two");
                thread::yield_now();
                latch.count_down();
            });
        }
    }

    #[test]
    fn an_open_latch_stays_open() {
        let _watchdog = must_end();
        let latch = Latch::new(1);
        latch.count_down();
        latch.count_down();
        assert!(latch.is_open());
        latch.wait();
    }

    #[test]
    fn nothing_to_count_is_open_from_the_start() {
        let _watchdog = must_end();
        Latch::new(0).wait();
    }
}
