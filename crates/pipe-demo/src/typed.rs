//! A channel between processes carries values, and the ends of other channels.
//!
//! Requests are an enum, answers are numbers: `serde` turns them into bytes, and nothing
//! that runs. A request can bring along the channel for its answer. One thread selects
//! over the answers of all workers, and sees when one has died: its channel is closed,
//! after all that it had sent before. Python's `Queue` would wait for ever. Two things
//! to know: a `send` blocks once about 200 KiB are unread, and a `Vec<u8>` goes through
//! `serde` byte by byte, so large data takes a channel of bytes.
//!
//! Run:     cargo run -p pipe-demo -- typed
//! Expect:  counts from three workers, of which one dies, and what a large message takes
//! Chapter: book/src/ipc-channel.md
//! Source:  the documentation of ipc-channel, IpcReceiverSet

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Context, bail, ensure};
use common::{Actor, println, timeline};
use ipc_channel::ipc::{IpcReceiverSet, IpcSelectionResult};

use crate::counting::Worker;
use crate::large;

const RANGES: [Range<u64>; 3] = [0..10_000, 10_000..20_000, 20_000..30_000];

/// How many primes are there, as every table says.
const PRIMES: [usize; 3] = [1229, 1033, 983];

/// The one that is told to die after the first range.
const UNLUCKY: usize = 2;

pub fn run() -> anyhow::Result<()> {
    let parent = Actor::new("parent");
    let mut set = IpcReceiverSet::new().context("make a set of receivers")?;
    let mut workers = BTreeMap::new();
    for number in 1..=3 {
        let (worker, results) =
            Worker::start(number).with_context(|| format!("start worker {number}"))?;
        let id = set.add(results).context("add to the set")?;
        workers.insert(id, worker);
    }
    for worker in workers.values() {
        worker.ask_for_counts(&RANGES, worker.number == UNLUCKY);
    }
    let order = select(parent, &mut set, &mut workers)?;

    for worker in workers.into_values() {
        let (me, primes) = (Actor::new(worker.name()), &worker.primes);
        match worker.total {
            Some(total) => me.says(format!("counted {primes:?}, {total} in all")),
            None => me.says(format!("counted {primes:?}, then died")),
        }
        let alive = worker.number != UNLUCKY;
        let expected = if alive { &PRIMES[..] } else { &PRIMES[..1] };
        ensure!(primes == expected, "{} counted {primes:?}", worker.name());
        let total = alive.then(|| PRIMES.iter().sum());
        ensure!(worker.total == total, "{}: {:?}", worker.name(), worker.total);
    }
    println!("the counts came from worker {order}\n");
    timeline::so_far().print();

    let Err(error) = Worker::start(0) else { bail!("a dead worker came up") };
    println!("\na worker that dies at once: {error:#}");
    large::compare().context("large messages")?;
    println!("\nok: every answer had its type, and a death was an answer too");
    Ok(())
}

/// Takes what comes from any worker, until the last channel is closed.
///
/// Returns which worker each of the counts came from.
fn select(
    me: Actor,
    set: &mut IpcReceiverSet,
    workers: &mut BTreeMap<u64, Worker>,
) -> anyhow::Result<String> {
    let mut order = Vec::new();
    let mut open = workers.len();
    while open > 0 {
        // ANCHOR: events
        let waiting = me.waits("any worker");
        let events = set.select().context("select over the workers")?;
        drop(waiting);
        for event in events {
            match event {
                IpcSelectionResult::MessageReceived(id, message) => {
                    let worker = workers.get_mut(&id).context("an unknown channel")?;
                    let count = message.to().context("decode a count")?;
                    order.push(worker.number.to_string());
                    worker.primes.push(count);
                    if worker.primes.len() == RANGES.len() {
                        // On a channel for this one answer; then the worker ends.
                        worker.total = Some(worker.ask_for_total()?);
                    }
                }
                // All that the worker had sent has come before.
                IpcSelectionResult::ChannelClosed(_) => open -= 1,
            }
        }
        // ANCHOR_END: events
    }
    Ok(order.join(", "))
}
