//! Judges `lock_counter`: no increment is lost, each caller is told its own, and waits asleep.

use std::thread;
use std::time::Duration;

use super::*;

/// Two threads raise the counter twice each.
fn two_threads_count() {
    let counter = Counter::new();
    let mut told: Vec<u64> = thread::scope(|scope| {
        let threads = [10, 1].map(|amount| {
            let counter = &counter;
            scope.spawn(move || [counter.add(amount), counter.add(amount)])
        });
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let value = counter.value();
    assert!(value == 22, "an increment was lost: 10 + 10 + 1 + 1 made {value}, not 22",);
    told.sort_unstable();
    told.dedup();
    assert!(
        told.len() == 4 && told[3] == 22,
        "`add` returned a value that another thread made: it returned {told:?}",
    );
}

/// Virtual time does not pass as long as anybody can run, so who spins is found out.
fn the_counter_is_taken_for_an_hour() {
    let counter = Counter::new();
    thread::scope(|scope| {
        let taken = counter.value.lock().unwrap();
        scope.spawn(|| counter.add(1));
        thread::sleep(Duration::from_secs(3600));
        drop(taken);
    });
    let value = counter.value();
    assert!(value == 1, "an increment was lost: 1 made {value}");
}

#[test]
fn who_finds_the_counter_taken_sleeps() {
    let sleepers = interleavings::Checker::new().allow_busy_waits(false);
    sleepers.check(the_counter_is_taken_for_an_hour);
}

#[test]
fn no_increment_is_lost() {
    interleavings::check(two_threads_count);
    real_threads::run(two_threads_count);
}
