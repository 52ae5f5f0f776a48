//! A child ends with a code or by a signal; one that was never started is an error.
//!
//! A code is what the child says of itself, and Unix keeps 8 bits of it: `exit(256)` is
//! success. A signal is what was done to it: `code()` is `None` then, where Python says
//! minus the signal and a shell says 128 more. A panic is 101, an error from `main` is 1.
//!
//! Run:     cargo run -p process-demo -- exit
//! Expect:  a line for each of eight endings, then a program that does not exist
//! Chapter: book/src/exits.md
//! Source:  std::process::ExitStatus, std::process::Termination, wait(2)

use std::io::ErrorKind;
use std::process::{self, Command, Stdio};

use anyhow::{Context, bail, ensure};
use common::child::ChildGuard;
use common::{leash, println};

use crate::ending::Ending::{self, Code, Signal};
use crate::{bare, limits};

/// What the child is told, what that means, and how it must end on Unix.
const ENDINGS: [(&str, &str, Ending); 8] = [
    ("return", "returns from main", Code(0)),
    ("3", "calls exit(3)", Code(3)),
    ("256", "calls exit(256)", Code(0)),
    ("-1", "calls exit(-1)", Code(255)),
    ("error", "returns an error from main", Code(1)),
    ("panic", "panics", Code(101)),
    ("abort", "aborts", Signal(6)),
    ("wait", "waits, and is killed", Signal(9)),
];

pub fn run() -> anyhow::Result<()> {
    for (how, what, expected) in ENDINGS {
        let ending = ending_of(how).with_context(|| format!("a child that {what}"))?;
        println!("{what:<28} {ending}");
        ensure!(!cfg!(unix) || ending == expected, "{ending}, not {expected}");
    }

    let missing = Command::new("no-such-program").spawn();
    let error = missing.err().context("`no-such-program` was started")?;
    println!("{:<28} {error}", "is not there");
    ensure!(error.kind() == ErrorKind::NotFound, "not found is {:?}", error.kind());

    println!("\nok: each ending was told apart, and nothing was started from nothing");
    Ok(())
}

fn ending_of(how: &str) -> anyhow::Result<Ending> {
    let mut command = bare::command("exit", how)?;
    // What a child says about its error or its panic is not the point here.
    leash::put_on(&mut command).stderr(Stdio::null());
    let child = ChildGuard::spawn(&mut command)?;
    if how == "wait" {
        child.kill()?;
    }
    Ok(child.wait()?.into())
}

/// What the child does.
pub fn end(how: &str) -> anyhow::Result<()> {
    limits::no_core_file();
    match how {
        "return" => Ok(()),
        "error" => bail!("out of paper"),
        "panic" => panic!("out of paper"),
        "abort" => process::abort(),
        "wait" => {
            leash::wait();
            Ok(())
        }
        code => process::exit(code.parse().context("the exit code")?),
    }
}
