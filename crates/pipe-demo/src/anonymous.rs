//! A pipe is a queue of bytes that the kernel keeps, with two ends to hand out.
//!
//! `std::io::pipe` makes one without a child. Its ends can go anywhere: into another
//! thread, or to a child as any of its streams. Two writes may come out as one read:
//! the bytes have no boundaries. One child can have the same end twice, so that its
//! answers and its complaints stay in order; many children can share one, and short
//! lines stay whole. The reader ends when the last writing end is closed. Writing where
//! nobody reads any more is an error, and not a signal as in C.
//!
//! Run:     cargo run -p pipe-demo -- anonymous
//! Expect:  bytes without boundaries, two streams in one, four writers of one pipe
//! Chapter: book/src/pipes.md
//! Source:  pipe(7), std::io::pipe (Rust 1.87); POSIX write(), on PIPE_BUF

use std::io::{BufRead, BufReader, ErrorKind, Read, Write, pipe};
use std::process::Stdio;

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::{leash, println};

const WRITERS: usize = 4;

/// How many lines each writer writes, each with one write.
const LINES: usize = 50;

pub fn run() -> anyhow::Result<()> {
    let (mut reader, mut writer) = pipe().context("make a pipe")?;
    writer.write_all(b"one")?;
    writer.write_all(b"two")?;
    let mut bytes = [0; 64];
    let length = reader.read(&mut bytes)?;
    let came = String::from_utf8_lossy(&bytes[..length]).into_owned();
    println!("written: \"one\", then \"two\"; read at once: {came:?}");
    ensure!(came == "onetwo", "{came:?}");
    drop(reader);
    let error = writer.write_all(b"three").err().context("nobody reads any more")?;
    println!("written when the reading end is closed: {}", error.kind());
    ensure!(error.kind() == ErrorKind::BrokenPipe, "{error}");

    println!("\nstandard output and standard error, both into one pipe:");
    let text = both_streams()?;
    text.lines().for_each(|line| println!("  | {line}"));
    let words: Vec<_> =
        text.lines().filter_map(|line| line.split(' ').next()).collect();
    ensure!(words == ["out", "err", "out", "err"], "another order: {words:?}");

    let lines = shared_by_many()?;
    let changes = lines.windows(2).filter(|pair| pair[0].0 != pair[1].0).count();
    println!("\n{WRITERS} children, one pipe: {} lines, all whole", lines.len());
    println!("the next line came from another child {changes} times");
    for writer in 1..=WRITERS {
        let own =
            lines.iter().filter(|(by, _)| *by == writer).map(|(_, number)| *number);
        ensure!(own.eq(1..=LINES), "the lines of writer {writer} are not in order");
    }
    println!("\nok: no byte was lost, and the end came with the last writer's end");
    Ok(())
}

/// All that a child writes, to whichever of its two streams.
fn both_streams() -> anyhow::Result<String> {
    let (mut reader, writer) = pipe()?;
    let mut command = child::role("anonymous-two").context("find this program")?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let child = ChildGuard::spawn(&mut command).context("start the child")?;
    // The command has our copies of the writing end: with them open, no end of file.
    drop(command);
    let mut text = String::new();
    reader.read_to_string(&mut text)?;
    let status = child.wait()?;
    ensure!(status.success(), "the child ended with {status}");
    Ok(text)
}

/// Which writer wrote, and the number of its line, in the order of their arrival.
fn shared_by_many() -> anyhow::Result<Vec<(usize, usize)>> {
    let (reader, writer) = pipe()?;
    let mut writers = Vec::new();
    for number in 1..=WRITERS {
        let mut command =
            child::role("anonymous-writer").context("find this program")?;
        leash::put_on(command.arg(number.to_string())).stdout(writer.try_clone()?);
        let child = ChildGuard::spawn(&mut command)
            .with_context(|| format!("start writer {number}"))?;
        writers.push(child);
    }
    drop(writer);
    // All have started; they begin when their standard input ends.
    let starts: Vec<_> = writers.iter().map(ChildGuard::take_stdin).collect();
    drop(starts);
    let mut lines = Vec::new();
    for line in BufReader::new(reader).lines() {
        let line = line.context("read from the writers")?;
        let pair = line.strip_prefix("writer ").and_then(|l| l.split_once(" line "));
        let (writer, number) = pair.with_context(|| format!("in pieces: {line:?}"))?;
        lines.push((writer.parse()?, number.parse()?));
    }
    for child in writers {
        let status = child.wait()?;
        ensure!(status.success(), "a writer ended with {status}");
    }
    Ok(lines)
}

#[derive(clap::Args)]
pub struct Nothing {}

/// Writes to both its streams by turns.
pub fn two_streams(_: Nothing) -> anyhow::Result<()> {
    for number in 1..=2 {
        println!("out {number}: an answer");
        eprintln!("err {number}: a complaint");
    }
    Ok(())
}

#[derive(clap::Args)]
pub struct Writer {
    number: usize,
}

/// Writes its lines as soon as its standard input ends.
pub fn writer(Writer { number }: Writer) -> anyhow::Result<()> {
    leash::wait();
    for line in 1..=LINES {
        // One write a line: up to PIPE_BUF bytes (512 at least) stay together.
        println!("writer {number} line {line}");
    }
    Ok(())
}
