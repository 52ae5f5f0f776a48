//! A child process that does what it is told, a line at a time, and answers each.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write, stdin, stdout};
use std::process::{ChildStdin, ChildStdout, Stdio};

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::leash;

/// A running child; dropping it ends and reaps the process.
pub struct Partner {
    role: &'static str,
    /// Also its leash: it ends when nothing more can come.
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    child: ChildGuard,
}

impl Partner {
    /// Starts a child in a role that calls [`answer`], and waits until it is ready.
    pub fn start(role: &'static str, argument: &str) -> anyhow::Result<Self> {
        let mut command = child::role(role).context("find this program")?;
        command.arg(argument).stdin(Stdio::piped()).stdout(Stdio::piped());
        let child =
            ChildGuard::spawn(&mut command).with_context(|| format!("start {role}"))?;
        let stdin = child.take_stdin().context("a pipe")?;
        let stdout = BufReader::new(child.take_stdout().context("a pipe")?);
        let mut partner = Self { role, stdin, stdout, child };
        partner.hear().context("hear that it is ready")?;
        Ok(partner)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tells it what to do, and does not wait.
    pub fn tell(&mut self, what: &str) -> anyhow::Result<()> {
        writeln!(self.stdin, "{what}").with_context(|| format!("tell {}", self.role))
    }

    /// Waits for its next line.
    pub fn hear(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.stdout
            .read_line(&mut line)
            .with_context(|| format!("hear {}", self.role))?;
        ensure!(line.ends_with('\n'), "{} ended without an answer", self.role);
        Ok(line.trim_end().to_owned())
    }

    /// Tells it what to do, and waits for its answer.
    pub fn ask(&mut self, what: &str) -> anyhow::Result<String> {
        self.tell(what)?;
        self.hear()
    }

    /// Kills it, as the system would: it does nothing more. What is left is what it has
    /// said, which ends when its own children have ended, too.
    pub fn kill(self) -> anyhow::Result<impl Read> {
        self.child.kill().with_context(|| format!("kill {}", self.role))?;
        self.child.wait().with_context(|| format!("wait for {}", self.role))?;
        Ok(self.stdout)
    }

    /// Waits until there are so many bytes of it.
    pub fn read_exact(&mut self, bytes: &mut [u8]) -> anyhow::Result<()> {
        self.stdout.read_exact(bytes).with_context(|| format!("hear {}", self.role))
    }
}

/// In the child: says that it is ready, and does what it is told until nobody can tell
/// it any more, or listens.
pub fn answer(
    mut act: impl FnMut(&str) -> anyhow::Result<String>,
) -> anyhow::Result<()> {
    let mut answer = "ready".to_owned();
    loop {
        // `println!` would end the process when nobody listens, and the caller has
        // something to remove.
        match writeln!(stdout(), "{answer}") {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
        // A line at a time: standard input must be free for others meanwhile.
        let mut line = String::new();
        if stdin().read_line(&mut line)? == 0 {
            return Ok(());
        }
        answer = act(line.trim_end())?;
    }
}

/// In the child: never returns; ends with the last order, or by a kill.
pub fn wait_for_the_end() -> ! {
    leash::wait();
    std::process::exit(0)
}
