//! A semaphore lets at most so many threads in at once, whoever comes first.
//!
//! Eight workers share a resource. With eight permits all of them may be inside
//! together; with three the others wait until somebody leaves.
//!
//! Run:     cargo run -p semaphore-demo -- counting
//! Expect:  a first peak near 8, then a peak of at most 3, and both runs as lanes
//! Chapter: book/src/semaphores.md
//! Source:  E. W. Dijkstra, EWD123 "Cooperating Sequential Processes", section 4

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::{Actor, println, timeline};

use crate::semaphore::Semaphore;

const WORKERS: usize = 8;
const PERMITS: usize = 3;
const WORK_TIME: Duration = Duration::from_millis(40);

pub fn run() -> anyhow::Result<()> {
    let crowded = peak_holders(WORKERS);
    println!("{WORKERS} permits: at most {crowded} workers were inside at once");

    let limited = peak_holders(PERMITS);
    println!("{PERMITS} permits: at most {limited} workers were inside at once\n");
    timeline::so_far().print();

    // The scheduler decides the first peak; only the second one is a promise.
    ensure!(limited <= PERMITS, "{limited} workers shared {PERMITS} permits");
    println!("\nok: never more than {PERMITS} of {WORKERS} workers were inside");
    Ok(())
}

/// Returns the largest number of workers that held a permit at the same moment.
fn peak_holders(permits: usize) -> usize {
    let semaphore = Semaphore::new(permits);
    let inside = AtomicUsize::new(0);
    let peak = AtomicUsize::new(0);

    thread::scope(|scope| {
        for number in 1..=WORKERS {
            let me = Actor::new(format!("worker {number}"));
            let (semaphore, inside, peak) = (&semaphore, &inside, &peak);
            scope.spawn(move || {
                let waiting = me.waits("a permit");
                let _permit = semaphore.acquire();
                drop(waiting);
                let _holding = me.holds("a permit");
                // Relaxed: the semaphore's mutex already orders one holder's
                // decrement before the increment of whoever takes its permit.
                let now = inside.fetch_add(1, Ordering::Relaxed) + 1;
                peak.fetch_max(now, Ordering::Relaxed);
                // Stands for work; the count is right however long it takes.
                thread::sleep(WORK_TIME);
                inside.fetch_sub(1, Ordering::Relaxed);
            });
        }
    });
    peak.into_inner()
}
