//! Processes: start, wait, end, supervise, and what they cost.
//!
//! Run:     cargo run -p process-demo
//! Chapter: book/src/processes.md

mod bare;
mod cost;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
mod ending;
mod environment;
mod exit;
mod failure;
#[cfg(unix)]
mod family;
#[cfg(target_os = "linux")]
mod fork;
#[cfg(target_os = "linux")]
mod fork_server;
mod isolation;
#[cfg(unix)]
mod kill;
mod limits;
mod log_file;
mod logging;
mod memory;
mod piecewise;
mod primes;
mod procfs;
mod spawn;
#[cfg(target_os = "linux")]
mod start_methods;
mod sums;
mod supervised;
mod supervisor;
mod timeout;
#[cfg(target_os = "linux")]
mod zombies;

use std::process::ExitCode;

#[cfg(unix)]
use anyhow::Context;
use common::Demo;

// Scenes of one system, where it is another one.
#[cfg(not(unix))]
use elsewhere as kill;
#[cfg(not(target_os = "linux"))]
use {elsewhere as start_methods, elsewhere as zombies};

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
        .scene("exit", "eight ways to end, and one not to begin", exit::run)
        .scene("memory", "a static that two processes do not share", memory::run)
        .scene("environment", "what a child is given, and what not", environment::run)
        .scene("timeout", "wait for one or for several, but not for ever", timeout::run)
        .scene("kill", "ask first, then kill, and the grandchildren too", kill::run)
        .scene("zombies", "what stays of an ended child, and until when", zombies::run)
        .scene(
            "supervisor",
            "three deaths, three successors, one lost job",
            supervisor::run,
        )
        .scene("isolation", "who else dies of a crash", isolation::run)
        .scene("cost", "what a process takes in time and in memory", cost::run)
        .scene(
            "start-methods",
            "a new program, a copy, a prepared copy",
            start_methods::run,
        )
        .scene("logging", "four processes, one log, whole lines", logging::run);
    Ok(with_roles(demo).run())
}

/// What the children of the scenes do.
fn with_roles(demo: Demo) -> Demo {
    let demo = demo
        .role("spawn-worker", spawn::worker)
        .role("memory-child", memory::child)
        .role("environment-child", environment::child)
        .role("timeout-child", timeout::child)
        .role("supervisor-worker", supervised::worker)
        .role("isolation-neighbour", isolation::neighbour)
        .role("logging-worker", logging::worker)
        .role("logging-writer", piecewise::writer);
    #[cfg(unix)]
    let demo = demo.role("kill-child", kill::child).role("kill-family", family::member);
    #[cfg(target_os = "linux")]
    let demo = demo.role("zombies-child", zombies::child);
    demo
}

/// For the calls that take a process id which cannot be 0.
#[cfg(unix)]
fn pid_of(id: u32) -> anyhow::Result<rustix::process::Pid> {
    rustix::process::Pid::from_raw(id.cast_signed()).context("no process has the id 0")
}
