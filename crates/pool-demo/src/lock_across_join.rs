//! A lock held across `join` may be wanted by the very thread that holds it.
//!
//! A thread of rayon that has to wait in `join` or `scope` does other jobs of its pool
//! meanwhile, on the same stack. One of them may want a lock that the thread holds: then
//! it waits for itself, and no other thread can help. So hold no lock across a `join`.
//! In Python a worker that waits only waits; there the pool runs out of workers instead.
//!
//! Run:     cargo run -p pool-demo -- lock-across-join
//! Expect:  a hang that the watchdog ends after a second, then the same without the lock
//! Chapter: book/src/pools.md
//! Source:  rayon::join, rayon::scope

use std::sync::Mutex;
use std::sync::mpsc;

use anyhow::{Context, ensure};
use common::{println, trial};
use rayon::ThreadPoolBuilder;

use crate::{lanes_of, rayon_worker};

/// What becomes of the lock while the two halves are done.
#[derive(Clone, Copy, PartialEq)]
enum Across {
    Held,
    Released,
}

pub fn run() -> anyhow::Result<()> {
    println!("the lock held across a join:");
    let hung = trial("lock-across-join-held")?;
    hung.show();
    ensure!(!hung.status.success(), "the thread got a lock that it has");

    let visits = two_visits(Across::Released)?;
    println!("\nreleased before the join: {visits} visits, counted under the lock");
    ensure!(visits == 2, "{visits} visits, not 2");
    println!("\nok: without the lock a waiting thread may do any job");
    Ok(())
}

/// Goes wrong: what the waiting thread does meanwhile wants its lock.
pub fn held() -> anyhow::Result<()> {
    two_visits(Across::Held)?;
    Ok(())
}

/// A job counts itself, does two halves, and starts another job, which counts itself too.
fn two_visits(across: Across) -> anyhow::Result<u32> {
    let _lanes = lanes_of(2);
    let pool =
        ThreadPoolBuilder::new().num_threads(2).build().context("two threads")?;
    let visits = Mutex::new(0);
    let (taken, is_taken) = mpsc::channel();
    let (begun, has_begun) = mpsc::channel();
    pool.scope(|scope| {
        let visits = &visits;
        scope.spawn(move |scope| {
            let mut guard = visits.lock().unwrap();
            *guard += 1;
            // Else the guard goes here.
            let _held = (across == Across::Held)
                .then(move || (guard, rayon_worker().holds("the lock")));
            let this_half = move || {
                // The other thread has the other half, and is busy with it until the
                // next job has begun. So that one is left for this thread. An error
                // would say that a thread has panicked, and then the scope will.
                let _ = is_taken.recv();
                scope.spawn(move |_| {
                    let _ = begun.send(());
                    let _waiting = rayon_worker().waits("the lock");
                    *visits.lock().unwrap() += 1;
                });
            };
            let other_half = move || {
                let _ = taken.send(());
                let _ = has_begun.recv();
            };
            rayon::join(this_half, other_half);
        });
    });
    Ok(visits.into_inner().unwrap())
}
