//! Semaphores: at most so many at once.
//!
//! Run:     cargo run -p semaphore-demo
//! Chapter: book/src/semaphores.md

mod bounded;
mod counting;
mod download;
mod fair;
mod pool;
mod rate;
mod semaphore;
mod server;
mod sources;
mod timeout;

use std::process::ExitCode;

use common::Demo;

fn main() -> ExitCode {
    Demo::new(env!("CARGO_PKG_NAME"), "Semaphores: at most so many at once.")
        .scene("counting", "eight workers, three permits", counting::run)
        .scene("bounded", "a permit given back twice is an error", bounded::run)
        .scene("timeout", "one deadline for the whole call", timeout::run)
        .scene("fair", "first come, first served", fair::run)
        .scene("pool", "three connections for eight clients", pool::run)
        .scene_with("download", "read real files, a few at a time", download::run)
        .scene("rate", "permits that come back with time", rate::run)
        .run()
}
