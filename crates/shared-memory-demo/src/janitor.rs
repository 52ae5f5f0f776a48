//! A process that removes what its employer leaves behind.
//!
//! Shared memory with a name stays until somebody removes it, and a process that is
//! killed removes nothing. So another one is told each name before it is used. It waits
//! for the end of its standard input, which comes when its employer is done, is killed,
//! or is interrupted. Python has one too, the `resource_tracker`.

use std::io::{Write, stdin};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use std::{process, thread};

use anyhow::Context;
use common::child;
use crossprocess::Segment;

use crate::memory;

/// How long to wait for the end of those who use a segment. They are on a leash.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running janitor; dropping it lets it do its work, and waits until it is done.
pub struct Janitor {
    /// Not guarded: when this process has to leave, its children are killed.
    child: Child,
    /// How many names it was told.
    names: u32,
}

impl Janitor {
    pub fn start() -> anyhow::Result<Self> {
        let mut command = child::role("janitor").context("find this program")?;
        command.stdin(Stdio::piped());
        // Ctrl-C is for its employer.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn().context("start a janitor")?;
        Ok(Self { child, names: 0 })
    }

    /// A new name for shared memory, which will not outlive this process for long.
    pub fn name_for_memory(&mut self) -> anyhow::Result<String> {
        self.names += 1;
        let name = format!("/shm-demo-{}-{}", process::id(), self.names);
        self.tell(&name)?;
        Ok(name)
    }

    /// Creates a segment that will not outlive this process for long.
    pub fn segment(&mut self, size: usize) -> anyhow::Result<Segment> {
        let segment = Segment::create(size)?;
        self.tell(segment.address())?;
        Ok(segment)
    }

    /// Tells it of memory, or of a segment, that somebody is about to create.
    pub fn tell(&mut self, name: &str) -> anyhow::Result<()> {
        let stdin = self.child.stdin.as_mut().context("a pipe")?;
        writeln!(stdin, "{name}").context("tell the janitor a name")
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        // Closes its standard input first. An error says that it was reaped before.
        let _ = self.child.wait();
    }
}

/// The janitor's work: reads names, and removes what there is when no more can come.
pub fn work((): ()) -> anyhow::Result<()> {
    let names: Vec<String> = stdin().lines().map_while(Result::ok).collect();
    for name in names {
        let folder = Path::new(&name);
        let deadline = Instant::now() + PATIENCE;
        // The address of a segment is a folder, which goes when nobody uses it.
        while folder.is_dir() && Instant::now() < deadline {
            Segment::sweep()?;
            // Others end by themselves; this only keeps from asking all the time.
            thread::sleep(Duration::from_millis(1));
        }
        memory::remove(&name);
    }
    Ok(())
}
