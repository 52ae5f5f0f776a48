//! Semaphores: at most so many at once.
//!
//! Run:     cargo run -p semaphore-demo
//! Chapter: book/src/semaphores.md

mod counting;
mod semaphore;

use std::process::ExitCode;

use common::Demo;

fn main() -> ExitCode {
    Demo::new(env!("CARGO_PKG_NAME"), "Semaphores: at most so many at once.")
        .scene("counting", "eight workers, three permits", counting::run)
        .run()
}
