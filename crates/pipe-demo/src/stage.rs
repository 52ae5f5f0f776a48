//! The three stages of the chain: numbers, primes, and the first few of them.

use std::io::{self, ErrorKind, Write, stdin};

use anyhow::bail;
use clap::ValueEnum;
use common::Actor;

use crate::primes::is_prime;

/// How many primes the last stage lets through.
pub const WANTED: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Stage {
    Numbers,
    Primes,
    First,
}

impl Stage {
    pub fn name(self) -> &'static str {
        match self {
            Self::Numbers => "numbers",
            Self::Primes => "primes",
            Self::First => "first",
        }
    }
}

#[derive(clap::Args)]
pub struct Options {
    stage: Stage,
}

/// One stage; it reports on standard error how many lines it has written.
pub fn run(Options { stage }: Options) -> anyhow::Result<()> {
    let me = Actor::new(stage.name());
    let _working = me.works("its lines");
    let written = match stage {
        Stage::Numbers => pass_on(1..)?,
        Stage::Primes => pass_on(input().filter(|number| is_prime(*number)))?,
        Stage::First => pass_on(input().take(WANTED))?,
    };
    me.marks("ends");
    eprintln!("{written}");
    Ok(())
}

/// The numbers from standard input, until its end.
fn input() -> impl Iterator<Item = u64> {
    stdin().lines().map_while(Result::ok).map_while(|line| line.parse().ok())
}

/// Writes a line a number until nobody reads any more; returns how many.
fn pass_on(numbers: impl Iterator<Item = u64>) -> anyhow::Result<u64> {
    let mut output = io::stdout().lock();
    let mut written = 0;
    for number in numbers {
        match writeln!(output, "{number}") {
            Ok(()) => written += 1,
            // Not a mistake: it is how the one who reads says that it has enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            Err(error) => bail!("write {number}: {error}"),
        }
    }
    Ok(written)
}
