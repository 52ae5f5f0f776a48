//! Two processes share no memory: what a child changes stays in the child.
//!
//! A thread sees the same `static`. A child starts the program anew, so it finds the
//! value from the source, not the one the parent has by now, and its change is lost
//! unless it sends it. Python's start method "fork" differs in the first half: the child
//! finds a copy of the parent's value. The second half is the same everywhere.
//!
//! Run:     cargo run -p process-demo -- memory
//! Expect:  a thread's change arrives, a child's does not, a child's message does
//! Chapter: book/src/thread-or-process.md
//! Source:  std::process, fork(2)

use std::fmt;
use std::process::{self, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use anyhow::{Context, ensure};
use common::{Actor, child, println};

/// Relaxed everywhere: `join` and the end of a child order what matters here.
static VISITORS: AtomicU32 = AtomicU32::new(0);

pub fn run() -> anyhow::Result<()> {
    let (parent, thread) = (Actor::new("parent"), Actor::new("thread"));
    VISITORS.store(7, Ordering::Relaxed);
    parent.says("sets VISITORS to 7");

    let counted = thread::spawn(count_three).join().unwrap();
    thread.says(&counted);
    let seen = VISITORS.load(Ordering::Relaxed);
    parent.says(format!("sees {seen}\n"));
    ensure!(seen == 10, "a thread's change is not seen: {seen}");

    let (pid, counted) = count_in_child()?;
    Actor::new(format!("child {pid}")).says(&counted);
    let seen = VISITORS.load(Ordering::Relaxed);
    parent.says(format!("sees {seen}: the child's static is another one"));
    ensure!(counted.found == 0, "the child found {}, not 0", counted.found);
    ensure!(seen == 10, "a child changed the parent's memory: {seen}");

    VISITORS.fetch_add(counted.left, Ordering::Relaxed);
    let seen = VISITORS.load(Ordering::Relaxed);
    parent.says(format!("adds the {} that the child has sent: {seen}", counted.left));
    ensure!(seen == 13, "{seen} is not 10 + 3");

    println!("\nok: the thread changed the parent's memory, the child could only send");
    Ok(())
}

struct Counted {
    found: u32,
    left: u32,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "finds {}, counts three more, has {}", self.found, self.left)
    }
}

fn count_three() -> Counted {
    let found = VISITORS.fetch_add(3, Ordering::Relaxed);
    Counted { found, left: found + 3 }
}

/// The child's process id, and what it sent before it ended.
fn count_in_child() -> anyhow::Result<(u32, Counted)> {
    let mut command = child::role("memory-child").context("find this program")?;
    // `output` starts, reads until the end, and waits: nothing is left behind.
    let output = command.stderr(Stdio::inherit()).output().context("start a child")?;
    ensure!(output.status.success(), "the child ended with {}", output.status);
    let text = String::from_utf8(output.stdout).context("the child's message")?;
    let numbers: Vec<u32> =
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [pid, found, left] = numbers[..] else { anyhow::bail!("it sent {text:?}") };
    Ok((pid, Counted { found, left }))
}

pub fn child((): ()) -> anyhow::Result<()> {
    let Counted { found, left } = count_three();
    println!("{} {found} {left}", process::id());
    Ok(())
}
