//! Judges `pool_threads`: jobs run at once, panics end nobody, all jobs are done.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn two_jobs_run_at_once() {
    let pool = Pool::new(2);
    for _ in 0..2 {
        pool.submit(meet);
    }
    drop(pool);
}

/// Only two threads that are at work at the same time get past here.
fn meet() {
    interleavings::rendezvous(2);
}

/// How many of the jobs were done that came after two that panicked.
fn jobs_after_panics() -> usize {
    let done = Arc::new(AtomicUsize::new(0));
    let pool = Pool::new(2);
    for _ in 0..2 {
        pool.submit(|| panic!("the panic of a job ended its worker"));
    }
    let counter = Arc::clone(&done);
    pool.submit(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    drop(pool);
    done.load(Ordering::SeqCst)
}

fn all_jobs_are_done_when_drop_returns() {
    let done = Arc::new(AtomicUsize::new(0));
    let pool = Pool::new(2);
    for _ in 0..3 {
        let done = Arc::clone(&done);
        pool.submit(move || {
            done.fetch_add(1, Ordering::SeqCst);
        });
    }
    drop(pool);
    let done = done.load(Ordering::SeqCst);
    assert!(done == 3, "{done} of 3 jobs were done when `drop` returned");
}

fn nothing_is_to_be_done_for_a_while() {
    let pool = Pool::new(2);
    thread::sleep(Duration::from_millis(1));
    pool.submit(|| ());
    drop(pool);
}

/// Answers that poll or start more threads have too many interleavings for all of them.
fn checker() -> interleavings::Checker {
    interleavings::Checker::new().max_time(Duration::from_secs(2))
}

#[test]
fn nobody_waits_busily() {
    let sleepers = interleavings::Checker::new().allow_busy_waits(false);
    sleepers.check(nothing_is_to_be_done_for_a_while);
}

#[test]
fn workers_work_at_the_same_time() {
    real_threads::sentences_first();
    let coverage = checker().check(two_jobs_run_at_once);
    let threads = coverage.threads_started;
    assert!(threads == 2, "a pool of 2 has had {threads} threads");
    real_threads::run(two_jobs_run_at_once);
}

#[test]
fn a_panic_ends_only_its_job() {
    real_threads::sentences_first();
    // Jobs panic in every interleaving, so the counts are collected, and judged then.
    let mut counts = checker().outcomes(jobs_after_panics).into_set();
    counts.push(real_threads::run(jobs_after_panics));
    let done = counts.iter().all(|count| *count == 1);
    assert!(done, "the panic of a job ended its worker: a later job was not done");
}

#[test]
fn dropping_waits_for_the_jobs() {
    checker().check(all_jobs_are_done_when_drop_returns);
    real_threads::run(all_jobs_are_done_when_drop_returns);
}
