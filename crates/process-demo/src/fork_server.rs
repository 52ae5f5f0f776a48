//! A process that prepares itself once, and serves each request by a copy of itself.

use std::io::{BufRead, BufReader, Write, stdin};
use std::process::{self, ChildStdin, ChildStdout, Stdio};

use anyhow::{Context, ensure};
use common::child::ChildGuard;
use common::println;
use rustix::process::{WaitOptions, waitpid};

use crate::bare;
use crate::fork::{Side, fork_alone};
use crate::primes;

/// Below this number the table has all primes.
const LIMIT: usize = 1_500_000;

/// A prime, and the process that found it.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub pid: u32,
    pub prime: u32,
}

impl Answer {
    /// Reads what [`answer`] has printed.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let (pid, prime) =
            text.trim().split_once(' ').context("an answer has 2 words")?;
        Ok(Self { pid: pid.parse()?, prime: prime.parse()? })
    }
}

/// A running server; dropping it ends and reaps the process.
pub struct ForkServer {
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    child: ChildGuard,
}

impl ForkServer {
    /// Starts a server and waits until it is prepared.
    pub fn start() -> anyhow::Result<Self> {
        let mut command = bare::command("fork-server", "")?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = ChildGuard::spawn(&mut command).context("start the fork server")?;
        let requests = child.take_stdin().context("a pipe")?;
        let mut answers = BufReader::new(child.take_stdout().context("a pipe")?);
        let mut line = String::new();
        answers.read_line(&mut line).context("read from the fork server")?;
        ensure!(line == "ready\n", "the fork server began with {line:?}");
        Ok(Self { requests, answers, child })
    }

    /// The process id of the server itself.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks for the `n`th prime.
    pub fn ask(&mut self, n: usize) -> anyhow::Result<Answer> {
        writeln!(self.requests, "{n}").context("ask the fork server")?;
        let mut line = String::new();
        self.answers.read_line(&mut line).context("read from the fork server")?;
        Answer::read(&line)
    }
}

/// What the server does, until its input ends.
pub fn serve() -> anyhow::Result<()> {
    let primes = primes::below(LIMIT);
    println!("ready");
    for request in stdin().lines() {
        let request = request.context("read a request")?;
        match fork_alone().context("fork")? {
            Side::Parent { child } => {
                waitpid(Some(child), WaitOptions::empty())?;
            }
            Side::Child => {
                answer(&primes, &request)?;
                // Not back into the loop: the requests are for the server.
                process::exit(0);
            }
        }
    }
    Ok(())
}

/// The same without a server: prepares itself for one request.
pub fn answer_once(request: &str) -> anyhow::Result<()> {
    answer(&primes::below(LIMIT), request)
}

fn answer(primes: &[u32], request: &str) -> anyhow::Result<()> {
    let n: usize =
        request.parse().with_context(|| format!("the number {request:?}"))?;
    let prime = n.checked_sub(1).and_then(|index| primes.get(index));
    println!("{} {}", process::id(), prime.context("a prime beyond the table")?);
    Ok(())
}
