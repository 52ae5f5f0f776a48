//! Judges `lock_try`: chores are done meanwhile, none is lost, and nobody spins.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Instant;

use super::*;

/// Ends for the first of two threads when the second has come, too.
fn meet() {
    interleavings::rendezvous(2);
}

/// A reader keeps the total for an hour, and only then the adder comes. Nobody is
/// preempted, and the clock goes on only when nobody can run.
fn a_chore_takes_no_hour() {
    let hour = Duration::from_secs(3600);
    let total = Total::new();
    thread::scope(|scope| {
        scope.spawn(|| total.inspect(|_| thread::sleep(hour)));
        thread::sleep(hour / 4);
        let start = Instant::now();
        let chore = || {
            let time = start.elapsed();
            assert!(
                time < hour / 4,
                "the total was taken, and the first chore was done {time:?} later: it \
                 had to wait for the total"
            );
        };
        total.add(5, vec![Box::new(chore)]);
    });
}

/// A reader keeps the total until a chore has been done.
fn a_chore_is_done_meanwhile() {
    let total = Total::new();
    thread::scope(|scope| {
        let reader = scope.spawn(|| total.inspect(|_| meet()));
        let adder = scope.spawn(|| total.add(5, vec![Box::new(meet)]));
        reader.join().unwrap();
        adder.join().unwrap();
    });
    let value = total.inspect(|value| value);
    assert!(value == 5, "an amount was lost: 5 made {value}");
}

/// The reader is gone by the end of the first chore.
fn gone() {
    interleavings::rendezvous(2);
}

/// A reader keeps the total during the first of two chores.
fn the_total_is_free_after_a_chore() {
    let total = Total::new();
    let first = || {
        meet();
        gone();
    };
    let second = || {
        let value = total.inspect(|value| value);
        assert!(
            value == 5,
            "the total was free after the first chore, and the second one came before \
             the amount: nobody tried again in between"
        );
    };
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            total.inspect(|_| meet());
            gone();
        });
        let adder =
            scope.spawn(|| total.add(5, vec![Box::new(first), Box::new(second)]));
        reader.join().unwrap();
        adder.join().unwrap();
    });
}

/// Two threads add, each with two chores, while a third one looks.
fn every_chore_is_done_once() {
    let total = Total::new();
    let done = [const { AtomicU32::new(0) }; 2];
    thread::scope(|scope| {
        let add = |me: usize| {
            let done = &done[me];
            // Relaxed: each thread has a counter of its own.
            let chore = |number| -> Chore<'_> {
                Box::new(move || {
                    let before = done.fetch_add(1, Ordering::Relaxed);
                    assert!(before < 2, "a chore was done twice");
                    assert!(before == number, "the chores were done in another order");
                })
            };
            total.add(5, vec![chore(0), chore(1)]);
        };
        let one = scope.spawn(move || add(0));
        let other = scope.spawn(move || add(1));
        one.join().unwrap();
        other.join().unwrap();
    });
    for done in done {
        let done = done.into_inner();
        assert!(done == 2, "a chore was not done: {done} of 2 were");
    }
    let value = total.inspect(|value| value);
    assert!(value >= 10, "an amount was lost: 5 + 5 made {value}");
    assert!(value == 10, "an amount was added twice: 5 + 5 made {value}");
}

/// Somebody who has no chore waits for a reader.
fn nothing_else_to_do() {
    let total = Total::new();
    let pages = AtomicU32::new(0);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            total.inspect(|_| {
                pages.fetch_add(1, Ordering::Relaxed);
                pages.fetch_add(1, Ordering::Relaxed);
            });
        });
        let adder = scope.spawn(|| total.add(5, Vec::new()));
        reader.join().unwrap();
        adder.join().unwrap();
    });
    let value = total.inspect(|value| value);
    assert!(value == 5, "an amount was lost: 5 made {value}");
}

/// Nobody has the total, so the amount comes before the chores.
fn the_total_is_free() {
    let total = Total::new();
    let chore = || {
        let value = total.inspect(|value| value);
        assert!(value == 5, "a chore came first although the total was free");
    };
    total.add(5, vec![Box::new(chore)]);
}

#[test]
fn a_free_total_is_raised_at_once() {
    interleavings::check(the_total_is_free);
    real_threads::run(the_total_is_free);
}

#[test]
fn chores_are_done_while_the_total_is_taken() {
    interleavings::Checker::new().preemptions(0).check(a_chore_takes_no_hour);
    interleavings::check(a_chore_is_done_meanwhile);
    interleavings::check(the_total_is_free_after_a_chore);
    real_threads::run(a_chore_is_done_meanwhile);
}

#[test]
fn no_chore_and_no_amount_is_lost() {
    interleavings::check(every_chore_is_done_once);
    real_threads::run(every_chore_is_done_once);
}

#[test]
fn who_has_no_chore_waits() {
    interleavings::Checker::new().allow_busy_waits(false).check(nothing_else_to_do);
    real_threads::run(nothing_else_to_do);
}
