//! Goal:   workers share jobs and results, and all of them compute at the same time.
//! Given:  a queue of jobs and a list of results, each behind a mutex of its own.
//! Change: the body of `work`.
//! Check:  cargo test --bin lock_scope
//! Read:   book/src/locks.md, the part on how long a guard lives

use std::collections::VecDeque;
use std::sync::Mutex;
use std::thread;

const WORKERS: usize = 2;

/// What there is to do and what has been done, shared by all workers.
struct Workshop {
    jobs: Mutex<VecDeque<u64>>,
    results: Mutex<Vec<(u64, u64)>>,
}

impl Workshop {
    fn new(jobs: impl IntoIterator<Item = u64>) -> Self {
        Self {
            jobs: Mutex::new(jobs.into_iter().collect()),
            results: Mutex::new(Vec::new()),
        }
    }

    /// Takes one job after the other until none is left, computes its result, and
    /// stores both. While one worker computes, the others take, compute and store.
    fn work(&self, compute: impl Fn(u64) -> u64) {
        // TODO: do all jobs, and hold no lock while `compute` runs.
        todo!("do the jobs and store the results")
    }

    /// The results, sorted by job.
    fn into_results(self) -> Vec<(u64, u64)> {
        let mut results = self.results.into_inner().unwrap();
        results.sort_unstable();
        results
    }
}

fn main() {
    real_threads::end_if_stuck();
    let workshop = Workshop::new([10_000, 20_000, 30_000, 40_000]);
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| workshop.work(primes_below));
        }
    });
    for (limit, primes) in workshop.into_results() {
        println!("{primes} primes below {limit}");
    }
}

fn primes_below(limit: u64) -> u64 {
    let prime =
        |n: &u64| (2..).take_while(|d| d * d <= *n).all(|d| !n.is_multiple_of(d));
    (2..limit).filter(prime).count() as u64
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn one_worker_does_all() {
        interleavings::check(|| {
            let workshop = Workshop::new([1, 2, 3]);
            workshop.work(|job| job * 10);
            assert_eq!(workshop.into_results(), [(1, 10), (2, 20), (3, 30)]);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/locks/lock_scope.rs"]
mod judge;
