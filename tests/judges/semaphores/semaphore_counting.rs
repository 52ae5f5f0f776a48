//! Judges `semaphore_counting`: the limit holds, and a thread sleeps while it waits.

use std::time::Duration;

use interleavings::Checker;

use super::*;

/// Looks at every interleaving. Who waits is to sleep.
fn check(body: impl Fn() + Send + Sync) {
    let sleepers = Checker::new().allow_busy_waits(false);
    sleepers.clone().preemptions(0).check(a_holder_is_slow);
    sleepers.check(body);
}

/// Virtual time does not pass as long as anybody can run.
fn a_holder_is_slow() {
    let semaphore = Semaphore::new(1);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                semaphore.acquire();
                thread::sleep(Duration::from_secs(1));
                semaphore.release();
            });
        }
    });
}

/// Three workers share the permits, and give all of them back.
fn three_workers_share(permits: isize) {
    let semaphore = Semaphore::new(permits);
    let inside = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                semaphore.acquire();
                let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                assert!(
                    now <= permits.unsigned_abs(),
                    "too many were inside at once: threads {now}, permits {permits}",
                );
                inside.fetch_sub(1, Ordering::SeqCst);
                semaphore.release();
            });
        }
    });
    let left = *semaphore.available.lock().unwrap();
    assert!(
        left == permits,
        "permits went astray: {permits} at the beginning, {left} when all were back",
    );
}

#[test]
fn one_permit_lets_one_in() {
    check(|| three_workers_share(1));
    real_threads::run(|| three_workers_share(1));
}

#[test]
fn two_permits_let_two_in() {
    check(|| three_workers_share(2));
    real_threads::run(|| three_workers_share(2));
}

fn two_are_inside_together() {
    let semaphore = Semaphore::new(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                semaphore.acquire();
                interleavings::rendezvous(2);
                semaphore.release();
            });
        }
    });
}

#[test]
fn two_permits_let_two_in_together() {
    check(two_are_inside_together);
    real_threads::run(two_are_inside_together);
}

/// Two threads wait before any permit is there, and two permits come.
fn two_wait_for_two() {
    let semaphore = Semaphore::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| semaphore.acquire());
        }
        semaphore.release();
        semaphore.release();
    });
}

#[test]
fn each_permit_lets_one_go_on() {
    check(two_wait_for_two);
    real_threads::run(two_wait_for_two);
}
