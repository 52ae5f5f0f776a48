//! What the workers of the scene `processes` do: they look up primes in a table.

use std::process;
use std::thread;
use std::time::Duration;

use crossprocess::pool::Work;
use serde::{Deserialize, Serialize};

use crate::death;

/// Parent and workers know the work by this name, and agree on its types.
pub const PRIMES: Work<usize, Job, Answer> = Work::new("primes");

const WORK_TIME: Duration = Duration::from_millis(20);

/// Plain data: a closure cannot go to another process.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub enum Job {
    /// Which prime to look up; 1 for the first.
    Prime(usize),
    /// The same, but it takes longer.
    Slowly(usize),
    /// Kills the worker, as somebody else might.
    Killed,
}

#[derive(Serialize, Deserialize)]
pub struct Answer {
    pub prime: u32,
    /// The worker's process id.
    pub pid: u32,
    /// How many jobs this worker has done, with this one.
    pub jobs: u32,
}

/// What a worker keeps from job to job.
pub struct State {
    primes: Vec<u32>,
    jobs: u32,
}

/// Prepares a worker: a table of the primes below `limit`.
pub fn prepare(limit: usize) -> Result<State, String> {
    let mut crossed_out = vec![false; limit];
    let mut primes = Vec::new();
    for number in 2..limit {
        if !crossed_out[number] {
            primes.push(number as u32);
            (number * number..limit)
                .step_by(number)
                .for_each(|n| crossed_out[n] = true);
        }
    }
    if primes.is_empty() {
        Err(format!("no primes below {limit}"))
    } else {
        Ok(State { primes, jobs: 0 })
    }
}

/// Does a job; a panic would be the result of that job.
pub fn work(state: &mut State, job: Job) -> Answer {
    let number = match job {
        Job::Prime(number) => number,
        Job::Slowly(number) => {
            // Stands for work; the result is the same however long it takes.
            thread::sleep(WORK_TIME);
            number
        }
        Job::Killed => death::killed(),
    };
    state.jobs += 1;
    Answer { prime: state.primes[number - 1], pid: process::id(), jobs: state.jobs }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_prepared_once_and_the_count_goes_on() {
        let mut state = prepare(20).unwrap();
        assert_eq!(state.primes, [2, 3, 5, 7, 11, 13, 17, 19]);
        assert_eq!(work(&mut state, Job::Prime(8)).prime, 19);
        assert_eq!(work(&mut state, Job::Slowly(1)).jobs, 2);
        assert!(prepare(2).is_err());
    }
}
