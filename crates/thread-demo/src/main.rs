//! Threads: start, join, stop, and what they cost.
//!
//! Run:     cargo run -p thread-demo
//! Chapter: book/src/threads.md

mod primes;
mod scoped;
mod spawn;

use std::process::ExitCode;

use common::Demo;

fn main() -> ExitCode {
    Demo::new(env!("CARGO_PKG_NAME"), "Threads: start, join, stop, and what they cost.")
        .scene("spawn", "one counts while main goes on, five in parallel", spawn::run)
        .scene("scoped", "threads that borrow, and draw one picture", scoped::run)
        .run()
}
