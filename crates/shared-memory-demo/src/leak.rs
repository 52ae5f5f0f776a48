//! A name in `/dev/shm` stays when its owner is killed; somebody else has to remove it.
//!
//! The memory belongs to the name and to those who have it mapped. The owner removes
//! the name when it drops the segment, and a process that is killed drops nothing: the
//! memory is lost until the machine starts again. Three ways out. A janitor that is
//! told each name outlives its employer (Python's `resource_tracker`). A segment that
//! knows who is alive is removed by the next one who creates one (`crossprocess`). And
//! a name that everybody has used can go at once: the memory stays as long as it is
//! mapped.
//!
//! Run:     cargo run -p shared-memory-demo -- leak
//! Expect:  what stays of owners that are killed, who removes it; nothing in the end
//! Chapter: book/src/shared-memory.md
//! Source:  shm_overview(7), "Persistence"; shm_unlink(3)

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use common::println;
use crossprocess::Segment;

use crate::janitor::Janitor;
use crate::memory::{self, Shared};
use crate::partner::{self, Partner};

/// Where Linux shows the names.
const NAMES: &str = "/dev/shm";

const SWEEPS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(10);

pub fn run() -> anyhow::Result<()> {
    // Of this scene itself: it may be killed, too.
    let mut janitor = Janitor::start()?;
    println!("an owner is killed     what stays              who removes it");

    let name = janitor.name_for_memory()?;
    let owner = Partner::start("leak-alone", &name)?;
    owner.kill()?;
    let left = fs::metadata(path_of(&name)).context("the memory of the dead")?;
    row("alone", &format!("{} bytes, a name", left.len()), "whoever knows the name");
    memory::remove(&name);
    ensure!(!path_of(&name).exists(), "{name} is still there");

    let name = janitor.name_for_memory()?;
    let mut owner = Partner::start("leak-with-janitor", &name)?;
    let there = path_of(&owner.ask("name")?).exists();
    // Ends when the janitor ends, which has the same standard output.
    owner.kill()?.read_to_end(&mut Vec::new()).context("hear the end")?;
    row("with a janitor", "nothing, soon", "the janitor, when it ended");
    ensure!(there && !path_of(&name).exists(), "the janitor has left {name}");

    let mut owner = Partner::start("leak-crossprocess", "")?;
    let address = PathBuf::from(owner.ask("address")?);
    owner.kill()?;
    row("of crossprocess", "memory, a token", "the next who creates a segment");
    let memory = address.file_name().context("an address")?.to_string_lossy();
    let is_there = || address.exists() || path_of(&memory).exists();
    // Once is enough, unless another program sweeps at this moment and is not done.
    for _ in 0..SWEEPS {
        drop(Segment::create(1).context("create a segment")?);
        if !is_there() {
            break;
        }
        thread::sleep(PAUSE);
    }
    ensure!(!is_there(), "{} is still there", address.display());

    let shared = Shared::<AtomicU64>::create(&mut janitor)?;
    let name = shared.name().to_owned();
    let mut user = Partner::start("leak-user", &name)?;
    memory::remove(&name);
    ensure!(!path_of(&name).exists(), "{name} is still there");
    shared.store(7, Relaxed);
    let seen = user.ask("look")?;
    row("of nameless memory", "nothing", "the system, with the last mapping");
    ensure!(seen == "7", "memory without a name is not shared: {seen}");

    let left = names_of(process::id())?;
    println!("\nin {NAMES} from this demo: {left} names");
    ensure!(left == 0, "{left} names were left");
    println!("\nok: nothing was left, and each time somebody else had seen to it");
    Ok(())
}

fn row(owner: &str, stays: &str, who: &str) {
    println!("{owner:<22} {stays:<23} {who}");
}

fn path_of(name: &str) -> PathBuf {
    Path::new(NAMES).join(name.trim_start_matches('/'))
}

/// How many names there are that a process has given.
fn names_of(pid: u32) -> anyhow::Result<usize> {
    let ours = format!("shm-demo-{pid}-");
    let entries = fs::read_dir(NAMES).with_context(|| format!("read {NAMES}"))?;
    let names = entries.flatten().map(|entry| entry.file_name());
    Ok(names.filter(|name| name.to_string_lossy().starts_with(&ours)).count())
}

#[derive(clap::Args)]
pub struct Options {
    #[arg(default_value = "")]
    name: String,
}

/// Owns memory as the crate does it: removes the name when it is dropped.
pub fn alone(Options { name }: Options) -> anyhow::Result<()> {
    let _shared = Shared::<AtomicU64>::create_as(&name)?;
    partner::answer(|_| Ok(name.clone()))
}

/// Owns memory, and has somebody who is told of it.
pub fn with_janitor(Options { name }: Options) -> anyhow::Result<()> {
    let mut janitor = Janitor::start()?;
    janitor.tell(&name)?;
    alone(Options { name })
}

/// Owns memory in which it is written who uses it.
pub fn of_crossprocess(_: Options) -> anyhow::Result<()> {
    let segment = Segment::create(1)?;
    partner::answer(|_| Ok(segment.address().to_owned()))
}

/// Uses what somebody else owns.
pub fn user(Options { name }: Options) -> anyhow::Result<()> {
    let shared = Shared::<AtomicU64>::open(&name)?;
    partner::answer(|_| Ok(shared.load(Relaxed).to_string()))
}
