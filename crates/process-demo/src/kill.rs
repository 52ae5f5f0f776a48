//! Ask first, kill then: only who is asked can tidy up, only who is killed surely ends.
//!
//! `SIGTERM` asks: a program that handles it lets its `Drop`s run, one that does not is
//! ended on the spot, and one that is stubborn goes on. `SIGKILL` cannot be refused, and
//! no `Drop` runs. Neither reaches a grandchild, unless a process group is signalled.
//! `Child::kill` is `SIGKILL`; Python's `terminate` is `SIGTERM` and also leaves
//! grandchildren behind.
//!
//! Run:     cargo run -p process-demo -- kill
//! Expect:  who tidied up, of three; a grandchild that survives, another that does not
//! Chapter: book/src/exits.md
//! Source:  signal(7), kill(2), std::os::unix::process::CommandExt::process_group

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::ValueEnum;
use common::child::{self, ChildGuard};
use common::{leash, println};
use rustix::process::kill_process;
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

use crate::ending::Ending::{self, Code, Signal};
use crate::family::{self, Target};
use crate::pid_of;

/// How long a child may take to tidy up.
const GRACE: Duration = Duration::from_secs(10);

/// For the one that surely does not.
const SHORT_GRACE: Duration = Duration::from_millis(100);

pub fn run() -> anyhow::Result<()> {
    println!("child        at SIGTERM            ended by              tidied up");
    end_gently(Manner::Obedient, "stops working", Code(0), true)?;
    end_gently(Manner::Unprepared, "is ended", Signal(15), false)?;
    end_gently(Manner::Stubborn, "goes on, so SIGKILL", Signal(9), false)?;

    let survived = family::kill(Target::Child).context("kill the child alone")?;
    println!("\nthe child killed, its own child {}", outcome(survived));
    ensure!(survived, "a grandchild ended with a child that was killed");
    let survived = family::kill(Target::Group).context("kill the group")?;
    println!("its process group killed, its own child {}", outcome(survived));
    ensure!(!survived, "a grandchild survived its process group");

    println!("\nok: who was asked tidied up, who was killed could not");
    Ok(())
}

fn outcome(survived: bool) -> &'static str {
    if survived { "goes on" } else { "is gone too" }
}

/// Asks, waits, kills if need be; prints and checks what came of it.
fn end_gently(
    manner: Manner,
    what: &str,
    expected: Ending,
    tidied: bool,
) -> anyhow::Result<()> {
    let name = format!("{manner:?}").to_lowercase();
    let mut command = child::role("kill-child").context("find this program")?;
    leash::put_on(command.arg(&name)).stdout(Stdio::piped());
    let child =
        ChildGuard::spawn(&mut command).with_context(|| format!("start {name}"))?;
    let mut stdout = BufReader::new(child.take_stdout().context("a pipe")?);
    // From here on the child is prepared for signals, if it ever is.
    ensure!(stdout.read_line(&mut String::new())? > 0, "{name} ended without a word");

    // ANCHOR: gently
    // Not yet waited for, so the number is still the child's and nobody else's.
    kill_process(pid_of(child.id())?, rustix::process::Signal::TERM)?;
    let grace = if manner == Manner::Stubborn { SHORT_GRACE } else { GRACE };
    if child.wait_timeout(grace)?.is_none() {
        child.kill()?;
    }
    let ending = Ending::from(child.wait()?);
    // ANCHOR_END: gently
    let mut last_words = String::new();
    stdout.read_to_string(&mut last_words)?;
    let has_tidied = last_words.contains("tidied up");
    println!(
        "{name:<12} {what:<21} {ending:<21} {}",
        if has_tidied { "yes" } else { "no" }
    );
    ensure!(ending == expected && has_tidied == tidied, "{name}: not as expected");
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Manner {
    Obedient,
    Unprepared,
    Stubborn,
}

#[derive(clap::Args)]
pub struct Behaves {
    manner: Manner,
}

/// Has something to tidy up, and ends when its manner or its leash says so.
pub fn child(Behaves { manner }: Behaves) -> anyhow::Result<()> {
    struct Tidy;

    impl Drop for Tidy {
        fn drop(&mut self) {
            println!("tidied up");
        }
    }

    let _tidy = Tidy;
    if manner == Manner::Unprepared {
        println!("ready");
        leash::wait();
        return Ok(());
    }
    leash::keep(|| ())?;
    // The handler writes to a pipe, so that what follows runs in an ordinary thread:
    // inside of a handler nearly nothing is allowed.
    let mut signals = Signals::new([SIGTERM]).context("handle SIGTERM")?;
    println!("ready");
    for _ in signals.forever() {
        if manner == Manner::Obedient {
            break;
        }
    }
    Ok(())
}
