//! A guard held too long makes the workers take turns; dropped early, all work at once.
//!
//! Workers take jobs from a list behind a mutex. Taken in the head of a `match`, the
//! guard is a temporary that lives until the end of the match, and the job is done
//! under the lock. Taken in a `let` of its own, the guard is gone before the job
//! begins. Python's `with lock:` shows by indentation how far it reaches; a guard in
//! the middle of an expression does not, and until edition 2024 the one in the head of
//! an `if let` reached through the `else` as well.
//!
//! Run:     cargo run -p lock-demo -- scope
//! Expect:  who keeps the lock, and lanes: one job at a time, then four at once
//! Chapter: book/src/locks.md
//! Source:  the Rust Reference, "Destructors", temporary scopes

use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use common::{Actor, measure, println, timeline};

use crate::guard_extent;

const WORKERS: usize = 4;
const JOBS: usize = 8;
/// Stands for a slow job, such as a request to a server.
const JOB_TIME: Duration = Duration::from_millis(10);

type Jobs = Mutex<Vec<usize>>;

pub fn run() -> anyhow::Result<()> {
    guard_extent::show()?;

    let in_match = time_of_all_jobs(|jobs, me| match jobs.lock().unwrap().pop() {
        Some(job) => do_job(me, job),
        None => false,
    });
    // The barrier opens when all workers are between `let` and job. If one of them
    // held the lock there, the others could never come, and the scene would hang.
    let all_have_a_job = Barrier::new(WORKERS);
    let after_let = time_of_all_jobs(|jobs, me| {
        let taken = jobs.lock().unwrap().pop();
        let Some(job) = taken else { return false };
        all_have_a_job.wait();
        do_job(me, job)
    });
    timeline::so_far().print();
    let said = [in_match, after_let].map(|time| measure::duration(time.as_secs_f64()));
    println!("{JOBS} jobs took {} in the match, {} after the let", said[0], said[1]);

    // Shorter only if two jobs had run at once. The other time is not promised.
    let one_by_one = JOB_TIME * JOBS as u32;
    ensure!(in_match >= one_by_one, "jobs under one lock took only {in_match:?}");
    println!("\nok: {WORKERS} jobs run at once when the guard goes before the job");
    Ok(())
}

/// Starts workers that call `take_and_do` until it says that no job is left.
fn time_of_all_jobs(take_and_do: impl Fn(&Jobs, Actor) -> bool + Sync) -> Duration {
    let jobs = Mutex::new((1..=JOBS).collect());
    let workers: Vec<Actor> =
        (1..=WORKERS).map(|number| Actor::new(format!("worker {number}"))).collect();
    let started = Instant::now();
    thread::scope(|scope| {
        for me in workers {
            let (jobs, take_and_do) = (&jobs, &take_and_do);
            scope.spawn(move || while take_and_do(jobs, me) {});
        }
    });
    started.elapsed()
}

fn do_job(me: Actor, job: usize) -> bool {
    let _working = me.works(format!("job {job}"));
    thread::sleep(JOB_TIME);
    true
}
