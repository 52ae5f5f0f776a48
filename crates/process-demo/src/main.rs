//! Processes: start, wait, end, supervise, and what they cost.
//!
//! Run:     cargo run -p process-demo
//! Chapter: book/src/processes.md

mod bare;
mod ending;
mod environment;
mod exit;
mod leash;
mod memory;
mod primes;
mod spawn;

use std::process::ExitCode;

use common::Demo;

fn main() -> anyhow::Result<ExitCode> {
    // First of all: a child that took itself for its parent would start children too.
    if let Some(result) = bare::play() {
        return result.map(|()| ExitCode::SUCCESS);
    }
    let about = "Processes: start, wait, end, supervise, and what they cost.";
    let demo = Demo::new(env!("CARGO_PKG_NAME"), about)
        .scene(
            "spawn",
            "five workers, gathered in the order of their start",
            spawn::run,
        )
        .role("spawn-worker", spawn::worker)
        .scene("exit", "eight ways to end, and one not to begin", exit::run)
        .scene("memory", "a static that two processes do not share", memory::run)
        .role("memory-child", memory::child)
        .scene("environment", "what a child is given, and what not", environment::run)
        .role("environment-child", environment::child);
    Ok(demo.run())
}
