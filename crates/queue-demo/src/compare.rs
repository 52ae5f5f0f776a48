//! How many messages a second go through six queues, on this machine and now.
//!
//! Each queue carries what it can in a short time, from the senders to one receiver,
//! in turns, and the median of the rounds counts. A debug build measures unoptimised
//! code of the queues too; a real program is compared with `--release`.
//!
//! Run:     cargo run --release -p queue-demo -- compare --senders 4
//! Expect:  a table of messages a second, with std's channel as 1
//! Chapter: book/src/queues.md
//! Source:  std::sync::mpsc (since Rust 1.67 a port of crossbeam's channel)

use std::num::NonZeroUsize;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::builder::RangedU64ValueParser;
use common::measure::{bar, machine};
use common::{Actor, println};
use crossbeam::channel;

use crate::blocking_queue::FifoQueue;

const ROUNDS: usize = 3;
/// Of the bounded queues.
const CAPACITY: usize = 256;
/// Messages between two looks at the clock, which cost as much as a message.
const BATCH: u64 = 64;
/// What a sender sends last; no queue of ours tells that all its senders are gone.
const END: u64 = u64::MAX;

#[derive(clap::Args)]
pub struct Options {
    /// Milliseconds for each queue in each round
    #[arg(long, default_value = "20", value_parser = at_most(500))]
    millis: u64,
    /// Threads that send
    #[arg(long, default_value = "2", value_parser = at_most(64))]
    senders: u64,
}

fn at_most(limit: u64) -> RangedU64ValueParser {
    RangedU64ValueParser::new().range(1..=limit)
}

/// A name, and what measures one round, in messages a second.
type Contender = (&'static str, fn(&Options) -> anyhow::Result<f64>);

const CONTENDERS: [Contender; 6] = [
    ("std channel", |options| {
        let (sender, receiver) = mpsc::channel();
        rate(options, |message| sender.send(message).is_ok(), || receiver.recv().ok())
    }),
    ("std sync_channel", |options| {
        let (sender, receiver) = mpsc::sync_channel(CAPACITY);
        rate(options, |message| sender.send(message).is_ok(), || receiver.recv().ok())
    }),
    ("crossbeam unbounded", |options| {
        let (sender, receiver) = channel::unbounded();
        rate(options, |message| sender.send(message).is_ok(), || receiver.recv().ok())
    }),
    ("crossbeam bounded", |options| {
        let (sender, receiver) = channel::bounded(CAPACITY);
        rate(options, |message| sender.send(message).is_ok(), || receiver.recv().ok())
    }),
    ("mutex, unbounded", |options| {
        let queue = FifoQueue::unbounded();
        rate(options, |message| queue.put(message).is_ok(), || queue.take().ok())
    }),
    ("mutex, bounded", |options| {
        let capacity = NonZeroUsize::new(CAPACITY).context("a capacity of zero")?;
        let queue = FifoQueue::bounded(capacity);
        rate(options, |message| queue.put(message).is_ok(), || queue.take().ok())
    }),
];

#[expect(clippy::needless_pass_by_value, reason = "the form of a scene's function")]
pub fn run(options: Options) -> anyhow::Result<()> {
    println!("{}", machine());
    let Options { millis, senders } = options;
    println!("senders: {senders}, {millis} ms a round, room if bounded: {CAPACITY}\n");

    let mut rates = vec![Vec::new(); CONTENDERS.len()];
    for round in 1..=ROUNDS {
        // In turns: a slow moment of the machine hits all of them alike.
        for ((name, contender), rates) in CONTENDERS.iter().zip(&mut rates) {
            let _working = Actor::new(name).works(format!("round {round}"));
            rates.push(contender(&options)?);
        }
    }
    let medians: Vec<f64> = rates.into_iter().map(median).collect();
    let fastest = medians.iter().copied().fold(0.0, f64::max);
    for ((name, _), rate) in CONTENDERS.iter().zip(&medians) {
        let (millions, ratio) = (rate / 1e6, rate / medians[0]);
        println!(
            "{name:19} {millions:6.2} M/s  × {ratio:4.2}  {}",
            bar(*rate, fastest, 36)
        );
    }
    println!("\nok: every message arrived in each of {ROUNDS} rounds, in every queue");
    Ok(())
}

/// Returns how many messages a second went from the senders to this thread.
fn rate(
    options: &Options,
    send: impl Fn(u64) -> bool + Sync,
    mut receive: impl FnMut() -> Option<u64>,
) -> anyhow::Result<f64> {
    let start = Instant::now();
    let end = start + Duration::from_millis(options.millis);
    let (sent, sum) = thread::scope(|scope| {
        let (mut senders, mut started) = (Vec::new(), Ok(()));
        for number in 1..=options.senders {
            let send = &send;
            match thread::Builder::new()
                .spawn_scoped(scope, move || send_until(end, send))
            {
                Ok(sender) => senders.push(sender),
                // Those that have started are still received from, so that they end.
                Err(error) => {
                    started = Err(error).context(format!("start sender {number}"));
                }
            }
        }
        let (mut ended, mut sum) = (0, 0);
        while ended < senders.len() {
            match receive().context("a message was lost")? {
                END => ended += 1,
                message => sum += message,
            }
        }
        let sent =
            senders.into_iter().map(|s| s.join().expect("sending does not panic"));
        started.map(|()| (sent.collect::<Vec<u64>>(), sum))
    })?;
    // With what was still in the queue: it has arrived only when it is taken.
    let time = start.elapsed();
    let expected: u64 = sent.iter().map(|last| last * (last + 1) / 2).sum();
    ensure!(sum == expected, "the messages add up to {sum}, not {expected}");
    Ok(sent.iter().sum::<u64>() as f64 / time.as_secs_f64())
}

/// Sends 1, 2, 3 and so on, then the end; returns the last number.
fn send_until(end: Instant, send: impl Fn(u64) -> bool) -> u64 {
    let mut last = 0;
    loop {
        for _ in 0..BATCH {
            last += 1;
            assert!(send(last), "the receiver is gone");
        }
        // After the first batch, so that a thread that starts late sends something too.
        if Instant::now() >= end {
            send(END);
            return last;
        }
    }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
