//! Pools: many jobs, few workers, as threads and as processes.
//!
//! Run:     cargo run -p pool-demo
//! Chapter: book/src/pools.md

mod back_ends;
mod by_hand;
mod cost;
mod death;
mod future;
mod futures;
mod lock_across_join;
mod nested;
mod prime_work;
mod processes;
mod rayon;
mod thread_pool;
mod thread_vs_process;

use std::panic;
use std::process::ExitCode;

use back_ends::JOBS;
use common::{Actor, Demo};
use cost::{DOUBLE, DOUBLE_ALL};
use crossprocess::process::child_role;
use prime_work::PRIMES;

fn main() -> ExitCode {
    // First of all: a worker that took itself for its parent would start workers too.
    if let Some(role) = child_role() {
        // What a job panics with is its result: to tell it once is enough.
        panic::set_hook(Box::new(|_| {}));
        return role
            .work(&PRIMES, prime_work::prepare, prime_work::work)
            .work(&JOBS, |()| Ok(()), |(), job| job.run())
            .work(&DOUBLE, |()| Ok(()), |(), number| cost::double(number))
            .work(&DOUBLE_ALL, |()| Ok(()), |(), numbers| cost::double_all(&numbers))
            .finish();
    }
    let about = "Pools: many jobs, few workers, as threads and as processes.";
    Demo::new(env!("CARGO_PKG_NAME"), about)
        .scene("rayon", "four ways to share work, and the same results", rayon::run)
        .scene(
            "by-hand",
            "a pool that survives its jobs and waits for them",
            by_hand::run,
        )
        .scene("futures", "a result that is not there yet", futures::run)
        .scene("nested", "a job that waits for a job of its own pool", nested::run)
        .scene(
            "lock-across-join",
            "a thread that waits for itself",
            lock_across_join::run,
        )
        .scene("processes", "a killed worker costs one result", processes::run)
        .scene(
            "thread-vs-process",
            "one interface, two back ends",
            thread_vs_process::run,
        )
        .scene_with("cost", "what it takes to pass a job on", cost::run)
        .role("killed-threads", thread_vs_process::killed_threads)
        .goes_wrong("nested-waits", "all workers wait for the queue", nested::waits)
        .goes_wrong(
            "lock-across-join-held",
            "a job that wants the lock below it",
            lock_across_join::held,
        )
        .run()
}

/// The actors `worker 1` and so on. Made before the threads start, they have their lanes
/// in order.
fn lanes_of(workers: usize) -> Vec<Actor> {
    (1..=workers).map(|number| Actor::new(format!("worker {number}"))).collect()
}

/// The thread of rayon's pool that is calling, by its number there.
fn rayon_worker() -> Actor {
    let index = ::rayon::current_thread_index().expect("called in a job of the pool");
    Actor::new(format!("worker {}", index + 1))
}
