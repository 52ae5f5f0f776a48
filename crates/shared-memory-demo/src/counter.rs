//! A word of shared memory is one word for all processes; a static is one for each.
//!
//! A segment has a name. Its creator passes the name on, the other process opens the
//! segment by it, and both map the same memory. An atomic in there works as between
//! threads: `fetch_add` is one step for whoever looks on. That needs no kernel, and so
//! costs the same as within one process. Python's `shared_memory` gives bytes instead,
//! and `+= 1` on them is no single step.
//!
//! Run:     cargo run -p shared-memory-demo -- counter
//! Expect:  two processes add a million each: to a static of each, to a word of both
//! Chapter: book/src/shared-memory.md
//! Source:  shm_overview(7), the crate shared_memory

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::ensure;
use common::{Actor, println, timeline};

use crate::janitor::Janitor;
use crate::memory::Shared;
use crate::partner::{self, Partner};

const ADDITIONS: u64 = 1_000_000;

/// Each process has its own.
static OWN: AtomicU64 = AtomicU64::new(0);

pub fn run() -> anyhow::Result<()> {
    let [parent, child] = ["parent", "child"].map(Actor::new);
    OWN.store(0, Relaxed);
    let mut janitor = Janitor::start()?;
    let shared = Shared::<AtomicU64>::create(&mut janitor)?;
    parent.says(format!("created {}, {} bytes", shared.name(), size_of::<AtomicU64>()));

    let mut partner = Partner::start("counter-child", shared.name())?;
    child.says(format!("opened it by that name, as process {}", partner.id()));
    partner.tell("add")?;
    add(parent, &shared);
    let others = partner.hear()?.parse()?;

    let (own, count) = (OWN.load(Relaxed), shared.load(Relaxed));
    println!("\n{:<14} {:>8} {:>8}", "", "parent", "child");
    println!("{:<14} {own:>8} {others:>8}   each has its own", "a static");
    println!("{:<14} {count:>17}   one for both\n", "shared memory");
    timeline::so_far().print();
    ensure!((own, others) == (ADDITIONS, ADDITIONS), "a static was shared");
    ensure!(count == 2 * ADDITIONS, "{count} in place of {}", 2 * ADDITIONS);
    println!("\nok: two processes added {ADDITIONS} each, the shared word is {count}");
    Ok(())
}

fn add(me: Actor, shared: &AtomicU64) {
    let _working = me.works(format!("{ADDITIONS} additions"));
    for _ in 0..ADDITIONS {
        OWN.fetch_add(1, Relaxed);
        // Relaxed: nothing else is in the segment that the count could be a sign of.
        shared.fetch_add(1, Relaxed);
    }
}

#[derive(clap::Args)]
pub struct Options {
    name: String,
}

/// Adds to both, and says what its own static has come to.
pub fn child(Options { name }: Options) -> anyhow::Result<()> {
    let shared = Shared::<AtomicU64>::open(&name)?;
    partner::answer(|_| {
        add(Actor::new("child"), &shared);
        Ok(OWN.load(Relaxed).to_string())
    })
}
