//! When main returns the process ends, and every other thread with it, wherever it is.
//!
//! A thread whose handle is dropped is detached: it outlives its starter, but not main.
//! It is not told, its `Drop`s do not run, what it has buffered is lost, and the exit
//! status is 0. Python is the other way round: it waits for every thread that is not a
//! daemon. In Rust that takes a join or a scope.
//!
//! Run:     cargo run -p thread-demo -- detached
//! Expect:  a log of three lines of which nothing arrives, then the same log, joined
//! Chapter: book/src/threads.md
//! Source:  std::thread, "The threading model"; std::io::BufWriter

use std::io::{self, BufWriter, Stdout, Write};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

use anyhow::{Context, ensure};
use common::{Actor, println, trial};

const ORDERS: [&str; 3] = ["order 1: tea", "order 2: milk", "order 3: bread"];

/// As in a logging library: global, so never dropped, so the log never closes.
static LOG: OnceLock<SyncSender<&str>> = OnceLock::new();

pub fn run() -> anyhow::Result<()> {
    ensure!(outlives_its_starter(), "the detached thread ended with its starter");
    println!("a detached thread still answers after its starter has ended\n");

    println!("A process logs {} orders, and its main returns:", ORDERS.len());
    let lost = trial("main-returns")?;
    lost.show();
    ensure!(lost.status.success(), "the end of main was taken for a failure");
    ensure!(lost.output.contains("main returns"), "main did not come to its end");
    ensure!(!lost.output.contains("tea"), "the buffer was written after all");
    ensure!(!lost.output.contains("closed"), "the log's Drop ran after all");
    println!("  ended by {}, without a complaint; no order arrived", lost.status);

    println!("\nThe same log, closed and joined before the end:");
    let (log, lines) = mpsc::sync_channel(0);
    let logger = start_logger(lines, "log (joined)")?;
    for order in ORDERS {
        log.send(order)?;
    }
    // Closes the channel, which is how the thread learns that this was all.
    drop(log);
    let written = logger.join().unwrap();
    ensure!(written == ORDERS.len(), "{written} lines were written");
    println!("\nok: main's return cost {written} lines and a Drop, a join saved them");
    Ok(())
}

/// The losing version; what is lost depends on nothing but main's return.
pub fn main_returns() -> anyhow::Result<()> {
    let (log, lines) = mpsc::sync_channel(0);
    // The handle is dropped here: from now on nobody can wait for the thread.
    drop(start_logger(lines, "log (detached)")?);
    let log = LOG.get_or_init(|| log);
    for order in ORDERS {
        // A channel without room: `send` returns when the logger has the line.
        log.send(order).context("the logger has gone")?;
    }
    println!("[main] the logger has all {} orders, main returns", ORDERS.len());
    Ok(())
}

/// Starts the thread that writes `lines`, until their channel is closed.
fn start_logger(
    lines: Receiver<&'static str>,
    name: &str,
) -> io::Result<thread::JoinHandle<usize>> {
    let me = Actor::new(name);
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        let mut log = Log { buffer: BufWriter::new(io::stdout()) };
        let _holding = me.holds("lines in a buffer");
        let mut written = 0;
        for line in lines {
            // Into the buffer, which has room for far more than the orders.
            if writeln!(log.buffer, "  | {line}").is_ok() {
                written += 1;
            }
        }
        written
    })
}

/// Writes large pieces, as files are written, and the last piece when it is dropped.
struct Log {
    buffer: BufWriter<Stdout>,
}

impl Drop for Log {
    fn drop(&mut self) {
        // Nobody may read any more; the next `println!` notices and ends the program.
        let _ = self.buffer.flush();
        println!("  | log closed by its Drop");
    }
}

/// Starts a thread that starts another and ends; has the other one survived?
fn outlives_its_starter() -> bool {
    let (ask, asked) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    let starter = thread::spawn(move || {
        // Detached: the handle is dropped.
        thread::spawn(move || asked.recv().map(|()| answer.send(())));
    });
    starter.join().unwrap();
    ask.send(()).is_ok() && answers.recv().is_ok()
}
