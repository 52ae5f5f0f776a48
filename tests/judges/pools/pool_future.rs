//! Judges `pool_future`: a job runs or is cancelled, and everybody who waits is told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;

use super::*;

fn start_worker(jobs: Receiver<Job>) -> JoinHandle<()> {
    let worker = thread::Builder::new().name("worker".into());
    let run = move || jobs.into_iter().for_each(|job| job());
    worker.spawn(run).expect("a thread can be started")
}

fn a_job_runs_or_is_cancelled() {
    let (queue, jobs) = channel();
    let ran = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&ran);
    let job = submit(&queue, move || theirs.store(true, Ordering::SeqCst));
    drop(queue);
    let worker = start_worker(jobs);
    let cancelled = job.cancel();
    worker.join().unwrap();
    let ran = ran.load(Ordering::SeqCst);
    assert!(!(cancelled && ran), "a job ran that was said to be cancelled");
    assert!(cancelled || ran, "a job did not run, and was not said to be cancelled");
    let outcome = job.wait();
    let right = if cancelled { Err("cancelled") } else { Ok(()) };
    assert!(outcome == right, "the outcome was {outcome:?} in place of {right:?}");
}

fn a_running_job_is_not_cancelled() {
    let (queue, jobs) = channel();
    let (running, started) = channel();
    let (go, gate) = channel();
    let job = submit(&queue, move || {
        let _ = running.send(());
        let _ = gate.recv();
        42
    });
    drop(queue);
    let worker = start_worker(jobs);
    let _ = started.recv();
    let cancelled = job.cancel();
    let early = job.wait_at_most(Duration::from_millis(1));
    let _ = go.send(());
    worker.join().unwrap();
    let outcome = job.wait();
    assert!(!cancelled, "a job that was running was cancelled");
    assert!(early.is_none(), "{early:?} came out of a job that was running");
    assert!(outcome == Ok(42), "the outcome was {outcome:?} in place of Ok(42)");
    assert!(!job.cancel(), "a job that had ended was cancelled");
}

/// Two jobs, of which the first one panics.
fn outcomes_with_a_panic() -> [Result<u8, &'static str>; 2] {
    let (queue, jobs) = channel();
    let unlucky = submit(&queue, || panic!("the panic of a job ended its worker"));
    let lucky = submit(&queue, || 42);
    drop(queue);
    let worker = start_worker(jobs);
    let outcomes = [unlucky.wait(), lucky.wait()];
    worker.join().unwrap();
    outcomes
}

/// Two threads wait; the outcome comes from a worker or from a call of `cancel`.
fn all_who_wait_are_told(cancel: bool) {
    let (queue, jobs) = channel::<Job>();
    let end = |job: &Handle<u8>| {
        if cancel {
            job.cancel();
        }
        if let Ok(job) = jobs.recv() {
            job();
        }
    };
    // Nobody waits for this one yet. An untouched exercise stops here.
    end(&submit(&queue, || 41));
    let job = submit(&queue, || 42);
    let outcomes = thread::scope(|scope| {
        let first = scope.spawn(|| job.wait());
        let second = scope.spawn(|| job.wait());
        end(&job);
        [first.join().unwrap(), second.join().unwrap()]
    });
    let right = if cancel { Err("cancelled") } else { Ok(42) };
    assert!(
        outcomes == [right; 2],
        "two waited for {right:?}, and were told {outcomes:?}"
    );
}

#[test]
fn starting_and_cancelling_exclude_each_other() {
    interleavings::check(a_job_runs_or_is_cancelled);
    real_threads::run(a_job_runs_or_is_cancelled);
}

#[test]
fn what_runs_is_not_cancelled() {
    interleavings::check(a_running_job_is_not_cancelled);
    real_threads::run(a_running_job_is_not_cancelled);
}

#[test]
fn a_panic_is_an_outcome() {
    real_threads::sentences_first();
    let mut all = interleavings::outcomes(outcomes_with_a_panic).into_set();
    all.push(real_threads::run(outcomes_with_a_panic));
    for outcomes in all {
        assert!(
            outcomes == [Err("panicked"), Ok(42)],
            "a job that panicked and one that did not ended as {outcomes:?}"
        );
    }
}

#[test]
fn everybody_is_told_the_result() {
    interleavings::check(|| all_who_wait_are_told(false));
    real_threads::run(|| all_who_wait_are_told(false));
}

#[test]
fn everybody_is_told_of_the_cancelling() {
    interleavings::check(|| all_who_wait_are_told(true));
    real_threads::run(|| all_who_wait_are_told(true));
}
