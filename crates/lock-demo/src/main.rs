//! Locks: one at a time, and what goes wrong around them.
//!
//! Run:     cargo run -p lock-demo
//! Chapter: book/src/locks.md

mod guard_extent;
mod mutex;
mod race;
mod refused;
mod rwlock;
mod scope;

use std::process::ExitCode;

use common::Demo;

fn main() -> ExitCode {
    Demo::new(
        env!("CARGO_PKG_NAME"),
        "Locks: one at a time, and what goes wrong around them.",
    )
    .scene("race", "0 + 1 + 1 = 1, and the compiler had no objection", race::run)
    .scene("mutex", "four tellers, and nobody sees half a transfer", mutex::run)
    .scene("scope", "the guard that outlived its line, measured", scope::run)
    .scene("rwlock", "four readers inside together, one writer alone", rwlock::run)
    .run()
}
