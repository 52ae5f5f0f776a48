//! A process is started with a command line, and answers through a pipe.
//!
//! A closure cannot be sent to another process. So a program starts itself again with
//! arguments that say what to do: `main` looks at them first. The answer comes as text
//! on the child's standard output. Python does the same with its start method "spawn",
//! and hides it: it sends the function's name and the pickled arguments.
//!
//! Run:     cargo run -p process-demo -- spawn
//! Expect:  five process ids, then five answers in the order of the start, and lanes
//! Chapter: book/src/processes.md
//! Source:  std::process::Command, std::env::current_exe

use std::collections::HashSet;
use std::io::Read;
use std::process::{self, Stdio};

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::{Actor, println, timeline};

use crate::primes;

/// Below what each worker counts primes, and how many it must find there.
///
/// The first worker gets the most work, so that it hardly finishes first.
const WORK: [(u32, usize); 5] =
    [(50_000, 5133), (40_000, 4203), (30_000, 3245), (20_000, 2262), (10_000, 1229)];

pub fn run() -> anyhow::Result<()> {
    let parent = Actor::new("parent");
    parent.says(format!("pid {}, starts {} workers", process::id(), WORK.len()));
    let mut workers = Vec::new();
    for (index, (limit, _)) in WORK.into_iter().enumerate() {
        workers.push(start(index + 1, limit)?);
    }
    let pids: HashSet<u32> = workers.iter().map(ChildGuard::id).collect();
    ensure!(pids.len() == WORK.len(), "two running workers with one pid: {pids:?}");

    // All run by now. An answer fits into its pipe, so none waits for its turn here.
    for (number, (worker, (limit, primes))) in (1..).zip(workers.iter().zip(WORK)) {
        let waiting = parent.waits(format!("worker {number}"));
        let (pid, found) =
            answer(worker).with_context(|| format!("worker {number}"))?;
        drop(waiting);
        Actor::new(format!("worker {number}"))
            .says(format!("pid {pid} found {found} primes below {limit}"));
        ensure!(pid == worker.id(), "pid {} answered as {pid}", worker.id());
        ensure!(found == primes, "worker {number} found {found}, not {primes}");
    }
    println!();
    timeline::so_far().print();
    println!(
        "\nok: five processes worked, their answers came in the order of the start"
    );
    Ok(())
}

fn start(number: usize, limit: u32) -> anyhow::Result<ChildGuard> {
    // Made here, so that the lanes are in this order whoever begins first.
    Actor::new(format!("worker {number}")).marks("started");
    let mut command = child::role("spawn-worker").context("find this program")?;
    command.args([number.to_string(), limit.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    ChildGuard::spawn(&mut command).with_context(|| format!("start worker {number}"))
}

/// The process id and the number of primes that `worker` answers.
fn answer(worker: &ChildGuard) -> anyhow::Result<(u32, usize)> {
    let mut text = String::new();
    let mut stdout = worker.take_stdout().context("standard output is piped")?;
    stdout.read_to_string(&mut text).context("read its answer")?;
    let status = worker.wait().context("wait for it")?;
    ensure!(status.success(), "ended with {status}");
    let (pid, found) =
        text.trim().split_once(' ').context("an answer has two words")?;
    Ok((pid.parse()?, found.parse()?))
}

/// What a worker gets on its command line.
#[derive(clap::Args)]
pub struct Worker {
    number: usize,
    limit: u32,
}

pub fn worker(Worker { number, limit }: Worker) -> anyhow::Result<()> {
    let me = Actor::new(format!("worker {number}"));
    let _working = me.works(format!("the primes below {limit}"));
    println!("{} {}", process::id(), primes::count_below(limit));
    Ok(())
}
