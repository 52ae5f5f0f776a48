//! Judges `condition_barrier`: all come before anybody goes, and one of them leads.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use std::time::Duration;

use interleavings::Checker;

use super::*;

/// Looks at every interleaving. Who waits is to sleep.
fn check(body: impl Fn() + Send + Sync) {
    sleeps(one_comes_late);
    sleepers().check(body);
}

fn sleeps(body: impl Fn() + Send + Sync) {
    sleepers().preemptions(0).check(body);
}

fn sleepers() -> Checker {
    Checker::new().allow_busy_waits(false)
}

/// Virtual time does not pass as long as anybody can run.
fn one_comes_late() {
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| barrier.wait());
        thread::sleep(Duration::from_secs(1));
        barrier.wait();
    });
}

/// So many threads come to the barrier so many times.
fn rounds_of(threads: usize, rounds: usize) {
    let barrier = Barrier::new(threads);
    let came: Vec<_> = (0..threads).map(|_| AtomicUsize::new(0)).collect();
    let leaders: Vec<_> = (0..rounds).map(|_| AtomicUsize::new(0)).collect();
    thread::scope(|scope| {
        for me in 0..threads {
            let (barrier, came, leaders) = (&barrier, &came, &leaders);
            scope.spawn(move || {
                for round in 1..=rounds {
                    came[me].store(round, Ordering::SeqCst);
                    let leads = barrier.wait();
                    let slowest = came.iter().map(|it| it.load(Ordering::SeqCst)).min();
                    assert!(
                        slowest >= Some(round),
                        "went on alone: thread {me} left round {round} when another one \
                         had not come to it",
                    );
                    leaders[round - 1].fetch_add(usize::from(leads), Ordering::SeqCst);
                }
            });
        }
    });
    for (round, leaders) in leaders.into_iter().enumerate() {
        let leaders = leaders.into_inner();
        assert!(leaders == 1, "round {} had {leaders} leaders, not one", round + 1);
    }
}

#[test]
fn two_threads_come_again() {
    check(|| rounds_of(2, 2));
    check(|| rounds_of(2, 3));
    real_threads::run(|| rounds_of(2, 3));
}

#[test]
fn three_threads_come_again() {
    check(|| rounds_of(3, 1));
    Checker::new().preemptions(1).check(|| rounds_of(3, 2));
    real_threads::run(|| rounds_of(3, 2));
}

/// Four threads come once to a barrier for two, so they pass in pairs.
fn four_pass_in_pairs() {
    let barrier = Barrier::new(2);
    let (came, passed) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                came.fetch_add(1, Ordering::SeqCst);
                barrier.wait();
                let passed = passed.fetch_add(1, Ordering::SeqCst) + 1;
                let came = came.load(Ordering::SeqCst);
                assert!(
                    passed <= came / 2 * 2,
                    "went on alone: {passed} had passed a barrier for 2 when {came} had come",
                );
            });
        }
    });
}

#[test]
fn more_threads_than_parties_pass_in_rounds() {
    sleeps(one_comes_late);
    Checker::new().preemptions(1).check(four_pass_in_pairs);
    real_threads::run(four_pass_in_pairs);
}
