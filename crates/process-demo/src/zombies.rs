//! A child that has ended stays a zombie until its parent has asked how it ended.
//!
//! A zombie has no memory and runs nothing, but keeps its process id, and there are not
//! many of those. It even takes signals, so signal 0 is no proof of life. Rust drops a
//! `Child` without waiting for it; the zombie stays until the parent ends. Python waits
//! for old children whenever it starts a new one, which hides the mistake.
//!
//! Run:     cargo run -p process-demo -- zombies
//! Expect:  a zombie seen and reaped, then three ways to treat five children
//! Chapter: book/src/exits.md
//! Source:  wait(2), section NOTES; proc_pid_stat(5); std::process::Child, "Warning"

use std::process::{Child, Stdio};
use std::thread;

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::{Actor, println};
use rustix::process::{
    Pid, WaitId, WaitIdOptions, WaitOptions, test_kill_process, waitid, waitpid,
};

use crate::{pid_of, procfs};

const CHILDREN: usize = 5;

/// With which the child ends: all that a zombie is kept for.
const CODE: i32 = 7;

pub fn run() -> anyhow::Result<()> {
    let mut child = start()?;
    let id = child.id();
    let pid = wait_without_reaping(id)?;
    let (state, alive) = (procfs::state(id), test_kill_process(pid).is_ok());
    Actor::new(format!("child {id}")).says("has ended, and nobody has waited for it");
    println!("  its state in /proc: {}", state.map_or("none".into(), String::from));
    println!("  it takes a signal:  {}", if alive { "yes" } else { "no" });
    ensure!(state == Some('Z') && alive, "not a zombie: {state:?}");

    let status = child.wait()?;
    let gone = procfs::state(id).is_none();
    println!(
        "waited for: {status}, and /proc/{id} {}\n",
        if gone { "is gone" } else { "stays" }
    );
    ensure!(status.code() == Some(CODE) && gone, "not reaped, or its code was lost");

    println!("{CHILDREN} children, and what is left when they have ended:");
    report("dropped", CHILDREN, drop)?;
    report("waited for by a thread", 0, |mut child| {
        // For a program that starts a child and has no time to wait.
        let waiter = thread::spawn(move || child.wait());
        // Joined here to count afterwards; it would do its work without.
        waiter.join().unwrap().expect("the child was not waited for before");
    })?;
    let guarded = (0..CHILDREN).map(|_| Ok(ChildGuard::spawn(&mut command()?)?));
    let guarded = guarded.collect::<anyhow::Result<Vec<_>>>()?;
    let ids: Vec<_> = guarded.iter().map(ChildGuard::id).collect();
    drop(guarded);
    println!("  dropped in a guard that waits:  {} zombies", zombies(&ids));
    ensure!(zombies(&ids) == 0, "the guard left zombies");

    println!("\nok: a dropped child becomes a zombie, one that is waited for does not");
    Ok(())
}

/// Treats some children, counts the zombies that are left, and reaps those.
fn report(how: &str, expected: usize, treat: fn(Child)) -> anyhow::Result<()> {
    let mut ids = Vec::new();
    for _ in 0..CHILDREN {
        let child = start()?;
        wait_without_reaping(child.id())?;
        ids.push(child.id());
        treat(child);
    }
    let left = zombies(&ids);
    println!("  {:<31} {left} zombies", format!("{how}:"));
    for &id in ids.iter().filter(|&&id| procfs::state(id) == Some('Z')) {
        waitpid(Some(pid_of(id)?), WaitOptions::empty())?;
    }
    ensure!(left == expected && zombies(&ids) == 0, "{left} zombies, not {expected}");
    Ok(())
}

fn zombies(ids: &[u32]) -> usize {
    ids.iter().filter(|&&id| procfs::state(id) == Some('Z')).count()
}

fn command() -> anyhow::Result<std::process::Command> {
    child::role("zombies-child").context("find this program")
}

fn start() -> anyhow::Result<Child> {
    command()?.stdin(Stdio::null()).spawn().context("start a child")
}

/// Waits for the child's end, but leaves it to be asked how it ended.
fn wait_without_reaping(id: u32) -> anyhow::Result<Pid> {
    let pid = pid_of(id)?;
    waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)?;
    Ok(pid)
}

pub fn child((): ()) -> anyhow::Result<()> {
    std::process::exit(CODE)
}
