//! A channel between processes carries values, and the ends of other channels.
//!
//! Requests are an enum, results a struct: `serde` turns them into bytes, and
//! nothing that runs. A request can bring along the channel for its answer. One thread
//! selects over the results of all workers, and sees when one has died: its channel is
//! closed, with all that it had sent before. Python's `Queue` would wait for ever. Three
//! things to know: a `send` blocks once about 200 KiB are unread; a `Vec<u8>` goes through
//! `serde` byte by byte, so large data takes a channel of bytes; and if the parent made
//! the one-shot server, `accept` would wait for ever for a child that has died.
//!
//! Run:     cargo run -p pipe-demo -- typed
//! Expect:  counts from three workers, of which one dies, and what 1 MiB takes
//! Chapter: book/src/pipes.md
//! Source:  the documentation of ipc-channel, IpcReceiverSet

use std::collections::HashMap;
use std::process;

use anyhow::{Context, bail, ensure};
use common::child::{self, ChildGuard};
use common::{Actor, println, timeline};
use ipc_channel::ipc::{
    self, IpcReceiver, IpcReceiverSet, IpcSelectionResult, IpcSender,
};
use serde::{Deserialize, Serialize};

use crate::channel;

const TEXTS: [&str; 3] = ["to be or not to be", "that is", "the question"];

/// What a worker is asked for.
#[derive(Serialize, Deserialize)]
enum Request {
    /// Answered on the worker's channel of results.
    Count { text: String },
    /// Answered where it says.
    Total { reply: IpcSender<usize> },
    /// Not answered at all.
    Die,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Counted {
    text: String,
    words: usize,
}

/// A worker's ends of the two channels that it shares with the parent.
#[derive(Serialize, Deserialize)]
struct Ends {
    requests: IpcReceiver<Request>,
    results: IpcSender<Counted>,
}

pub fn run() -> anyhow::Result<()> {
    let parent = Actor::new("parent");
    let mut set = IpcReceiverSet::new().context("make a set of receivers")?;
    let mut workers = HashMap::new();
    for number in 1..=3 {
        let (worker, results) =
            Worker::start(number).with_context(|| format!("start worker {number}"))?;
        let id = set.add(results).context("add to the set")?;
        workers.insert(id, worker);
    }
    for worker in workers.values() {
        worker.ask_for_all(worker.number == 2)?;
    }
    // Whoever hears no more requests ends; who is left in the set has not ended.
    let mut counted = [const { Vec::new() }; 3];
    let mut order = Vec::new();
    while !workers.is_empty() {
        let waiting = parent.waits("any worker");
        let events = set.select().context("select over the results")?;
        drop(waiting);
        for event in events {
            match event {
                IpcSelectionResult::MessageReceived(id, message) => {
                    let result: Counted = message.to().context("decode a result")?;
                    let number = workers.get_mut(&id).context("a closed one")?.number;
                    order.push(number.to_string());
                    counted[number - 1].push(result);
                    if counted[number - 1].len() == TEXTS.len() {
                        workers.get_mut(&id).context("as above")?.finish()?;
                    }
                }
                IpcSelectionResult::ChannelClosed(id) => {
                    let worker = workers.remove(&id).context("closed twice")?;
                    worker.child.wait()?;
                }
            }
        }
    }
    tell(&counted)?;
    println!("the results came from worker {}\n", order.join(", "));
    timeline::so_far().print();

    let Err(error) = Worker::start(0) else { bail!("a dead worker came up") };
    println!("\na worker that dies at once: {error:#}");
    channel::compare_large_messages()?;
    println!("\nok: every answer had its type, and a death was an answer too");
    Ok(())
}

/// Prints and checks what each worker has counted.
fn tell(counted: &[Vec<Counted>; 3]) -> anyhow::Result<()> {
    for (index, results) in counted.iter().enumerate() {
        let number = index + 1;
        let words: Vec<_> = results.iter().map(|result| result.words).collect();
        let end = if number == 2 { ", then died" } else { "" };
        Actor::new(format!("worker {number}")).says(format!("counted {words:?}{end}"));
        let texts = if number == 2 { &TEXTS[..1] } else { &TEXTS[..] };
        for (result, text) in results.iter().zip(texts) {
            ensure!(result.text == *text, "worker {number} answered {result:?}");
        }
        let expected = &[6, 2, 2][..texts.len()];
        ensure!(words == expected, "worker {number} counted {words:?}");
    }
    Ok(())
}

struct Worker {
    number: usize,
    /// `None` when it was told that no more requests come.
    requests: Option<IpcSender<Request>>,
    child: ChildGuard,
}

impl Worker {
    /// Starts a worker; number 0 dies before it can be reached.
    fn start(number: usize) -> anyhow::Result<(Self, IpcReceiver<Counted>)> {
        // Made here, so that the lanes are in this order whoever begins first.
        let _actor = (number > 0).then(|| Actor::new(format!("worker {number}")));
        let (requests, to_worker) = ipc::channel().context("make a channel")?;
        let (from_worker, results) = ipc::channel().context("make a channel")?;
        let mut command = child::role("typed-worker").context("find this program")?;
        command.arg(number.to_string());
        let ends = Ends { requests: to_worker, results: from_worker };
        let child = channel::start(&mut command, ends)?;
        Ok((Self { number, requests: Some(requests), child }, results))
    }

    /// Sends a request for each text, and perhaps one that ends it after the first.
    fn ask_for_all(&self, deadly: bool) -> anyhow::Result<()> {
        let requests = self.requests.as_ref().context("asked too late")?;
        for text in TEXTS {
            // An error says that the worker has died; so will its closed channel.
            let _ = requests.send(Request::Count { text: text.to_owned() });
            if deadly {
                let _ = requests.send(Request::Die);
            }
        }
        Ok(())
    }

    /// Asks for the sum, on a channel for this one answer, and lets the worker end.
    fn finish(&mut self) -> anyhow::Result<()> {
        let requests = self.requests.take().context("finished twice")?;
        let (reply, answer) = ipc::channel().context("make a channel")?;
        requests.send(Request::Total { reply }).context("ask for the sum")?;
        let total: usize = answer.recv().context("hear the sum")?;
        ensure!(total == 10, "worker {} counted {total} words", self.number);
        Ok(())
    }
}

#[derive(clap::Args)]
pub struct Options {
    number: usize,
}

/// Answers requests until nobody can send any more.
pub fn worker(Options { number }: Options) -> anyhow::Result<()> {
    if number == 0 {
        process::exit(1);
    }
    let Ends { requests, results } = channel::accept()?;
    let me = Actor::new(format!("worker {number}"));
    let mut total = 0;
    loop {
        let waiting = me.waits("a request");
        let Ok(request) = requests.recv() else { return Ok(()) };
        drop(waiting);
        match request {
            Request::Count { text } => {
                let _working = me.works(&text);
                let words = text.split(' ').count();
                total += words;
                results.send(Counted { text, words }).context("send a result")?;
            }
            Request::Total { reply } => reply.send(total).context("send the sum")?,
            Request::Die => process::exit(1),
        }
    }
}
