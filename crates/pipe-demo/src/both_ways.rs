//! Who writes all before reading anything waits for ever, as soon as the pipes are
//! full.
//!
//! The child answers while it reads. Nobody takes its answers yet, so their pipe fills
//! up and the child stops; then the other pipe fills up, and the parent stops too. A
//! test with little data passes, because a pipe holds some: 64 KiB on Linux. A thread
//! of its own for one of the two directions is the way out, whatever the amount.
//! `Command::output` and Python's `communicate` read both output streams at once for
//! that reason; Python's `Pipe` hangs in the same way when both ends send.
//!
//! Run:     cargo run -p pipe-demo -- both-ways
//! Expect:  1 MiB there and back; then a hang, ended after a second and explained
//! Chapter: book/src/pipes.md
//! Source:  pipe(7), section "Pipe capacity"; Python's subprocess, warning at `wait`

use std::io::{self, Read, Write};
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::thread;

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::{Actor, println, timeline, trial};

/// In bytes; the text is far longer than what two pipes hold.
const TEXT: usize = 1 << 20;

/// In bytes, what is read and written at once.
const PIECE: usize = 16 << 10;

pub fn run() -> anyhow::Result<()> {
    println!("a thread for each direction:");
    let answer = in_two_threads()?;
    ensure!(answer == text().to_ascii_uppercase(), "{} wrong bytes", answer.len());
    timeline::so_far().print();

    println!("\nthe same without, first all in, then all out:");
    let full = trial("both-ways-full")?;
    full.show();
    ensure!(!full.status.success(), "1 MiB fitted into two pipes");
    println!("\nok: with a thread for each direction {TEXT} bytes came back");
    Ok(())
}

/// What the child makes of the text.
fn in_two_threads() -> anyhow::Result<Vec<u8>> {
    let (writer, reader) = (Actor::new("writer"), Actor::new("reader"));
    let (child, mut stdin, mut stdout) = start()?;
    let answer = thread::scope(|scope| {
        let writing = thread::Builder::new().spawn_scoped(scope, move || {
            // Dropped at the end: the end of file for the child, and of its answer.
            write_all(writer, &mut stdin, &text())
        })?;
        let mut answer = Vec::new();
        let waiting = reader.waits("the answer");
        stdout.read_to_end(&mut answer).context("read from the child")?;
        drop(waiting);
        writing.join().unwrap()?;
        anyhow::Ok(answer)
    })?;
    let status = child.wait()?;
    ensure!(status.success(), "the child ended with {status}");
    Ok(answer)
}

/// Goes wrong: reads nothing before everything is written.
pub fn full() -> anyhow::Result<()> {
    let parent = Actor::new("parent");
    let (_child, mut stdin, mut stdout) = start()?;
    write_all(parent, &mut stdin, &text())?;
    drop(stdin);
    io::copy(&mut stdout, &mut io::sink()).context("read from the child")?;
    Ok(())
}

fn start() -> anyhow::Result<(ChildGuard, ChildStdin, ChildStdout)> {
    // Made here, so that the parent's lane is above the child's.
    let _child = Actor::new("child");
    let mut command = child::role("both-ways-child").context("find this program")?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let child = ChildGuard::spawn(&mut command).context("start the child")?;
    let stdin = child.take_stdin().context("standard input is piped")?;
    let stdout = child.take_stdout().context("standard output is piped")?;
    Ok((child, stdin, stdout))
}

fn text() -> Vec<u8> {
    b"abc ".repeat(TEXT / 4)
}

/// Writes piece by piece, so that the actor can say how far it came.
fn write_all(me: Actor, pipe: &mut impl Write, bytes: &[u8]) -> anyhow::Result<()> {
    for (index, piece) in bytes.chunks(PIECE).enumerate() {
        let _waiting = me
            .waits(format!("room in its pipe, {} KiB written", (index * PIECE) >> 10));
        pipe.write_all(piece).context("write into the pipe")?;
    }
    Ok(())
}

#[derive(clap::Args)]
pub struct Nothing {}

/// Writes what it reads in capitals, piece by piece.
pub fn child(_: Nothing) -> anyhow::Result<()> {
    let me = Actor::new("child");
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut piece = [0; PIECE];
    let mut written = 0;
    loop {
        let length = input.read(&mut piece).context("read the text")?;
        if length == 0 {
            return output.flush().context("write the answer");
        }
        piece[..length].make_ascii_uppercase();
        let _waiting =
            me.waits(format!("room in its pipe, {} KiB written", written >> 10));
        output.write_all(&piece[..length]).context("write the answer")?;
        output.flush().context("write the answer")?;
        written += length;
    }
}
