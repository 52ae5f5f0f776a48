//! Judges `condition_latch`: closed until the last count, and open for good.

use std::sync::atomic::{AtomicUsize, Ordering};

use interleavings::Checker;

use super::*;

/// Looks at every interleaving. Who waits is to sleep.
fn check(body: impl Fn() + Send + Sync) {
    Checker::new().allow_busy_waits(false).check(body);
}

/// Two threads count down, two wait, one of them twice.
fn two_count_and_two_wait() {
    let latch = Latch::new(2);
    let counted = AtomicUsize::new(0);
    let comes_in = || {
        latch.wait();
        let counted = counted.load(Ordering::SeqCst);
        assert!(counted == 2, "a thread came in after {counted} of 2 counts");
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                counted.fetch_add(1, Ordering::SeqCst);
                latch.count_down();
            });
        }
        scope.spawn(comes_in);
        comes_in();
        comes_in();
    });
}

#[test]
fn the_last_count_lets_all_in() {
    check(two_count_and_two_wait);
    real_threads::run(two_count_and_two_wait);
}

#[test]
fn an_open_latch_stays_open() {
    let body = || {
        let latch = Latch::new(1);
        latch.count_down();
        latch.count_down();
        latch.wait();
        latch.wait();
        let missing = *latch.missing.lock().unwrap();
        assert!(missing == 0, "2 counts for a latch of 1, and {missing} are missing");
    };
    check(body);
    real_threads::run(body);
}

/// Two threads count the last one at the same time.
fn two_last_counts() {
    let latch = Latch::new(1);
    thread::scope(|scope| {
        scope.spawn(|| latch.count_down());
        scope.spawn(|| latch.count_down());
    });
    let missing = *latch.missing.lock().unwrap();
    assert!(missing == 0, "2 counts for a latch of 1, and {missing} are missing");
    latch.wait();
}

#[test]
fn two_count_the_last_one() {
    check(two_last_counts);
    real_threads::run(two_last_counts);
}

#[test]
fn a_latch_of_zero_is_open() {
    let body = || {
        let latch = Latch::new(0);
        latch.wait();
        latch.count_down();
        latch.wait();
    };
    check(body);
    real_threads::run(body);
}
