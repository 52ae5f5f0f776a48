//! The same messages through six queues: what one message costs, here and now.
//!
//! Each queue carries them from the senders to one receiver, in turns, and the median
//! of the rounds counts. A debug build measures unoptimised code of the queues too;
//! with `--release` the figures mean something for a real program.
//!
//! Run:     cargo run --release -p queue-demo -- compare --senders 4
//! Expect:  a table of messages a second, with std's channel as 1
//! Chapter: book/src/queues.md
//! Source:  std::sync::mpsc (since Rust 1.67 a port of crossbeam's channel)

use std::num::NonZeroUsize;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use anyhow::{Context, ensure};
use clap::builder::RangedU64ValueParser;
use common::measure::{bar, machine};
use common::{Actor, WrongUsage, println};
use crossbeam::channel;

use crate::blocking_queue::FifoQueue;

const ROUNDS: usize = 3;
/// Of the bounded queues.
const CAPACITY: usize = 256;
/// Messages of all senders; more would keep the slowest queue busy for a minute.
const MOST: u64 = 2_000_000;

#[derive(clap::Args)]
pub struct Options {
    /// Messages each sender sends
    #[arg(long, default_value = "20000", value_parser = at_most(MOST))]
    messages: u64,
    /// Threads that send
    #[arg(long, default_value = "2", value_parser = at_most(64))]
    senders: u64,
}

fn at_most(limit: u64) -> RangedU64ValueParser {
    RangedU64ValueParser::new().range(1..=limit)
}

/// A name, and what sends the messages once and returns how many a second.
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
    let Options { messages, senders } = options;
    let all = senders * messages;
    if all > MOST {
        let what = format!("{all} messages are too many, {MOST} is the most");
        return Err(WrongUsage::new(what).into());
    }
    let build = if cfg!(debug_assertions) { "debug build" } else { "release build" };
    println!("{}, {build}", machine());
    println!(
        "senders: {senders}, messages of each: {messages}, room if bounded: {CAPACITY}\n"
    );

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
    let Options { messages, senders } = *options;
    let start = Instant::now();
    let sum = thread::scope(|scope| {
        let (mut started, mut expected) = (Ok(()), 0);
        for number in 1..=senders {
            let send = &send;
            let all = move || (1..=messages).all(send);
            match thread::Builder::new().spawn_scoped(scope, all) {
                Ok(_) => expected += messages,
                // Those that have started are still received from, so that they end.
                Err(error) => {
                    started = Err(error).context(format!("start sender {number}"));
                }
            }
        }
        let sum: Option<u64> = (0..expected).map(|_| receive()).sum();
        started.map(|()| sum)
    })?;
    let time = start.elapsed();
    let expected = senders * (messages * (messages + 1) / 2);
    ensure!(sum == Some(expected), "the messages add up to {sum:?}, not {expected}");
    Ok((senders * messages) as f64 / time.as_secs_f64())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
