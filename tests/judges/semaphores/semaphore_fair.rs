//! Judges `semaphore_fair`: the order of coming is the order of being served.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use interleavings::Checker;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

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

/// Takes a permit in one of the two ways.
fn take(semaphore: &FairSemaphore, with_limit: bool) {
    if with_limit {
        let got = semaphore.acquire_timeout(SECOND * 1000);
        assert!(got, "a waiter gave up, though permits came in time");
    } else {
        semaphore.acquire();
    }
}

/// Three threads come one after another and wait; a fourth comes when a permit does.
///
/// For a schedule in which nobody is preempted: virtual time passes only when nobody
/// can run, so whoever came a second ago sleeps by now.
fn four_come(with_limit: [bool; 4]) {
    let semaphore = FairSemaphore::new(1);
    let served = Mutex::new(Vec::new());
    semaphore.acquire();
    thread::scope(|scope| {
        for name in 1..=3 {
            let (semaphore, served) = (&semaphore, &served);
            scope.spawn(move || {
                thread::sleep(SECOND * name as u32);
                take(semaphore, with_limit[name - 1]);
                served.lock().unwrap().push(name);
                semaphore.release();
            });
        }
        thread::sleep(SECOND * 4);
        semaphore.release();
        // Awake, while those who waited are not running yet.
        take(&semaphore, with_limit[3]);
        served.lock().unwrap().push(4);
        semaphore.release();
    });
    let served = served.into_inner().unwrap();
    assert!(
        served == [1, 2, 3, 4],
        "somebody was overtaken: threads 1, 2, 3 and 4 came in this order, and were \
         served in the order {served:?}",
    );
}

#[test]
fn nobody_is_overtaken() {
    for with_limit in
        [[false; 4], [true; 4], [false, true, false, true], [true, false, true, false]]
    {
        sleeps(|| four_come(with_limit));
    }
}

/// The second one looks whether the first one waits already when it comes.
fn the_second_comes_later() {
    let semaphore = FairSemaphore::new(1);
    let served = Mutex::new(Vec::new());
    semaphore.acquire();
    let inside = AtomicUsize::new(0);
    let turn = |name: i32| {
        semaphore.acquire();
        let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
        assert!(now == 1, "{now} threads were inside at once, with 1 permit");
        served.lock().unwrap().push(name);
        inside.fetch_sub(1, Ordering::SeqCst);
        semaphore.release();
    };
    let later = thread::scope(|scope| {
        scope.spawn(|| turn(1));
        let second = scope.spawn(|| {
            let later = !semaphore.line.lock().unwrap().waiting.is_empty();
            turn(2);
            later
        });
        semaphore.release();
        second.join().unwrap()
    });
    let served = served.into_inner().unwrap();
    assert!(
        !later || served == [1, 2],
        "somebody was overtaken: thread 2 came when thread 1 waited, and was served \
         before it",
    );
    let line = semaphore.line.into_inner().unwrap();
    assert!(line.waiting.is_empty(), "all were served, and the line is not empty");
    let available = line.available;
    assert!(available == 1, "1 permit came back, and `available` says {available}");
}

#[test]
fn nobody_is_overtaken_in_any_interleaving() {
    check(the_second_comes_later);
    real_threads::run(the_second_comes_later);
}

/// The waiter is woken twice, without a permit, after 6 and 12 tenths of its limit.
///
/// Nobody is preempted here, and the clock goes on only when nobody can run.
fn woken_for_nothing() {
    let (semaphore, limit) = (FairSemaphore::new(0), SECOND * 10);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let start = Instant::now();
            (semaphore.acquire_timeout(limit), start.elapsed())
        });
        for _ in 0..2 {
            thread::sleep(limit * 6 / 10);
            semaphore.changed.notify_all();
        }
        let (got, time) = waiter.join().unwrap();
        assert!(!got, "no permit came, and one was taken");
        assert!(
            (limit..limit + SECOND / 2).contains(&time),
            "the limit was {limit:?}, and the wait took {time:?}: the time began anew \
             at a wake-up, or was another one",
        );
    });
}

/// Who allows no time at all still gets what is there.
fn a_permit_is_there_and_no_time() {
    let semaphore = FairSemaphore::new(1);
    let got = semaphore.acquire_timeout(Duration::ZERO);
    assert!(got, "a permit was there, and `acquire_timeout(0)` did not take it");
}

#[test]
fn the_limit_is_for_the_whole_wait() {
    sleeps(woken_for_nothing);
    sleeps(a_permit_is_there_and_no_time);
}

/// The first one in the line gives up before the permit comes.
fn the_first_gives_up(second_has_limit: bool) {
    let semaphore = FairSemaphore::new(1);
    semaphore.acquire();
    thread::scope(|scope| {
        let first = scope.spawn(|| semaphore.acquire_timeout(SECOND));
        let second = scope.spawn(|| {
            thread::sleep(SECOND / 2);
            !second_has_limit || semaphore.acquire_timeout(SECOND * 1000)
        });
        thread::sleep(SECOND * 2);
        semaphore.release();
        assert!(!first.join().unwrap(), "no permit came, and one was taken");
        assert!(
            second.join().unwrap(),
            "a waiter that had given up blocked the line: the next one was not served",
        );
    });
}

#[test]
fn who_gives_up_leaves_the_line() {
    sleeps(|| the_first_gives_up(true));
}

/// As before, at any time: the permit may come when the time of the first is up.
fn the_first_may_give_up(limit: Duration) {
    let semaphore = FairSemaphore::new(1);
    semaphore.acquire();
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
        semaphore.release();
    });
    let line = semaphore.line.into_inner().unwrap();
    assert!(line.waiting.is_empty(), "nobody waits, and the line is not empty");
    let available = line.available;
    assert!(available == 1, "1 permit came back, and `available` says {available}");
}

#[test]
fn who_gives_up_makes_way() {
    check(|| the_first_may_give_up(SECOND));
    real_threads::run(|| the_first_may_give_up(Duration::from_millis(10)));
}

fn two_are_inside_together() {
    let semaphore = FairSemaphore::new(2);
    semaphore.acquire();
    semaphore.acquire();
    thread::scope(|scope| {
        for with_limit in [false, true] {
            let semaphore = &semaphore;
            scope.spawn(move || {
                if with_limit {
                    if !semaphore.acquire_timeout(SECOND * 1000) {
                        // Its time may be up before anything else happens.
                        semaphore.acquire();
                    }
                } else {
                    semaphore.acquire();
                }
                interleavings::rendezvous(2);
                semaphore.release();
            });
        }
        semaphore.release();
        semaphore.release();
    });
}

#[test]
fn two_permits_let_two_in_together() {
    check(two_are_inside_together);
    real_threads::run(two_are_inside_together);
}
