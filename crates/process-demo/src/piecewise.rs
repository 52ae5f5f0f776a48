//! Two processes write a sentence each, and take turns at every single write.
//!
//! Without the turns it happens too, but seldom, and never when one looks.

use std::io::{self, BufRead, BufReader, Write, stdin};
use std::process::{ChildStdin, ChildStdout, Stdio};

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::println;

use crate::log_file::LogFile;

/// What the two have written into one file; checked not to be two sentences.
pub fn two_sentences() -> anyhow::Result<String> {
    let log = LogFile::new()?;
    let mut writers = vec![Writer::start("a", &log)?, Writer::start("b", &log)?];
    while !writers.is_empty() {
        let mut still_writing = Vec::new();
        for mut writer in writers {
            if writer.takes_its_turn()? {
                still_writing.push(writer);
            }
        }
        writers = still_writing;
    }
    let text = log.text()?;
    let whole =
        text.lines().filter(|&line| line == sentence("a") || line == sentence("b"));
    ensure!(whole.count() == 0, "a sentence was written at once: {text:?}");
    ensure!(text.matches("makes").count() == 2, "a sentence is missing: {text:?}");
    Ok(text)
}

/// As it should be.
fn sentence(name: &str) -> String {
    format!("[{name}] {} and {} makes {}", 2, 2, 4)
}

/// A process that writes when it is told to.
struct Writer {
    turns: ChildStdin,
    written: BufReader<ChildStdout>,
    /// Kills and reaps it at the end.
    _child: ChildGuard,
}

impl Writer {
    fn start(name: &str, log: &LogFile) -> anyhow::Result<Self> {
        let mut command = child::role("logging-writer").context("find this program")?;
        command.arg(name).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(log.for_a_child()?);
        let child = ChildGuard::spawn(&mut command).context("start a writer")?;
        let turns = child.take_stdin().context("a pipe")?;
        let written = BufReader::new(child.take_stdout().context("a pipe")?);
        Ok(Self { turns, written, _child: child })
    }

    /// Lets it write once; false when it has nothing left to write.
    fn takes_its_turn(&mut self) -> anyhow::Result<bool> {
        // An error says that it has ended; so does the end of what it prints.
        let _ = self.turns.write_all(b"your turn\n");
        let mut line = String::new();
        Ok(self.written.read_line(&mut line).context("read from a writer")? > 0)
    }
}

#[derive(clap::Args)]
pub struct Named {
    name: String,
}

/// Writes its sentence as one does.
pub fn writer(Named { name }: Named) -> anyhow::Result<()> {
    let (sum, summand) = (4, 2);
    writeln!(InTurns, "[{name}] {summand} and {summand} makes {sum}")?;
    Ok(())
}

/// Standard error, one write a turn.
struct InTurns;

impl Write for InTurns {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let mut turn = String::new();
        stdin().read_line(&mut turn)?;
        let length = io::stderr().write(piece)?;
        println!("written");
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
