//! Threads: start, join, stop, and what they cost.
//!
//! Run:     cargo run -p thread-demo

use std::process::ExitCode;

use common::Demo;

fn main() -> ExitCode {
    Demo::new(env!("CARGO_PKG_NAME"), "Threads: start, join, stop, and what they cost.").run()
}
