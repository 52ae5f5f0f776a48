//! Judges `queue_stealing` on real threads: each job once, nobody leaves early.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;

const JOBS: usize = 200;

/// A job that makes two, which make two each, and so on.
fn branch(number: usize, runs: Arc<Vec<AtomicUsize>>) -> Job {
    Box::new(move |queue| {
        runs[number].fetch_add(1, Ordering::Relaxed);
        for child in [2 * number + 1, 2 * number + 2] {
            if child < JOBS {
                queue.push(branch(child, Arc::clone(&runs)));
            }
        }
    })
}

#[test]
fn every_job_runs_once() {
    real_threads::run(|| {
        for _ in 0..20 {
            let runs: Arc<Vec<_>> =
                Arc::new((0..JOBS).map(|_| AtomicUsize::new(0)).collect());
            run(branch(0, Arc::clone(&runs)), 3);
            for (number, runs) in runs.iter().enumerate() {
                let runs = runs.load(Ordering::Relaxed);
                assert!(runs > 0, "`run` returned before job {number} had been run");
                assert!(runs == 1, "job {number} ran {runs} times");
            }
        }
    });
}

/// The jobs of one worker's queue are done by two workers at the same time.
#[test]
fn an_idle_worker_steals() {
    real_threads::run(|| {
        let first = |queue: &Queue| {
            for _ in 0..2 {
                queue.push(Box::new(|_| interleavings::rendezvous(2)));
            }
        };
        run(Box::new(first), 2);
    });
}

/// A worker that finds nothing waits for the jobs of one that is still busy.
#[test]
fn nobody_leaves_while_a_job_is_running() {
    real_threads::run(|| {
        let first = |queue: &Queue| {
            // Time for the other worker to look, find nothing, and make its mistake.
            thread::sleep(Duration::from_millis(300));
            for _ in 0..2 {
                queue.push(Box::new(|_| interleavings::rendezvous(2)));
            }
        };
        run(Box::new(first), 2);
    });
}

/// The newest own job comes first: what is in the cache is used again.
#[test]
fn a_worker_looks_at_home_first() {
    real_threads::run(|| {
        let order = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&order);
        let first = move |queue: &Queue| {
            for number in 1..=3 {
                let order = Arc::clone(&seen);
                queue.push(Box::new(move |_| order.lock().unwrap().push(number)));
            }
        };
        run(Box::new(first), 1);
        let order = order.lock().unwrap();
        assert!(
            *order == [3, 2, 1],
            "a worker took the oldest of its own jobs: {order:?}"
        );
    });
}
