//! A rendezvous of real threads ends by what the threads do, not by a clock.

use std::hint::black_box;
use std::panic::catch_unwind;
use std::thread;
use std::time::{Duration, Instant};

use interleavings::rendezvous;

/// More than the time for which all others must be blocked.
const LONG: Duration = Duration::from_millis(1_500);

#[test]
fn who_is_alone_is_told_so_before_the_longest_wait_is_over() {
    let started = Instant::now();
    let payload = catch_unwind(|| rendezvous(2)).unwrap_err();
    let message = payload.downcast::<String>().unwrap();
    assert!(message.starts_with("ran one after another: only 1 of 2"), "{message}");
    if cfg!(target_os = "linux") {
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

/// Comes to the same line twice, once after `late`.
fn meet(late: fn()) {
    let meet = |late: fn()| {
        late();
        rendezvous(2);
    };
    thread::scope(|scope| {
        scope.spawn(|| meet(|| {}));
        scope.spawn(|| meet(late));
    });
}

#[test]
fn who_sleeps_is_waited_for() {
    meet(|| thread::sleep(LONG));
}

#[test]
fn who_works_is_waited_for() {
    meet(|| {
        let started = Instant::now();
        while black_box(started.elapsed()) < LONG {}
    });
}
