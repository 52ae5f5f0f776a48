//! Judges `thread_map`: all workers at once, no more of them, results in order.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Each call waits for another one, so two threads have to be at work.
fn two_workers_map_four_items() {
    let results = parallel_map(&[10, 20, 30, 40], 2, |item| {
        interleavings::rendezvous(2);
        item + 1
    });
    assert!(results.len() == 4, "4 items made {} results", results.len());
}

fn the_results_are_in_order() {
    let calls = AtomicUsize::new(0);
    let items = [10, 20, 30, 40, 50];
    let results = parallel_map(&items, 2, |item| {
        calls.fetch_add(1, Ordering::SeqCst);
        item + 1
    });
    let calls = calls.into_inner();
    assert!(results.len() == 5, "5 items made {} results", results.len());
    assert!(calls == 5, "`f` was called {calls} times for 5 items");
    assert!(
        results == [11, 21, 31, 41, 51],
        "the results are not in the order of the items: {results:?}"
    );
}

fn few_items_are_mapped() {
    for (items, right) in [(&[][..], &[][..]), (&[1], &[2]), (&[1, 2], &[2, 3])] {
        let results = parallel_map(items, 3, |item: &i32| item + 1);
        assert!(
            results == right,
            "3 workers made {results:?} of {items:?} by adding 1"
        );
    }
}

/// Panics when more threads were started than there are workers.
fn at_most(workers: usize, coverage: &interleavings::Coverage) {
    real_threads::sentences_first();
    let threads = coverage.threads_started;
    assert!(
        threads <= workers,
        "threads started in all: {threads}, workers asked for: {workers}"
    );
}

#[test]
fn the_workers_are_at_work_at_the_same_time() {
    at_most(2, &interleavings::check(two_workers_map_four_items));
    real_threads::run(two_workers_map_four_items);
}

#[test]
fn the_results_are_in_the_order_of_the_items() {
    at_most(2, &interleavings::check(the_results_are_in_order));
    real_threads::run(the_results_are_in_order);
}

#[test]
fn few_items_are_no_problem() {
    interleavings::check(few_items_are_mapped);
    real_threads::run(few_items_are_mapped);
}
