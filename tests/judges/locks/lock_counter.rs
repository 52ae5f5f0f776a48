//! Judges `lock_counter`: no increment is lost, and each caller is told its own.

use std::thread;

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

#[test]
fn no_increment_is_lost() {
    interleavings::check(two_threads_count);
    real_threads::run(two_threads_count);
}
