//! A time limit ends the wait, not the child; what happens then is the parent's choice.
//!
//! `std::process::Child` can wait for ever or not at all. To look every now and then
//! with `try_wait` wastes either time or a processor. Better is a thread that waits for
//! each child and tells a channel, which has time limits: so the parent waits for
//! several at once, whoever ends first, against one deadline. Python: `join(timeout)`,
//! which says nothing when the time is over, and `connection.wait(sentinels, timeout)`.
//!
//! Run:     cargo run -p process-demo -- timeout
//! Expect:  a child that outlasts its limit, then three with one deadline, as lanes
//! Chapter: book/src/exits.md
//! Source:  std::process::Child::try_wait, std::sync::mpsc::Receiver::recv_timeout

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::measure::duration;
use common::{Actor, leash, println, timeline};

use crate::ending::Ending;

const LIMIT: Duration = Duration::from_millis(100);

/// One deadline for three children, so that their limits do not add up.
const SHARED_LIMIT: Duration = Duration::from_millis(500);

pub fn run() -> anyhow::Result<()> {
    let parent = Actor::new("parent");
    outlast(parent)?;
    let limit = duration(SHARED_LIMIT.as_secs_f64());
    println!("\nThree children, one deadline, {limit} from now:");
    share_a_deadline(parent)?;
    println!();
    timeline::so_far().print();
    println!("\nok: no wait was longer than its limit, and no limit ended a child");
    Ok(())
}

/// A child that takes longer than we wait, and then ends by itself.
fn outlast(parent: Actor) -> anyhow::Result<()> {
    let slow = start("slow")?;
    let started = Instant::now();
    let waiting = parent.waits("the slow child");
    let in_time = slow.wait_timeout(LIMIT)?;
    drop(waiting);
    let waited = started.elapsed();
    println!("slow:  still running after {}", duration(waited.as_secs_f64()));
    ensure!(in_time.is_none() && waited >= LIMIT, "ended by itself: {in_time:?}");

    // Its work is to read until the end, and this is the end.
    drop(slow.take_stdin());
    let ending = Ending::from(slow.wait()?);
    println!("  let go on, it ended by itself: {ending}");
    ensure!(ending == Ending::Code(0), "the time limit did it harm: {ending}");
    Ok(())
}

/// Waits for whoever ends first, until the deadline; then kills the rest.
fn share_a_deadline(parent: Actor) -> anyhow::Result<()> {
    let names = ["first", "second", "stuck"];
    let children = names.map(start).into_iter().collect::<Result<Vec<_>, _>>()?;
    let deadline = Instant::now() + SHARED_LIMIT;
    for child in &children[..2] {
        drop(child.take_stdin());
    }

    // ANCHOR: one_deadline
    let (ended, endings) = mpsc::channel();
    thread::scope(|scope| {
        for (name, child) in names.into_iter().zip(&children) {
            let ended = ended.clone();
            // The receiver outlives the scope.
            scope.spawn(move || ended.send((name, child.wait())).unwrap());
        }
        drop(ended);

        let waiting = parent.waits("whoever ends first");
        let mut in_time = Vec::new();
        let time_left = || deadline.saturating_duration_since(Instant::now());
        while let Ok((name, status)) = endings.recv_timeout(time_left()) {
            in_time.push(name);
            println!("{:<6} {}", format!("{name}:"), Ending::from(status?));
        }
        // ANCHOR_END: one_deadline
        drop(waiting);
        println!("  the deadline is over; killed: those that still run");
        let late = Instant::now() >= deadline;

        // Also the children that a slow machine has not let end in time.
        for child in &children {
            child.kill()?;
        }
        for (name, status) in &endings {
            println!("{:<6} {}", format!("{name}:"), Ending::from(status?));
        }
        ensure!(late && !in_time.contains(&"stuck"), "{in_time:?} ended in time");
        Ok(())
    })
}

fn start(name: &str) -> anyhow::Result<ChildGuard> {
    // Made here, so that the lanes are in this order whoever begins first.
    Actor::new(name).marks("started");
    let mut command = child::role("timeout-child").context("find this program")?;
    leash::put_on(command.arg(name));
    ChildGuard::spawn(&mut command).with_context(|| format!("start child `{name}`"))
}

#[derive(clap::Args)]
pub struct Named {
    name: String,
}

/// Works until its input ends, which is when the parent says so.
pub fn child(Named { name }: Named) -> anyhow::Result<()> {
    let _working = Actor::new(name).works("its input");
    leash::wait();
    Ok(())
}
