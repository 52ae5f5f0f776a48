//! Judges `condition_event`: nobody goes on before, nobody stays behind.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use interleavings::Checker;

use super::*;

/// Looks at every interleaving. Who waits is to sleep.
fn check(body: impl Fn() + Send + Sync) {
    Checker::new().allow_busy_waits(false).check(body);
}

fn two_wait_for_one() {
    let event = Event::new();
    let happened = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                event.wait();
                let happened = happened.load(Ordering::SeqCst);
                assert!(happened, "a thread went on before the event was set");
            });
        }
        happened.store(true, Ordering::SeqCst);
        event.set();
    });
}

#[test]
fn all_who_wait_go_on() {
    check(two_wait_for_one);
    real_threads::run(two_wait_for_one);
}

#[test]
fn who_comes_later_does_not_wait() {
    let body = || {
        let event = Event::new();
        event.set();
        event.wait();
        event.set();
        event.wait();
    };
    check(body);
    real_threads::run(body);
}

#[test]
fn who_comes_after_the_clear_waits() {
    let body = || {
        let event = Event::new();
        let again = AtomicBool::new(false);
        event.set();
        event.clear();
        thread::scope(|scope| {
            scope.spawn(|| {
                event.wait();
                let again = again.load(Ordering::SeqCst);
                assert!(again, "a thread went on though the event had been cleared");
            });
            again.store(true, Ordering::SeqCst);
            event.set();
        });
    };
    check(body);
    real_threads::run(body);
}

/// Nobody is preempted here and virtual time passes only when nobody can run, so both
/// threads sleep in `wait` by the time the event is set.
#[test]
fn who_waits_goes_on_even_if_the_event_is_over() {
    Checker::new().preemptions(0).check(|| {
        let event = Event::new();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| event.wait());
            }
            thread::sleep(Duration::from_secs(1));
            event.set();
            event.clear();
        });
    });
}
