//! Judges `lock_scope`: no lock is held while a job runs, and each job is done once.

use std::thread;

use super::*;

/// Two workers do `jobs` with `compute` and return what is stored.
fn two_workers(jobs: &[u64], compute: impl Fn(u64) -> u64 + Sync) -> Vec<(u64, u64)> {
    let workshop = Workshop::new(jobs.iter().copied());
    thread::scope(|scope| {
        let first_worker = scope.spawn(|| workshop.work(&compute));
        let second_worker = scope.spawn(|| workshop.work(&compute));
        first_worker.join().unwrap();
        second_worker.join().unwrap();
    });
    workshop.into_results()
}

/// A job ends only when another one runs, too.
fn two_jobs_run_at_once() {
    let results = two_workers(&[1, 2, 3, 4], |job| {
        interleavings::rendezvous(2);
        job * 10
    });
    assert!(results == [(1, 10), (2, 20), (3, 30), (4, 40)], "stored: {results:?}");
}

fn each_job_is_done_once() {
    let results = two_workers(&[1, 2, 3], |job| job * 10);
    let mut jobs: Vec<u64> = results.iter().map(|(job, _)| *job).collect();
    assert!(jobs.len() >= 3, "a job or its result was lost: results of {jobs:?}");
    jobs.dedup();
    assert!(jobs.len() == results.len(), "a job was done twice: {results:?}");
    assert!(results == [(1, 10), (2, 20), (3, 30)], "a result is wrong: {results:?}");
}

#[test]
fn the_workers_compute_at_the_same_time() {
    interleavings::check(two_jobs_run_at_once);
    real_threads::run(two_jobs_run_at_once);
}

#[test]
fn no_job_is_lost_or_done_twice() {
    interleavings::check(each_job_is_done_once);
    real_threads::run(each_job_is_done_once);
}
