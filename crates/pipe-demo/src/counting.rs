//! A worker that counts primes, what it can be asked, and what its parent holds of it.

use std::ops::Range;
use std::process;

use anyhow::Context;
use common::Actor;
use common::child::{self, ChildGuard};
use ipc_channel::ipc::{self, IpcReceiver, IpcSender};
use serde::{Deserialize, Serialize};

use crate::channel;
use crate::forgive::forgive;
use crate::primes::is_prime;

/// What a worker is asked for.
#[derive(Serialize, Deserialize)]
enum Request {
    /// Answered on the worker's channel of counts.
    Count { range: Range<u64> },
    /// Answered where it says.
    Total { reply: IpcSender<usize> },
    /// Not answered at all.
    Die,
}

/// The worker's ends of the two channels that it shares with the parent.
#[derive(Serialize, Deserialize)]
struct Ends {
    requests: IpcReceiver<Request>,
    counts: IpcSender<usize>,
}

/// A running worker; dropping it ends and reaps the process.
pub struct Worker {
    pub number: usize,
    /// The counts that have come.
    pub primes: Vec<usize>,
    pub total: Option<usize>,
    /// `None` when no more requests are to come.
    requests: Option<IpcSender<Request>>,
    _child: ChildGuard,
}

impl Worker {
    /// Starts a worker; number 0 dies before it can be reached.
    pub fn start(number: usize) -> anyhow::Result<(Self, IpcReceiver<usize>)> {
        // Made here, so that the lanes are in this order whoever begins first.
        let _actor = (number > 0).then(|| Actor::new(name(number)));
        let (requests, to_worker) = ipc::channel().context("make a channel")?;
        let (from_worker, counts) = ipc::channel().context("make a channel")?;
        let mut command = child::role("typed-worker").context("find this program")?;
        command.arg(number.to_string());
        let ends = Ends { requests: to_worker, counts: from_worker };
        let child = channel::start(&mut command, ends)?;
        let requests = Some(requests);
        let worker =
            Self { number, primes: Vec::new(), total: None, requests, _child: child };
        Ok((worker, counts))
    }

    pub fn name(&self) -> String {
        name(self.number)
    }

    /// Sends a request for each range, and perhaps one to die after the first.
    pub fn ask_for_counts(&self, ranges: &[Range<u64>], deadly: bool) {
        let Some(requests) = &self.requests else { return };
        for range in ranges {
            // An error says that the worker has died; so will its closed channel.
            let _ = requests.send(Request::Count { range: range.clone() });
            if deadly {
                let _ = requests.send(Request::Die);
            }
        }
    }

    /// Asks for the sum, on a channel for this one answer, and lets the worker end.
    pub fn ask_for_total(&mut self) -> anyhow::Result<usize> {
        let requests = self.requests.take().context("the last request was sent")?;
        let (reply, answer) = ipc::channel().context("make a channel")?;
        requests.send(Request::Total { reply }).context("ask for the sum")?;
        answer.recv().context("hear the sum")
    }
}

fn name(number: usize) -> String {
    format!("worker {number}")
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
    forgive(answer(number, &channel::accept()?))
}

fn answer(number: usize, Ends { requests, counts }: &Ends) -> anyhow::Result<()> {
    let me = Actor::new(name(number));
    let mut total = 0;
    loop {
        let waiting = me.waits("a request");
        let Ok(request) = requests.recv() else { return Ok(()) };
        drop(waiting);
        match request {
            Request::Count { range } => {
                let working = me.works(format!("{range:?}"));
                let primes = range.filter(|number| is_prime(*number)).count();
                drop(working);
                total += primes;
                counts.send(primes).context("send a count")?;
            }
            Request::Total { reply } => reply.send(total).context("send the sum")?,
            Request::Die => process::exit(1),
        }
    }
}
