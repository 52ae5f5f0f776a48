//! `a | b | c`: three processes at work at once, and the data never passes the parent.
//!
//! The standard output of one is the standard input of the next. All run at the same
//! time; a full pipe holds back the one that is too fast. The first could go on for
//! ever: it ends because the last has ended. Whoever writes into a pipe that nobody
//! reads any more gets an error (a C program gets the signal `SIGPIPE`, which Rust
//! ignores), and so the end travels from the last to the first. That works only if the
//! parent keeps no reading end for itself.
//!
//! Run:     cargo run -p pipe-demo -- chain
//! Expect:  the first ten primes, how far ahead the others were, and three lanes
//! Chapter: book/src/pipes.md
//! Source:  M. D. McIlroy's memo of 11 October 1964; pipe(7), sh(1)

use std::io::Read;
use std::process::{ChildStdout, Stdio};

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::{Actor, println, timeline};

use crate::stage::{Stage, WANTED};

const PRIMES: &str = "2 3 5 7 11 13 17 19 23 29";

pub fn run() -> anyhow::Result<()> {
    println!("numbers | primes | first {WANTED}\n");
    let (numbers, stdout) = start(Stage::Numbers, Stdio::null())?;
    let (primes, stdout) = start(Stage::Primes, stdout.into())?;
    let (first, mut stdout) = start(Stage::First, stdout.into())?;

    let mut result = String::new();
    stdout.read_to_string(&mut result).context("read from the last stage")?;
    let result = result.split_whitespace().collect::<Vec<_>>().join(" ");
    Actor::new("first").says(&result);
    ensure!(result == PRIMES, "the first {WANTED} primes are not {result}");

    first.expect_good_end()?;
    let found = primes.expect_good_end()?;
    Actor::new("primes").says(format!("wrote {found}, then nobody read any more"));
    let counted = numbers.expect_good_end()?;
    Actor::new("numbers").says(format!("wrote {counted}, then nobody read any more\n"));
    ensure!(
        found >= WANTED as u64 && counted >= 29,
        "{counted} numbers, {found} primes"
    );
    timeline::so_far().print();
    println!("\nok: the last stage ended, and so did the endless ones before it");
    Ok(())
}

struct Running {
    stage: Stage,
    child: ChildGuard,
}

/// Starts a stage; what it reads is gone from here, what it writes is handed back.
fn start(stage: Stage, input: Stdio) -> anyhow::Result<(Running, ChildStdout)> {
    // Made here, so that the lanes are in the order of the chain.
    let _actor = Actor::new(stage.name());
    let mut command = child::role("chain-stage").context("find this program")?;
    command.arg(stage.name()).stdin(input);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = ChildGuard::spawn(&mut command)
        .with_context(|| format!("start {}", stage.name()))?;
    let stdout = child.take_stdout().context("standard output is piped")?;
    Ok((Running { stage, child }, stdout))
}

impl Running {
    /// Waits for the end, and for the number of lines that the stage has written.
    fn expect_good_end(&self) -> anyhow::Result<u64> {
        let name = self.stage.name();
        let mut stderr = self.child.take_stderr().context("standard error is piped")?;
        let mut report = String::new();
        stderr.read_to_string(&mut report).context("read its report")?;
        let status = self.child.wait()?;
        ensure!(status.success(), "{name} ended with {status}: {report}");
        report.trim().parse().with_context(|| format!("the report of {name}: {report}"))
    }
}
