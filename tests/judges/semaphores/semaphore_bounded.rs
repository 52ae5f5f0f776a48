//! Judges `semaphore_bounded`: a release too many is refused and changes nothing.

use interleavings::Checker;

use super::*;

/// Looks at every interleaving. Who waits is to sleep.
fn check(body: impl Fn() + Send + Sync) {
    Checker::new().allow_busy_waits(false).check(body);
}

/// Of two permits one is taken, and two threads give one back.
fn two_give_back_the_same() {
    let semaphore = BoundedSemaphore::new(2);
    semaphore.acquire();
    let mut answers = thread::scope(|scope| {
        let release = || semaphore.release(1);
        let threads = [scope.spawn(release), scope.spawn(release)];
        threads.map(|thread| thread.join().unwrap())
    });
    answers.sort_by_key(Result::is_err);
    let available = semaphore.available();
    assert!(available <= 2, "over the limit: {available} permits, and 2 were made");
    assert!(
        answers == [Ok(()), Err(OverRelease)],
        "1 permit was out, 2 threads gave it back and were told {answers:?}",
    );
    assert!(
        available == 2,
        "1 of 2 permits came back, and `available` says {available}"
    );
}

#[test]
fn one_permit_is_given_back_once() {
    check(two_give_back_the_same);
    real_threads::run(two_give_back_the_same);
}

#[test]
fn a_refused_release_changes_nothing() {
    let body = || {
        let semaphore = BoundedSemaphore::new(3);
        semaphore.acquire();
        let answer = semaphore.release(2);
        assert!(
            answer == Err(OverRelease),
            "1 permit was out, 2 came back, and the answer was {answer:?}",
        );
        let available = semaphore.available();
        assert!(
            available == 2,
            "a refused release changed something: 2 permits before, now {available}",
        );
        let answer = semaphore.release(1);
        assert!(answer.is_ok(), "a permit that was out was refused");
    };
    check(body);
    real_threads::run(body);
}

/// Any number may be given back by mistake, also one that no addition can hold.
fn far_too_many() {
    let semaphore = BoundedSemaphore::new(3);
    semaphore.acquire();
    for permits in [usize::MAX, usize::MAX - 1] {
        let answer = semaphore.release(permits);
        assert!(
            answer == Err(OverRelease),
            "1 permit was out, {permits} came back, and the answer was {answer:?}",
        );
        let available = semaphore.available();
        assert!(
            available == 2,
            "a refused release changed something: 2 permits before, now {available}",
        );
    }
}

#[test]
fn no_number_is_too_large_to_be_refused() {
    check(far_too_many);
    real_threads::run(far_too_many);
}

/// Two threads wait, and one release gives back what both need.
fn two_wait_for_one_release() {
    let semaphore = BoundedSemaphore::new(2);
    semaphore.acquire();
    semaphore.acquire();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| semaphore.acquire());
        }
        semaphore.release(2).unwrap();
    });
    let available = semaphore.available();
    assert!(
        available == 0,
        "both permits are out again, and `available` says {available}"
    );
}

#[test]
fn each_permit_wakes_a_thread() {
    check(two_wait_for_one_release);
    real_threads::run(two_wait_for_one_release);
}

/// Two threads wait before any permit is there, and two permits come.
fn two_wait_for_two() {
    let semaphore = BoundedSemaphore::new(2);
    semaphore.acquire();
    semaphore.acquire();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| semaphore.acquire());
        }
        semaphore.release(1).unwrap();
        semaphore.release(1).unwrap();
    });
}

#[test]
fn each_permit_lets_one_go_on() {
    check(two_wait_for_two);
    real_threads::run(two_wait_for_two);
}
