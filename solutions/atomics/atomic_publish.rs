//! Goal:   whoever sees the flag set also sees all that was written before.
//! Given:  a report of two numbers, and a flag that says when they are there.
//! Answer: the flag is stored last, with Release, and loaded first, with Acquire.
//! Check:  cargo test --bin atomic_publish_sol
//! Read:   book/src/orderings.md, the part on release and acquire

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

/// Written once by one thread, read by any number of others.
///
/// The numbers stand for a long text, or a picture: what is published can be large. So
/// they are stored and loaded with `Relaxed`; only the flag may cost more.
struct Report {
    count: AtomicU64,
    total: AtomicU64,
    published: AtomicBool,
}

impl Report {
    fn new() -> Self {
        Self {
            count: AtomicU64::new(0),
            total: AtomicU64::new(0),
            published: AtomicBool::new(false),
        }
    }

    /// Writes both numbers, then lets everybody see them.
    fn publish(&self, count: u64, total: u64) {
        self.count.store(count, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        // Release: pairs with the Acquire in `read`. Who sees this `true` also sees
        // the two stores above.
        self.published.store(true, Ordering::Release);
    }

    /// Both numbers if they are published, else `None`; never waits.
    fn read(&self) -> Option<(u64, u64)> {
        // Acquire: pairs with the Release in `publish`. The loads below come after it,
        // so they find what was stored before the flag, and Relaxed is enough for them.
        if !self.published.load(Ordering::Acquire) {
            return None;
        }
        let count = self.count.load(Ordering::Relaxed);
        Some((count, self.total.load(Ordering::Relaxed)))
    }

    /// For a display of progress: this says nothing about the numbers.
    fn is_published(&self) -> bool {
        self.published.load(Ordering::Relaxed)
    }
}

fn main() {
    real_threads::end_if_stuck();
    let report = Report::new();
    thread::scope(|scope| {
        scope.spawn(|| report.publish(10, 55));
        scope.spawn(|| match report.read() {
            Some((count, total)) => println!("early enough: {count} make {total}"),
            None => println!("too early: nothing is published yet"),
        });
    });
    println!("published: {}, it says {:?}", report.is_published(), report.read());
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn what_is_published_can_be_read() {
        interleavings::check(|| {
            let report = Report::new();
            assert_eq!(report.read(), None);
            report.publish(3, 6);
            assert_eq!(report.read(), Some((3, 6)));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/atomics/atomic_publish.rs"]
mod judge;
