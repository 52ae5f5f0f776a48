//! A child with a child of its own, to see who is reached by a signal.
//!
//! An orphan becomes the child of the system's first process, which reaps it. In a
//! container that one may be a program that does not; so the demo asks for its orphans.
//! Source: setpgid(2), PR_SET_CHILD_SUBREAPER(2const)

use std::io::{self, BufRead, BufReader, Read, Write, stdin};
use std::os::unix::process::CommandExt;
use std::process::{self, Stdio};

use anyhow::Context;
use common::child::{self, ChildGuard};
use common::{leash, println};
use rustix::process::{Signal, kill_process_group};

use crate::pid_of;

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// The child alone.
    Child,
    /// The child and all that it has started, unless that has left the group.
    Group,
}

/// Kills a child that has a child; has the grandchild survived?
pub fn kill(target: Target) -> anyhow::Result<bool> {
    let adoption = Adoption::begin()?;
    let mut command = child::role("kill-family").context("find this program")?;
    leash::put_on(&mut command).stdout(Stdio::piped());
    if target == Target::Group {
        // 0: a new group, with the child's own number.
        command.process_group(0);
    }
    let child = ChildGuard::spawn(&mut command).context("start the child")?;
    let mut stdin = child.take_stdin().context("a pipe")?;
    let mut stdout = BufReader::new(child.take_stdout().context("a pipe")?);
    let mut grandchild = String::new();
    stdout.read_line(&mut grandchild)?;
    match target {
        Target::Child => child.kill()?,
        Target::Group => kill_process_group(pid_of(child.id())?, Signal::KILL)?,
    }
    child.wait()?;

    // Only the grandchild could hear this. An error says that nobody could.
    let _ = stdin.write_all(b"are you there?\n");
    drop(stdin);
    let mut answer = String::new();
    // Ends when nobody is left who could write.
    stdout.read_to_string(&mut answer)?;
    adoption.reap(grandchild.trim().parse().context("the grandchild's number")?)?;
    Ok(answer.contains("still here"))
}

#[derive(clap::Args)]
pub struct Generation {
    #[arg(long)]
    grand: bool,
}

/// Starts a child of its own and waits for it; that one answers until its input ends.
pub fn member(Generation { grand }: Generation) -> anyhow::Result<()> {
    if !grand {
        // It has our streams: our leash is its leash.
        let grandchild = ChildGuard::spawn(child::role("kill-family")?.arg("--grand"))?;
        grandchild.wait()?;
        return Ok(());
    }
    println!("{}", process::id());
    for _ in stdin().lines() {
        println!("still here");
    }
    Ok(())
}

/// While it lives, orphans become children of this process, where the system can do so.
struct Adoption(());

impl Adoption {
    fn begin() -> io::Result<Self> {
        adopt(true)?;
        Ok(Self(()))
    }

    /// Waits for the end of an orphan, so that no zombie remains of it.
    #[cfg(target_os = "linux")]
    fn reap(&self, orphan: i32) -> io::Result<()> {
        use rustix::process::{Pid, WaitOptions, waitpid};

        let orphan = Pid::from_raw(orphan).ok_or(io::ErrorKind::InvalidInput)?;
        waitpid(Some(orphan), WaitOptions::empty())?;
        Ok(())
    }

    /// The system's first process does it.
    #[cfg(not(target_os = "linux"))]
    fn reap(&self, _: i32) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Adoption {
    fn drop(&mut self) {
        // It was granted before, and to give it back is always allowed.
        let _ = adopt(false);
    }
}

#[cfg(target_os = "linux")]
fn adopt(wanted: bool) -> io::Result<()> {
    let who = wanted.then(rustix::process::getpid);
    Ok(rustix::process::set_child_subreaper(who)?)
}

#[cfg(not(target_os = "linux"))]
fn adopt(_: bool) -> io::Result<()> {
    Ok(())
}
