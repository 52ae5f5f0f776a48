//! Several processes share a log: each line is composed first, and written at once.
//!
//! A lock of std keeps threads apart, not processes: `eprintln!` and `writeln!` to a
//! file write a line piece by piece, and another process may write in between. A logger
//! composes the line and appends it by one call, which the system does not interrupt by
//! another append. What was written before a crash is there: nothing waits in a buffer.
//! The level goes to the children by the environment; Python hands it over likewise.
//!
//! Run:     cargo run -p process-demo -- logging
//! Expect:  two sentences mixed up, then 1600 whole lines of four processes
//! Chapter: book/src/environment.md
//! Source:  write(2) and open(2) on O_APPEND; crates tracing, tracing-subscriber

use std::io::Read;
use std::process::Stdio;

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::{leash, println};
use tracing::level_filters::LevelFilter;

use crate::ending::Ending::{self, Code, Signal};
use crate::log_file::{Entry, LogFile};
use crate::{limits, piecewise};

const WORKERS: usize = 4;

/// For each worker.
const JOBS: usize = 400;

/// One job of so many earns a warning.
const SLOW_JOBS: usize = 100;

/// Read by every child; the usual name for it.
const LEVEL: &str = "RUST_LOG";

pub fn run() -> anyhow::Result<()> {
    println!("Two processes, each with one writeln!, take turns at every write:");
    for line in piecewise::two_sentences()?.lines() {
        println!("{}", format!("  | {line}").trim_end());
    }

    let log = LogFile::new()?;
    let workers = (1..=WORKERS).map(|number| start(number, "info", &log));
    let workers = workers.collect::<anyhow::Result<Vec<_>>>()?;
    for worker in &workers {
        // What they wait for, so that they write at the same time.
        drop(worker.take_stdin());
    }
    let endings: Vec<Ending> = workers
        .iter()
        .map(|worker| Ok(worker.wait()?.into()))
        .collect::<anyhow::Result<_>>()?;
    let text = log.text()?;
    let entries: Vec<_> =
        text.lines().map(Entry::read).collect::<anyhow::Result<_>>()?;
    println!("\n{WORKERS} processes log {JOBS} jobs each; the file begins with:");
    text.lines().take(2).for_each(|line| println!("  |{line}"));
    let switches =
        entries.windows(2).filter(|two| two[0].worker != two[1].worker).count();
    println!(
        "  {} whole lines; {switches} times another process went on",
        entries.len()
    );
    for number in 1..=WORKERS {
        let jobs = entries.iter().filter(|e| e.worker == number).map(|e| e.job);
        ensure!(
            jobs.eq(1..=JOBS),
            "lines of worker {number} are lost, or out of order"
        );
    }
    let last = endings[WORKERS - 1];
    println!("  worker {WORKERS} crashed after its last job: {last}; no line is lost");
    ensure!(endings[..WORKERS - 1] == [Code(0); WORKERS - 1], "{endings:?}");
    ensure!(!cfg!(unix) || last == Signal(6), "worker {WORKERS} ended with {last}");

    let log = LogFile::new()?;
    let quiet = start(1, "warn", &log)?;
    drop(quiet.take_stdin());
    let status = quiet.wait()?;
    let lines = log.text()?.lines().count();
    println!("  started with {LEVEL}=warn, a process logs {lines} lines, not {JOBS}");
    ensure!(status.success() && lines == JOBS / SLOW_JOBS, "{lines} warnings");
    println!("\nok: every line was whole, and each process's lines were in order");
    Ok(())
}

fn start(number: usize, level: &str, log: &LogFile) -> anyhow::Result<ChildGuard> {
    let mut command = child::role("logging-worker").context("find this program")?;
    command.arg(number.to_string()).env(LEVEL, level);
    leash::put_on(&mut command).stderr(log.for_a_child()?);
    command.stdout(Stdio::piped());
    let worker = ChildGuard::spawn(&mut command)
        .with_context(|| format!("start worker {number}"))?;
    // One byte says that it is ready: it has begun to wait, or is about to.
    let mut stdout = worker.take_stdout().context("a pipe")?;
    stdout.read_exact(&mut [0]).with_context(|| format!("worker {number}"))?;
    Ok(worker)
}

#[derive(clap::Args)]
pub struct Worker {
    number: usize,
}

/// Logs its jobs when the parent lets it go; the last worker crashes then.
pub fn worker(Worker { number }: Worker) -> anyhow::Result<()> {
    let level: LevelFilter = std::env::var(LEVEL)?.parse()?;
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false)
        .without_time()
        .init();
    println!("ready");
    leash::wait();

    let pid = std::process::id();
    // Of the highest level, so that it is there whichever lines are wanted.
    let _worker = tracing::error_span!("worker", number, pid).entered();
    for job in 1..=JOBS {
        if job.is_multiple_of(SLOW_JOBS) {
            tracing::warn!(job, "done");
        } else {
            tracing::info!(job, "done");
        }
    }
    if number == WORKERS {
        limits::no_core_file();
        std::process::abort();
    }
    Ok(())
}
