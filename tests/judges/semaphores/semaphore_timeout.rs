//! Judges `semaphore_timeout`: one limit for the whole call, and no permit is wasted.

use std::sync::atomic::{AtomicUsize, Ordering};

use interleavings::Checker;

use super::*;

const LIMIT: Duration = Duration::from_millis(1);

/// Looks at every interleaving. Who waits is to sleep.
fn check(body: impl Fn() + Send + Sync) {
    sleepers().check(body);
}

fn sleeps(body: impl Fn() + Send + Sync) {
    sleepers().preemptions(0).check(body);
}

fn sleepers() -> Checker {
    Checker::new().allow_busy_waits(false)
}

/// The waiter is woken twice, without a permit, after 6 and 12 tenths of its limit.
fn woken_for_nothing(limit: Duration) -> Duration {
    let semaphore = Semaphore::new(0);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let start = Instant::now();
            (semaphore.acquire_timeout(limit), start.elapsed())
        });
        scope.spawn(|| {
            for _ in 0..2 {
                thread::sleep(limit * 6 / 10);
                semaphore.released.notify_all();
            }
        });
        let (got, time) = waiter.join().unwrap();
        assert!(!got, "there was no permit, and `acquire_timeout` returned `true`");
        assert!(time >= limit, "gave up too early: after {time:?} of {limit:?}");
        time
    })
}

/// Nobody else is there. The clock goes on only when nobody can run.
fn the_wait_is_as_long_as_the_limit() {
    let semaphore = Semaphore::new(0);
    for limit in [Duration::ZERO, LIMIT, LIMIT * 9] {
        let start = Instant::now();
        let got = semaphore.acquire_timeout(limit);
        let time = start.elapsed();
        assert!(!got, "there was no permit, and `acquire_timeout` returned `true`");
        assert!(
            (limit..limit + LIMIT / 2).contains(&time),
            "the limit was {limit:?}, and `acquire_timeout` waited for {time:?}",
        );
    }
}

/// Who allows no time at all still gets what is there.
fn a_permit_is_there_and_no_time() {
    let semaphore = Semaphore::new(1);
    let got = semaphore.acquire_timeout(Duration::ZERO);
    assert!(got, "a permit was there, and `acquire_timeout(0)` did not take it");
    let available = *semaphore.available.lock().unwrap();
    assert!(
        available == 0,
        "1 permit was taken of 1, and `available` says {available}"
    );
}

#[test]
fn the_limit_is_kept() {
    sleeps(the_wait_is_as_long_as_the_limit);
}

#[test]
fn a_permit_costs_no_time() {
    check(a_permit_is_there_and_no_time);
    real_threads::run(a_permit_is_there_and_no_time);
}

#[test]
fn a_wake_up_without_a_permit_changes_nothing() {
    // Enough for a thread that looks every now and then to be noticed.
    let limit = LIMIT * 15;
    sleeps(|| {
        let time = woken_for_nothing(limit);
        // Only here, where nobody is slower than needed: a thread that is stopped on
        // its way into the wait sleeps longer, and cannot help it.
        assert!(
            time < limit * 15 / 10,
            "the time began anew at a wake-up: the limit was {limit:?}, the wait took \
             {time:?}",
        );
    });
    check(|| {
        woken_for_nothing(LIMIT);
    });
    real_threads::run(|| woken_for_nothing(Duration::from_millis(20)));
}

/// The waiter's time may be up when the permit is there and the notification is not.
fn a_permit_at_the_last_moment(limit: Duration) {
    let semaphore = Semaphore::new(0);
    let start = Instant::now();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| semaphore.acquire_timeout(limit));
        // The result is right without it; with it the waiter waits more often.
        thread::sleep(limit / 2);
        let mut available = semaphore.available.lock().unwrap();
        // From here on the waiter cannot return before it sees the permit.
        let in_time = start.elapsed() < limit;
        *available += 1;
        drop(available);
        semaphore.released.notify_one();
        let got = waiter.join().unwrap();
        assert!(
            got || !in_time,
            "there was a permit when the time was up, and it was not taken",
        );
    });
}

#[test]
fn a_permit_that_is_there_is_taken() {
    check(|| a_permit_at_the_last_moment(LIMIT));
    real_threads::run(|| a_permit_at_the_last_moment(Duration::from_millis(20)));
}

/// One waits for ever, the other not quite as long as the permit takes to come.
fn one_gives_up(limit: Duration) {
    let semaphore = Semaphore::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            if semaphore.acquire_timeout(limit) {
                semaphore.release();
            }
        });
        scope.spawn(|| {
            semaphore.acquire();
            semaphore.release();
        });
        thread::sleep(limit);
        semaphore.release();
    });
    let available = *semaphore.available.lock().unwrap();
    assert!(available == 1, "1 permit came back, and `available` says {available}");
}

#[test]
fn who_gives_up_leaves_the_permit_to_the_others() {
    check(|| one_gives_up(LIMIT));
    real_threads::run(|| one_gives_up(Duration::from_millis(20)));
}

fn two_share_a_permit() {
    let semaphore = Semaphore::new(1);
    let inside = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                if semaphore.acquire_timeout(LIMIT * 1000) {
                    let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                    assert!(
                        now == 1,
                        "{now} threads were inside at once, with 1 permit"
                    );
                    inside.fetch_sub(1, Ordering::SeqCst);
                    semaphore.release();
                }
            });
        }
    });
    let available = *semaphore.available.lock().unwrap();
    assert!(available == 1, "1 permit came back, and `available` says {available}");
}

#[test]
fn one_permit_lets_one_in() {
    check(two_share_a_permit);
    real_threads::run(two_share_a_permit);
}
