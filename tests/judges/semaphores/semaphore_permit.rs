//! Judges `semaphore_permit`: each permit comes back once, however its holder ends.

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};

use interleavings::Checker;

use super::*;

/// Looks at every interleaving. Who waits is to sleep.
fn check(body: impl Fn() + Send + Sync) {
    Checker::new().allow_busy_waits(false).check(body);
}

/// Comes first, while nothing panics: a panic in `drop` during a panic ends everything.
fn a_permit_comes_back() -> Semaphore {
    let semaphore = Semaphore::new(2);
    drop(semaphore.acquire());
    all_are_back(&semaphore, "a permit was dropped and is lost");
    semaphore
}

fn all_are_back(semaphore: &Semaphore, lost: &str) {
    let available = semaphore.available();
    assert!(
        available <= 2,
        "a permit came back twice: there are 2 permits, and `available` says {available}"
    );
    assert!(
        available == 2,
        "{lost}: there are 2 permits, and `available` says {available}"
    );
}

fn workers_take_turns() {
    let semaphore = a_permit_comes_back();
    let inside = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let _permit = semaphore.acquire();
                let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                assert!(now <= 2, "{now} threads were inside at once, with 2 permits");
                inside.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    all_are_back(&semaphore, "a permit was dropped and is lost");
}

#[test]
fn a_dropped_permit_comes_back() {
    check(workers_take_turns);
    real_threads::run(workers_take_turns);
}

fn workers_panic() {
    let semaphore = a_permit_comes_back();
    thread::scope(|scope| {
        let work = || -> () {
            let _permit = semaphore.acquire();
            // No message: this panic is meant.
            panic::resume_unwind(Box::new("on purpose"));
        };
        let workers = [scope.spawn(work), scope.spawn(work)];
        assert!(workers.map(|it| it.join().is_err()) == [true; 2]);
    });
    all_are_back(&semaphore, "the permit of a thread that panicked is lost");
}

#[test]
fn the_permit_of_a_panicking_thread_comes_back() {
    check(workers_panic);
    real_threads::run(workers_panic);
}

fn workers_give_back_early() {
    let semaphore = a_permit_comes_back();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| semaphore.acquire().release());
        }
    });
    all_are_back(&semaphore, "a released permit is lost");
}

#[test]
fn a_released_permit_comes_back_once() {
    check(workers_give_back_early);
    real_threads::run(workers_give_back_early);
}

/// Two threads wait before any permit is there; both keep what they get.
fn two_wait_for_two() {
    let semaphore = a_permit_comes_back();
    let permits = [semaphore.acquire(), semaphore.acquire()];
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let _permit = semaphore.acquire();
                interleavings::rendezvous(2);
            });
        }
        drop(permits);
    });
    all_are_back(&semaphore, "a permit was dropped and is lost");
}

#[test]
fn each_permit_lets_one_go_on() {
    check(two_wait_for_two);
    real_threads::run(two_wait_for_two);
}
