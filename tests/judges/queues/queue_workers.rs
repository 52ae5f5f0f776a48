//! Judges `queue_workers`: each job once, workers overlap, a panic costs one job.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn two_jobs_meet() {
    let job = || -> Job { Box::new(|| interleavings::rendezvous(2)) };
    let panicked = run_all(vec![job(), job()], 2);
    assert!(panicked == 0, "no job panicked, but `work` counted {panicked}");
}

fn each_job_runs_once() {
    let runs: Arc<[AtomicUsize; 3]> = Arc::default();
    let jobs = (0..3).map(|number| -> Job {
        let runs = Arc::clone(&runs);
        Box::new(move || {
            runs[number].fetch_add(1, Ordering::Relaxed);
        })
    });
    run_all(jobs.collect(), 2);
    for (number, runs) in runs.iter().enumerate() {
        let runs = runs.load(Ordering::Relaxed);
        assert!(runs == 1, "job {number} ran {runs} times");
    }
}

/// Two of five jobs panic; with one worker these are both its own.
fn a_panic_costs_one_job(workers: usize) {
    let done = Arc::new(AtomicUsize::new(0));
    let good = || -> Job {
        let done = Arc::clone(&done);
        Box::new(move || {
            done.fetch_add(1, Ordering::Relaxed);
        })
    };
    let bad = || -> Job { Box::new(|| panic!("the panic of a job ended its worker")) };
    let panicked = run_all(vec![good(), bad(), good(), bad(), good()], workers);
    let done = done.load(Ordering::Relaxed);
    assert!(done == 3, "two jobs panicked, and {} others were never run", 3 - done);
    assert!(panicked == 2, "two jobs panicked, but `run_all` counted {panicked}");
}

#[test]
fn two_workers_work_at_the_same_time() {
    interleavings::check(two_jobs_meet);
    real_threads::run(two_jobs_meet);
}

#[test]
fn every_job_runs_once() {
    interleavings::check(each_job_runs_once);
    real_threads::run(each_job_runs_once);
}

#[test]
fn a_job_that_panics_costs_nothing_but_itself() {
    interleavings::check(|| a_panic_costs_one_job(1));
    interleavings::check(|| a_panic_costs_one_job(2));
    real_threads::run(|| a_panic_costs_one_job(2));
}
