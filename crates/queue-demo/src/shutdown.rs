//! A channel ends by itself when its last sender is gone, and never before.
//!
//! No sentinel for each consumer, as with Python's `None`: the end is not a message.
//! The trap is a sender that somebody still owns, often `main` itself. To end a queue
//! although others hold it, it needs a `close`: gracefully, when what is in it still
//! gets done, or immediately, when it comes back (`shutdown` in Python 3.13).
//!
//! Run:     cargo run -p queue-demo -- shutdown
//! Expect:  a hang that the watchdog ends after a second, then the fix and two closings
//! Chapter: book/src/shutdown.md
//! Source:  std::sync::mpsc, "Disconnection"; Python's queue.Queue.shutdown

use std::sync::Barrier;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use anyhow::ensure;
use common::{Actor, println, trial};

use crate::blocking_queue::{FifoQueue, PutError};

const JOBS: usize = 5;

pub fn run() -> anyhow::Result<()> {
    println!("`main` forgets its sender:");
    let hung = trial("shutdown-forgotten")?;
    hung.show();
    ensure!(!hung.status.success(), "the consumer ended although a sender was left");

    let done = dropped();
    println!(
        "`main` drops its sender: {done} of {JOBS} jobs done, and the consumer ended"
    );
    ensure!(done == JOBS, "{done} of {JOBS} jobs were done");

    let (done, returned) = close_during_the_first_job(|queue| {
        queue.close();
        Vec::new()
    })?;
    println!(
        "closed gracefully:       {done} of {JOBS} jobs done, given back: {returned:?}"
    );
    ensure!(done == JOBS, "closing gracefully lost jobs: {done} of {JOBS} were done");

    let (done, returned) = close_during_the_first_job(FifoQueue::close_now)?;
    println!(
        "closed immediately:      {done} of {JOBS} jobs done, given back: {returned:?}"
    );
    ensure!(done == 1, "closed during the first job, {done} were done");
    ensure!(returned.iter().copied().eq(2..=JOBS), "not all came back: {returned:?}");

    println!("ok: each consumer ended, and each job was done or given back");
    Ok(())
}

/// Goes wrong: the consumer waits for what `main` might send.
pub fn forgotten() -> anyhow::Result<()> {
    let main = Actor::new("main");
    let (sender, receiver) = mpsc::channel();
    let consumer = start(&sender, receiver);
    let _holding = main.holds("a sender");
    let _waiting = main.waits("the consumer's end");
    consumer.join().expect("consuming does not panic");
    // `sender` lives until here, and the consumer as long: neither comes first.
    Ok(())
}

/// The fix: `main` drops what it does not need before it waits.
fn dropped() -> usize {
    let (sender, receiver) = mpsc::channel();
    let consumer = start(&sender, receiver);
    drop(sender);
    consumer.join().expect("consuming does not panic")
}

/// Starts a producer, which has a sender of its own, and returns the consumer.
fn start(sender: &Sender<usize>, receiver: Receiver<usize>) -> JoinHandle<usize> {
    let (producer, consumer) = (Actor::new("producer"), Actor::new("consumer"));
    let sender = sender.clone();
    thread::spawn(move || {
        let _working = producer.works("sending");
        for job in 1..=JOBS {
            sender.send(job).expect("the consumer stays as long as there are senders");
        }
    });
    thread::spawn(move || {
        let _waiting = consumer.waits("the next job or the end");
        receiver.iter().count()
    })
}

/// Returns how many jobs were done, and what `close` returned.
fn close_during_the_first_job(
    close: fn(&FifoQueue<usize>) -> Vec<usize>,
) -> anyhow::Result<(usize, Vec<usize>)> {
    let queue = FifoQueue::unbounded();
    for job in 1..=JOBS {
        queue.put(job)?;
    }
    let meeting = Barrier::new(2);
    thread::scope(|scope| {
        let consumer = scope.spawn(|| {
            let mut done = 0;
            while let Ok(job) = queue.take() {
                if job == 1 {
                    meeting.wait();
                    // Here the queue is closed, in the middle of the job.
                    meeting.wait();
                }
                done += 1;
            }
            done
        });
        meeting.wait();
        let returned = close(&queue);
        meeting.wait();
        let late = queue.put(JOBS + 1);
        ensure!(late == Err(PutError::Closed(JOBS + 1)), "a closed queue took a job");
        Ok((consumer.join().expect("consuming does not panic"), returned))
    })
}
