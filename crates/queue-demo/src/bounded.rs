//! A bounded queue makes a fast producer wait for a slow consumer: back-pressure.
//!
//! The producer needs 1 ms a job, the consumer 4. Without a bound the queue takes the
//! difference, for as long as memory lasts; with one, `send` waits for room. The length
//! is measured after each `send` and `recv`. std's `sync_channel` waits in the same
//! way, but does not tell its length, hence crossbeam's.
//!
//! Run:     cargo run -p queue-demo -- bounded
//! Expect:  two lengths over time: a hill of about 24 jobs, and a flat line of 4
//! Chapter: book/src/bounded-queues.md
//! Source:  E. W. Dijkstra, EWD123 "Cooperating Sequential Processes", section 4.3

use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use common::{Actor, println};
use crossbeam::channel::{self, Receiver, Sender, TrySendError};

use crate::plot::{Sample, plot};

const JOBS: usize = 32;
const CAPACITY: usize = 4;
const PRODUCE: Duration = Duration::from_millis(1);
const CONSUME: Duration = Duration::from_millis(4);

pub fn run() -> anyhow::Result<()> {
    let unbounded = lengths(channel::unbounded())?;
    let bounded = lengths(channel::bounded(CAPACITY))?;
    plot(&unbounded.samples, &bounded.samples, CAPACITY, JOBS);

    println!("");
    let bound = format!("bounded({CAPACITY}):");
    for (name, run) in [("unbounded:", &unbounded), (&bound, &bounded)] {
        let (peak, waited) = (run.peak(), run.waited.as_millis());
        println!(
            "{name:11} at most {peak:2} jobs wait; `send` took {waited:3} ms in all"
        );
    }
    let peak = bounded.peak();
    ensure!(peak <= CAPACITY, "{peak} jobs in a queue for {CAPACITY}");
    a_full_queue_refuses()?;
    println!(
        "ok: the queue never held more than {CAPACITY} jobs, so the producer waited"
    );
    Ok(())
}

/// What happened to one queue.
struct Run {
    samples: Vec<Sample>,
    /// How long the producer was inside `send`.
    waited: Duration,
}

impl Run {
    fn peak(&self) -> usize {
        self.samples.iter().map(|sample| sample.length).max().unwrap_or(0)
    }
}

fn lengths(
    (sender, receiver): (Sender<usize>, Receiver<usize>),
) -> anyhow::Result<Run> {
    let (producer, consumer) = (Actor::new("producer"), Actor::new("consumer"));
    let start = Instant::now();
    thread::scope(|scope| {
        let producer = scope.spawn(move || {
            let mut waited = Duration::ZERO;
            let mut samples = Vec::new();
            for job in 1..=JOBS {
                // Stands for work, as below; the bound holds however long it takes.
                thread::sleep(PRODUCE);
                let (before, waiting) = (Instant::now(), producer.waits("room"));
                sender.send(job)?;
                drop(waiting);
                waited += before.elapsed();
                samples.push(Sample { at: start.elapsed(), length: sender.len() });
            }
            anyhow::Ok((samples, waited))
        });
        let mut consumed = Vec::new();
        for job in &receiver {
            consumed.push(Sample { at: start.elapsed(), length: receiver.len() });
            let _working = consumer.works(format!("job {job}"));
            thread::sleep(CONSUME);
        }
        let (mut samples, waited) =
            producer.join().expect("producing does not panic")?;
        samples.append(&mut consumed);
        samples.sort_by_key(|sample| sample.at);
        Ok(Run { samples, waited })
    })
}

/// Without a thread that could make room, so that no luck is in it.
fn a_full_queue_refuses() -> anyhow::Result<()> {
    let (sender, _receiver) = channel::bounded(CAPACITY);
    for job in 1..=CAPACITY {
        sender.try_send(job)?;
    }
    let refused = sender.try_send(CAPACITY + 1);
    ensure!(refused == Err(TrySendError::Full(CAPACITY + 1)), "job 5: {refused:?}");
    println!("`try_send` of a job too many gives it back: {}", refused.unwrap_err());
    Ok(())
}
