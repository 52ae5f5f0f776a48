//! A pipe carries bytes; messages begin where both sides say that they begin.
//!
//! What was sent in three writes may come in one read, and what was sent in one may
//! come in pieces. The length before each message tells where it ends, an empty one and
//! one with line feeds included. It also tells a stream that has ended from one that
//! was cut off, and it needs a limit: four bytes from a stranger must not take 4 GiB of
//! memory. Python's `Connection.send` does the same; its `recv_bytes` takes the limit,
//! its `recv` has none and runs what the sender likes while it unpickles.
//!
//! Run:     cargo run -p pipe-demo -- framing
//! Expect:  three words that run together, then whole messages from four children
//! Chapter: book/src/framing.md
//! Source:  pipe(7), section "I/O on pipes and FIFOs"; Python's
//!          Lib/multiprocessing/connection.py

use std::io::{self, ErrorKind, Read, Write, pipe};
use std::process::Stdio;

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use common::child::{self, ChildGuard};
use common::println;

use crate::frame;

const MESSAGES: [&str; 4] = ["left", "", "two\nlines", "right"];

/// In bytes, of the longest message that the parent takes.
const LIMIT: usize = 1 << 20;

/// What the child that is cut off promises, in bytes.
const PROMISED: u32 = 1000;

pub fn run() -> anyhow::Result<()> {
    let (mut reader, mut writer) = pipe().context("make a pipe")?;
    for message in MESSAGES {
        writer.write_all(message.as_bytes())?;
    }
    let mut bytes = [0; 64];
    let length = reader.read(&mut bytes)?;
    let came = String::from_utf8_lossy(&bytes[..length]).into_owned();
    println!("written:      {MESSAGES:?}");
    println!("read:         {came:?}");
    ensure!(came == MESSAGES.concat(), "{came:?}");

    println!("\nwith the length before each message, from a child that writes");
    for manner in [Manner::Whole, Manner::Bytewise] {
        let (messages, end) = messages_of(manner)?;
        println!("{:13} {messages:?}", manner.name());
        ensure!(messages == MESSAGES, "{}: {messages:?}", manner.name());
        end.with_context(|| format!("the end of {}", manner.name()))?;
    }
    for (manner, kind) in [
        (Manner::CutOff, ErrorKind::UnexpectedEof),
        (Manner::Boastful, ErrorKind::InvalidData),
    ] {
        let (messages, end) = messages_of(manner)?;
        let Err(error) = end else { bail!("{} ended well", manner.name()) };
        println!("{:13} {messages:?}, then an error: {error}", manner.name());
        ensure!(messages == ["left"], "{}: {messages:?}", manner.name());
        ensure!(error.kind() == kind, "{}: {error}", manner.name());
    }
    println!(
        "\nok: each message came whole, and a part of one was never taken for one"
    );
    Ok(())
}

/// The messages of a child, and how the stream of them ended.
fn messages_of(manner: Manner) -> anyhow::Result<(Vec<String>, io::Result<()>)> {
    let mut command = child::role("framing-child").context("find this program")?;
    command.arg(manner.name()).stdin(Stdio::null()).stdout(Stdio::piped());
    let child = ChildGuard::spawn(&mut command)
        .with_context(|| format!("start {}", manner.name()))?;
    let mut stdout = child.take_stdout().context("standard output is piped")?;
    let mut messages = Vec::new();
    loop {
        match frame::read(&mut stdout, LIMIT) {
            Ok(Some(message)) => messages.push(String::from_utf8(message)?),
            Ok(None) => return Ok((messages, Ok(()))),
            Err(error) => return Ok((messages, Err(error))),
        }
    }
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Manner {
    Whole,
    Bytewise,
    CutOff,
    Boastful,
}

impl Manner {
    fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Bytewise => "bytewise",
            Self::CutOff => "cut-off",
            Self::Boastful => "boastful",
        }
    }
}

#[derive(clap::Args)]
pub struct Options {
    manner: Manner,
}

/// Writes messages, or what looks like messages.
pub fn child(Options { manner }: Options) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    match manner {
        Manner::Whole => {
            for message in MESSAGES {
                frame::write(&mut output, message.as_bytes())?;
            }
        }
        Manner::Bytewise => {
            let mut stream = Vec::new();
            for message in MESSAGES {
                frame::write(&mut stream, message.as_bytes())?;
            }
            for byte in stream {
                output.write_all(&[byte])?;
                // Without it, standard output would gather them.
                output.flush()?;
            }
        }
        Manner::CutOff => {
            frame::write(&mut output, b"left")?;
            output.write_all(&PROMISED.to_be_bytes())?;
            output.write_all(b"ten bytes.")?;
        }
        Manner::Boastful => {
            frame::write(&mut output, b"left")?;
            output.write_all(&u32::MAX.to_be_bytes())?;
        }
    }
    output.flush().context("write the last of it")
}
