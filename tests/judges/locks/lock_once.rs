//! Judges `lock_once`: the value is made once, and readers meet inside.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::*;

/// Two threads ask for the value; each attempt to make it gives another one.
fn two_threads_ask() {
    let lazy = Lazy::new();
    let made = AtomicU32::new(0);
    // Relaxed: an update always sees the newest value.
    let ask = || lazy.with(|| made.fetch_add(1, Ordering::Relaxed), |value| *value);
    let seen = thread::scope(|scope| {
        let ada = scope.spawn(ask);
        let edsger = scope.spawn(ask);
        [ada, edsger].map(|thread| thread.join().unwrap())
    });
    assert!(seen[0] == seen[1], "two values were in use: the threads saw {seen:?}");
    let made = made.into_inner();
    assert!(made <= 1, "the value was made {made} times");
    assert!(made == 1, "the value was never made");
}

/// Two readers are inside at the same time, after the value was made or before.
fn two_readers_meet(made_before: bool) {
    let lazy = Lazy::new();
    if made_before {
        lazy.with(|| 7, |_| ());
    }
    let read = || lazy.with(|| 7, |_| interleavings::rendezvous(2));
    thread::scope(|scope| {
        let one = scope.spawn(read);
        let other = scope.spawn(read);
        one.join().unwrap();
        other.join().unwrap();
    });
}

/// Somebody waits while the value is made.
fn the_value_takes_time() {
    let lazy = Lazy::new();
    let steps = AtomicU32::new(0);
    let make = || {
        steps.fetch_add(1, Ordering::Relaxed);
        steps.fetch_add(1, Ordering::Relaxed)
    };
    let read = || lazy.with(make, |value| *value);
    thread::scope(|scope| {
        let one = scope.spawn(read);
        let other = scope.spawn(read);
        one.join().unwrap();
        other.join().unwrap();
    });
}

#[test]
fn the_value_is_made_once() {
    interleavings::check(two_threads_ask);
    real_threads::run(two_threads_ask);
}

#[test]
fn readers_are_inside_at_the_same_time() {
    for made_before in [false, true] {
        interleavings::check(move || two_readers_meet(made_before));
        real_threads::run(move || two_readers_meet(made_before));
    }
}

#[test]
fn others_wait_while_the_value_is_made() {
    let sleepers = interleavings::Checker::new().allow_busy_waits(false);
    sleepers.check(the_value_takes_time);
    real_threads::run(the_value_takes_time);
}
