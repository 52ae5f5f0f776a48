//! End of file comes when the last writing end is closed, and not before.
//!
//! Three processes have the writing end of one pipe: both children, and the parent that
//! made it. The reader waits for all of them, also for those that never write. So the
//! parent drops its own end as soon as the children have theirs. One end is easily
//! forgotten: a `Command` keeps what it was given for the child, and lives as long as
//! its variable. A grandchild can hold one as well: it inherits standard output and
//! keeps it open when the child has long ended. Other files are closed in every program
//! that Rust or Python starts, so a pipe does not get into strangers' hands by
//! accident.
//!
//! Run:     cargo run -p pipe-demo -- eof
//! Expect:  who closes when, as lanes too; then a hang, ended after a second
//! Chapter: book/src/pipes.md
//! Source:  pipe(7); std::process::Command::stdout; Python's PEP 446

use std::io::{PipeReader, PipeWriter, Read, pipe};
use std::thread;

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::{Actor, leash, println, timeline, trial};

pub fn run() -> anyhow::Result<()> {
    let (parent, reader) = (Actor::new("parent"), Actor::new("reader"));
    let (reading_end, writing_end) = pipe().context("make a pipe")?;
    let holding = parent.holds("a writing end");
    let reading =
        thread::Builder::new().spawn(move || read_all(reader, reading_end))?;
    let one = start(1, &writing_end)?;
    let two = start(2, &writing_end)?;
    drop(writing_end);
    drop(holding);
    parent.says("has closed its writing end, the children have theirs");
    ensure!(!reading.is_finished(), "the end came while two writing ends were open");

    end(&one)?;
    Actor::new("child 1").says("has ended, another writing end is open");
    ensure!(!reading.is_finished(), "the end came while a writing end was open");
    end(&two)?;
    Actor::new("child 2").says("has ended");
    let text = reading.join().unwrap()?;
    reader.says(format!("has seen the end, and {} lines\n", text.lines().count()));
    ensure!(text.lines().count() == 2, "the children wrote {text:?}");
    timeline::so_far().print();

    println!("\nthe same for one child whose command is kept:");
    let forgotten = trial("eof-forgotten")?;
    forgotten.show();
    ensure!(!forgotten.status.success(), "the end came in spite of an open end");
    println!("\nok: the end came with the last writing end, and only then");
    Ok(())
}

/// Goes wrong: the command is still there, and with it a writing end.
pub fn forgotten() -> anyhow::Result<()> {
    let parent = Actor::new("parent");
    let (reading_end, writing_end) = pipe().context("make a pipe")?;
    let mut command = child::role("eof-child").context("find this program")?;
    leash::put_on(command.arg("1")).stdout(writing_end);
    let child = ChildGuard::spawn(&mut command).context("start the child")?;
    end(&child)?;
    parent.says("has seen the child end, and reads what it wrote");
    // `drop(command)` is missing here.
    let text = read_all(parent, reading_end)?;
    parent.says(text);
    drop(command);
    Ok(())
}

fn start(number: usize, writing_end: &PipeWriter) -> anyhow::Result<ChildGuard> {
    // Made here, so that the lanes are in this order whoever begins first.
    let _child = Actor::new(format!("child {number}"));
    // The command goes at the end of this function, and its copy of the end with it.
    let mut command = child::role("eof-child").context("find this program")?;
    leash::put_on(command.arg(number.to_string())).stdout(writing_end.try_clone()?);
    ChildGuard::spawn(&mut command).with_context(|| format!("start child {number}"))
}

fn read_all(me: Actor, mut reader: PipeReader) -> anyhow::Result<String> {
    let _waiting = me.waits("the end of file");
    let mut text = String::new();
    reader.read_to_string(&mut text).context("read from the pipe")?;
    Ok(text)
}

/// Lets a child go, and waits for its end.
fn end(child: &ChildGuard) -> anyhow::Result<()> {
    drop(child.take_stdin());
    let status = child.wait()?;
    ensure!(status.success(), "a child ended with {status}");
    Ok(())
}

#[derive(clap::Args)]
pub struct Child {
    number: usize,
}

/// Writes a line and keeps the writing end until it is let go.
pub fn child(Child { number }: Child) -> anyhow::Result<()> {
    let _holding = Actor::new(format!("child {number}")).holds("a writing end");
    println!("child {number} was here");
    leash::wait();
    Ok(())
}
