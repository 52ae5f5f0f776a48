//! A worker process that adds up, and what its supervisor holds of it.

use std::fmt;
use std::io::{BufRead, BufReader, Write, stdin};
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::thread;

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::{Actor, Span, println};

use crate::ending::Ending;
use crate::{limits, sums};

/// What the worker says when it is ready for its first job.
const READY: &str = "ready";

/// In bytes; the same on every system, for the job that needs more.
const STACK: usize = 256 << 10;

/// A running worker; dropping it ends and reaps the process.
pub struct Worker {
    number: usize,
    me: Actor,
    /// As long as the worker lives. Recorded here: the dead record no end.
    waiting: Option<Span>,
    jobs: ChildStdin,
    values: BufReader<ChildStdout>,
    child: ChildGuard,
}

/// How a worker died.
pub struct Death {
    number: usize,
    ending: Ending,
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "worker {} died: {}", self.number, self.ending)
    }
}

impl Worker {
    /// Starts a worker and waits until it is ready or dead.
    pub fn start(number: usize, broken: bool) -> anyhow::Result<Result<Self, Death>> {
        let me = Actor::new(format!("worker {number}"));
        let mut command =
            child::role("supervisor-worker").context("find this program")?;
        command.args(broken.then_some("--broken"));
        // What it says when it dies is told by how it ends.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = ChildGuard::spawn(&mut command).context("start a worker")?;
        let mut worker = Self {
            number,
            me,
            waiting: Some(me.waits("a job")),
            jobs: child.take_stdin().context("a pipe")?,
            values: BufReader::new(child.take_stdout().context("a pipe")?),
            child,
        };
        Ok(match worker.read_line()? {
            Some(line) => {
                ensure!(line == READY, "worker {number} began with {line:?}");
                Ok(worker)
            }
            None => Err(worker.death()?),
        })
    }

    /// Gives the worker a job and waits for its value, or for its death.
    pub fn ask(&mut self, job: &str) -> anyhow::Result<Result<u64, Death>> {
        let _working = self.me.works("a job");
        // An error says that the worker has died; so does the end of what it writes.
        let _ = writeln!(self.jobs, "{job}");
        Ok(match self.read_line()? {
            Some(line) => Ok(line.parse().context("the value of a job")?),
            None => Err(self.death()?),
        })
    }

    /// Kills it, as somebody else might; the supervisor finds out by itself.
    pub fn kill(&self) -> anyhow::Result<()> {
        self.child.kill().context("kill a worker")
    }

    /// The next line; `None` when the worker writes no more.
    ///
    /// A line without its end is half an answer, of a worker that died while it wrote.
    fn read_line(&mut self) -> anyhow::Result<Option<String>> {
        let mut line = String::new();
        self.values.read_line(&mut line).context("read from a worker")?;
        Ok(line.strip_suffix('\n').map(str::to_owned))
    }

    fn death(&mut self) -> anyhow::Result<Death> {
        let ending = self.child.wait().context("wait for a worker")?.into();
        self.waiting = None;
        self.me.marks("died");
        Ok(Death { number: self.number, ending })
    }
}

#[derive(clap::Args)]
pub struct Settings {
    #[arg(long)]
    broken: bool,
}

/// What the worker does: a value for each line, until its input ends.
pub fn worker(Settings { broken }: Settings) -> anyhow::Result<()> {
    ensure!(!broken, "wrong settings");
    limits::no_core_file();
    println!("{READY}");
    for job in stdin().lines() {
        let job = job.context("read a job")?;
        let adder = thread::Builder::new().stack_size(STACK);
        let value = adder.spawn(move || sums::value(&job))?.join().unwrap();
        println!("{}", value.context("a job that is no sum")?);
    }
    Ok(())
}
