//! A semaphore lets at most so many processes in at once, whoever comes first.
//!
//! Eight processes share a resource. With eight permits all of them may be inside
//! together; with three the others wait until somebody leaves. What is available is not
//! counted anywhere: it is all permits less those that living processes hold. So a
//! process that is killed gives its permits back, which Python's `Semaphore` loses.
//!
//! Run:     cargo run -p process-sync-demo -- semaphore
//! Expect:  a first peak near 8, then a peak of at most 3, and both runs as lanes
//! Chapter: book/src/process-semaphores.md
//! Source:  crossprocess::Semaphore; the twin is semaphore-demo's `counting`

use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use common::{Actor, println, timeline};
use crossprocess::process::Entry;
use crossprocess::{Barrier, Error, Segment, Semaphore, Value};

use crate::child;

pub const WORKER: Entry<usize> = Entry::new("semaphore-worker");

const WORKERS: usize = 8;
const PERMITS: u32 = 3;
const WORK_TIME: Duration = Duration::from_millis(40);

/// How many are inside, and how many were at most. Both in one value: they change at once.
type Count = [u32; 2];

pub fn run() -> anyhow::Result<()> {
    let crowded = peak_holders(WORKERS as u32).context("a permit for each")?;
    println!("{WORKERS} permits: at most {crowded} processes were inside at once");

    let limited = peak_holders(PERMITS).context("too few permits")?;
    println!("{PERMITS} permits: at most {limited} processes were inside at once\n");
    timeline::so_far().print();

    // The scheduler decides the first peak; only the second one is a promise.
    ensure!(limited <= PERMITS, "{limited} processes shared {PERMITS} permits");
    println!("\nok: never more than {PERMITS} of {WORKERS} processes were inside");
    Ok(())
}

/// Returns the largest number of processes that held a permit at the same moment.
fn peak_holders(permits: u32) -> anyhow::Result<u32> {
    let segment = Segment::create(1 << 16)?;
    Semaphore::create(&segment, "permits", permits)?;
    Barrier::create(&segment, "start", WORKERS as u32)?;
    let count = Value::create(&segment, "count", Count::default())?;
    let _lanes: Vec<_> = (1..=WORKERS).map(lane).collect();
    let workers = (1..=WORKERS).map(|number| child::start(&WORKER, &number, &segment));
    child::join(workers.collect::<Result<Vec<_>, _>>()?)?;
    let [_, peak] = count.get()?;
    Ok(peak)
}

fn lane(number: usize) -> Actor {
    Actor::new(format!("worker {number}"))
}

pub fn worker(number: usize) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let permits = Semaphore::open(&segment, "permits")?;
    let count = Value::<Count>::open(&segment, "count")?;
    // So that they fight for the permits; the limit holds without it.
    Barrier::open(&segment, "start")?.wait()?;

    let me = lane(number);
    let waiting = me.waits("a permit");
    let _permit = permits.acquire()?;
    drop(waiting);
    let _holding = me.holds("a permit");
    count.update(|[inside, peak]| {
        *inside += 1;
        *peak = (*peak).max(*inside);
    })?;
    // Stands for work; the count is right however long it takes.
    thread::sleep(WORK_TIME);
    count.update(|[inside, _]| *inside -= 1)
}
