//! Memory that was promised and is not there ends the process, not the call.
//!
//! `/dev/shm` is a file system in memory, of half the machine as a rule and of 64 MB in
//! many containers. A segment is made by saying how long it is, which takes no page;
//! each page is taken at the first touch, and when there is none the process gets
//! `SIGBUS` and is gone. So create, then reserve: `fallocate` takes all pages now, or
//! is an error that one can handle. Python's `SharedMemory` does not reserve either.
//!
//! Run:     cargo run -p shared-memory-demo -- full
//! Expect:  a segment twice as long as `/dev/shm`, two errors, one death by SIGBUS
//! Chapter: book/src/shared-memory.md
//! Source:  shm_overview(7), fallocate(2), mmap(2) under SIGBUS, unshare(1)

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::{env, io};

use anyhow::{Context, bail, ensure};
use common::child::ChildGuard;
use common::println;
use crossprocess::{Error, Segment};
use rustix::fs::statvfs;
use shared_memory::ShmemConf;

use crate::janitor::Janitor;
use crate::memory::{self, Shared};

/// In bytes, of the small `/dev/shm`.
const SMALL: usize = 1 << 20;

/// In bytes: what is touched one by one.
const PAGE: usize = 4096;

const SIGBUS: i32 = 7;

/// A `/dev/shm` of 1 MiB, seen by nobody else, and this program in it.
const IN_A_SMALL_ONE: &str =
    "ulimit -c 0; mount -t tmpfs -o size=1m small /dev/shm && exec \"$0\" full-plain";

pub fn run() -> anyhow::Result<()> {
    let space = statvfs("/dev/shm").context("look at /dev/shm")?;
    let room = space.f_blocks * space.f_frsize;
    println!("/dev/shm has room for {} MiB; twice as much, please:", room >> 20);
    ensure!(room > 0, "/dev/shm has no limit on this system, so it is never full");
    let size = usize::try_from(room)?.saturating_mul(2);

    let mut janitor = Janitor::start()?;
    let name = janitor.name_for_memory()?;
    let shmem = ShmemConf::new().os_id(&name).size(size).create();
    let shmem = shmem.with_context(|| format!("create {name}"))?;
    println!("  shared_memory: Ok, {} MiB, none of them touched", shmem.len() >> 20);
    let Err(error) = memory::reserve(&name, size) else { bail!("all of it is there") };
    println!("  fallocate:     {error}");
    drop(shmem);
    let Err(error) = Segment::create(size) else { bail!("a segment of {size} bytes") };
    println!("  crossprocess:  {error}");
    ensure!(matches!(error, Error::NoMemory { .. }), "not as expected: {error:?}");

    println!(
        "\na /dev/shm of 1 MiB, and 2 MiB touched page by page without a reserve:"
    );
    match touch_without_reserve()? {
        Some(pages) => {
            println!("  {pages} KiB were there, then SIGBUS");
            ensure!(pages <= SMALL >> 10, "more than there is");
        }
        None => {
            println!("  not shown: this system lets nobody mount one (see unshare)");
        }
    }
    println!("\nok: what was reserved is there, and what is not there was an error");
    Ok(())
}

/// How many KiB could be touched before the `SIGBUS`; `None` where it cannot be tried.
fn touch_without_reserve() -> anyhow::Result<Option<usize>> {
    let program = env::current_exe().context("find this program")?;
    let mut command = Command::new("unshare");
    command
        .args(["--map-root-user", "--mount", "sh", "-c", IN_A_SMALL_ONE])
        .arg(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let Ok(child) = ChildGuard::spawn(&mut command) else { return Ok(None) };
    let stdout = child.take_stdout().context("a pipe")?;
    let touched = io::read_to_string(stdout).context("hear how far it came")?;
    let status = child.wait().context("wait for unshare")?;
    if status.signal() == Some(SIGBUS) {
        return Ok(Some((touched.lines().count() * PAGE) >> 10));
    }
    ensure!(touched.is_empty() && !status.success(), "it ended with {status}");
    Ok(None)
}

/// Touches page by page, and says so each time.
pub fn plain((): ()) -> anyhow::Result<()> {
    // The name goes with the file system, and that with this process.
    let shared = Shared::<[AtomicU8; 2 * SMALL]>::create_unreserved("/too-long")?;
    for page in shared.chunks(PAGE) {
        page[0].store(1, Relaxed);
        println!("touched");
    }
    Ok(())
}
