//! Memory that processes share: what lies there, who sees it when, who removes it.
//!
//! Run:     cargo run -p shared-memory-demo
//! Chapter: book/src/shared-memory.md

mod array;
mod big;
mod counter;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod full;
mod janitor;
mod layout;
#[cfg(target_os = "linux")]
mod leak;
mod memory;
mod partner;
mod race;
#[cfg(target_os = "linux")]
mod std_mutex;
mod value;

use std::process::ExitCode;

use common::Demo;

// Scenes of Linux, where it is another system.
#[cfg(not(target_os = "linux"))]
use {elsewhere as full, elsewhere as leak, elsewhere as std_mutex};

fn main() -> ExitCode {
    let about = "Memory that processes share: what lies there, who removes it.";
    let demo = Demo::new(env!("CARGO_PKG_NAME"), about)
        .scene("counter", "one word for two processes", counter::run)
        .scene("race", "lost updates and torn pairs, forced and counted", race::run)
        .scene("layout", "where each byte is, in one process and another", layout::run)
        .scene("value", "changed as a whole, or not at all", value::run)
        .scene("array", "a snapshot has all the money", array::run)
        .scene("big", "a hundred megabytes by one word, measured", big::run)
        .scene("leak", "what stays of a process that is killed", leak::run)
        .scene("full", "a page that is promised and not there", full::run)
        .scene("std-mutex", "a lock that wakes nobody else", std_mutex::run);
    #[cfg(target_os = "linux")]
    let demo = demo.goes_wrong(
        "std-mutex-private",
        "an unlock that the other process sleeps through",
        std_mutex::private,
    );
    with_roles(demo).run()
}

/// What the children of the scenes do.
fn with_roles(demo: Demo) -> Demo {
    #[cfg(target_os = "linux")]
    let demo = demo
        .role("leak-alone", leak::alone)
        .role("leak-with-janitor", leak::with_janitor)
        .role("leak-crossprocess", leak::of_crossprocess)
        .role("leak-user", leak::user)
        .role("full-plain", full::plain)
        .role("std-mutex-private-child", std_mutex::private_child)
        .role("std-mutex-shared-child", std_mutex::shared_child);
    demo.role("janitor", janitor::work)
        .role("counter-child", counter::child)
        .role("race-child", race::child)
        .role("layout-child", layout::child)
        .role("value-child", value::child)
        .role("array-child", array::child)
        .role("big-child", big::child)
}
