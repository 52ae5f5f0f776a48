//! One interface, two back ends: a pool of threads and a pool of processes.

use std::sync::atomic::{AtomicU32, Ordering};

use crossprocess::pool::{Pool, Work};
use serde::{Deserialize, Serialize};

use crate::death;
use crate::thread_pool::ThreadPool;

/// For the back end with processes.
pub const JOBS: Work<(), Job, u32> = Work::new("jobs");

/// What both can do. A closure would do for threads; to another process go data only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Job {
    Square(u32),
    /// Adds one to a static and returns nothing of interest.
    Count,
    Panic,
    /// Kills the process in which the job is done.
    Killed,
}

/// How often [`Job::Count`] was done in this process.
pub static COUNTED: AtomicU32 = AtomicU32::new(0);

impl Job {
    pub fn run(self) -> u32 {
        match self {
            Self::Square(number) => number * number,
            // Relaxed: whoever reads it has waited for the result of this job.
            Self::Count => COUNTED.fetch_add(1, Ordering::Relaxed),
            Self::Panic => panic!("broken"),
            Self::Killed => death::killed(),
        }
    }
}

/// Somebody who does jobs, somewhere.
pub trait BackEnd {
    /// One result a job, in the order of the jobs; an error says why there is none.
    fn map(&mut self, jobs: &[Job]) -> Vec<Result<u32, String>>;
}

impl BackEnd for ThreadPool {
    fn map(&mut self, jobs: &[Job]) -> Vec<Result<u32, String>> {
        let submit = |&job: &Job| self.submit(move || job.run());
        let futures: Vec<_> = jobs.iter().map(submit).collect();
        futures.iter().map(|future| future.wait().map_err(|e| e.to_string())).collect()
    }
}

impl BackEnd for Pool<Job, u32> {
    fn map(&mut self, jobs: &[Job]) -> Vec<Result<u32, String>> {
        let results = Self::map(self, jobs.iter().copied());
        results.map(|result| result.map_err(|e| e.to_string())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_keep_the_order_and_say_which_job_failed() {
        let mut pool = ThreadPool::new(3).unwrap();
        let mut jobs: Vec<_> = (0..50).map(Job::Square).collect();
        jobs[20] = Job::Panic;
        for (number, result) in (0..).zip(BackEnd::map(&mut pool, &jobs)) {
            match result {
                Ok(square) => assert_eq!(square, number * number),
                Err(why) => assert_eq!((number, why.contains("broken")), (20, true)),
            }
        }
    }
}
