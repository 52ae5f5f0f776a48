//! A lock between processes owns its data, as a mutex between threads does.
//!
//! Four processes move money between three accounts behind one lock. The accounts are in
//! memory that all of them share; the guard works on a copy and stores it as a whole when
//! it goes. So nobody sees half a transfer, not even one that a killed process had begun.
//! What has pointers in it cannot be shared: an address means nothing to others. std's
//! mutex, placed there, excludes, and never wakes the other process. Python's
//! `multiprocessing.Lock` protects whatever the program believes it protects.
//!
//! Run:     cargo run -p process-sync-demo -- lock
//! Expect:  the lanes of four processes, no two with the accounts, an unchanged sum
//! Chapter: book/src/process-locks.md
//! Source:  crossprocess::Lock; the twin between threads is lock-demo's `mutex`

use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use common::timeline::{Activity, Timeline};
use common::{Actor, println, timeline};
use crossprocess::process::Entry;
use crossprocess::{Barrier, Error, Lock, LockError, Segment};

use crate::child;

pub const TELLER: Entry<usize> = Entry::new("teller");

const TELLERS: usize = 4;
const TRANSFERS: usize = 4;
const WORK_TIME: Duration = Duration::from_millis(4);
const OPENING: [i64; 3] = [100, 100, 100];

pub fn run() -> anyhow::Result<()> {
    let closing = four_tellers().context("four tellers")?;
    let timeline = timeline::so_far();
    timeline.print();
    ensure!(holds_are_apart(&timeline), "two tellers held the accounts at once");

    println!("\n{OPENING:?} became {closing:?}");
    let (before, after) = (OPENING.iter().sum::<i64>(), closing.iter().sum::<i64>());
    ensure!(before == after, "{before} in all became {after}");
    let transfers = TELLERS * TRANSFERS;
    println!("ok: {transfers} transfers by {TELLERS} processes, one at a time");
    Ok(())
}

/// Returns what the accounts hold in the end.
fn four_tellers() -> anyhow::Result<[i64; 3]> {
    let segment = Segment::create(1 << 16)?;
    let accounts = Lock::create(&segment, "accounts", OPENING)?;
    Barrier::create(&segment, "start", TELLERS as u32)?;
    // Made here, so that the lanes are in this order whoever comes first.
    let _lanes: Vec<_> = (0..TELLERS).map(lane).collect();
    let tellers = (0..TELLERS).map(|index| child::start(&TELLER, &index, &segment));
    child::join(tellers.collect::<Result<Vec<_>, _>>()?)?;
    Ok(*accounts.lock().map_err(LockError::into_error)?)
}

fn lane(index: usize) -> Actor {
    Actor::new(format!("teller {}", index + 1))
}

/// What a child does: it opens what its parent has made, by name.
pub fn teller(index: usize) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let accounts = Lock::open(&segment, "accounts")?;
    // So that there is somebody to wait for; the sum is right without it.
    Barrier::open(&segment, "start")?.wait()?;
    for round in 0..TRANSFERS {
        let from = (index + round) % OPENING.len();
        transfer(lane(index), &accounts, from, (from + 1) % OPENING.len(), 10)?;
    }
    Ok(())
}

fn transfer(
    me: Actor,
    accounts: &Lock<[i64; 3]>,
    from: usize,
    to: usize,
    sum: i64,
) -> Result<(), Error> {
    let waiting = me.waits("the accounts");
    let mut accounts = accounts.lock()?;
    drop(waiting);
    let _holding = me.holds("the accounts");
    accounts[from] -= sum;
    // Stands for work on data that are wrong right now: the sum is too small.
    thread::sleep(WORK_TIME);
    accounts[to] += sum;
    Ok(())
}

/// Whether each hold in the recording ended before the next one began.
fn holds_are_apart(timeline: &Timeline) -> bool {
    let spans = timeline.lanes.iter().flat_map(|lane| &lane.spans);
    let mut holds: Vec<_> =
        spans.filter(|span| span.activity == Activity::Holds).collect();
    holds.sort_by_key(|span| span.start);
    holds.is_sorted_by(|earlier, later| earlier.end <= later.start)
}
