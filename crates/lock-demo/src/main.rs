//! Locks: one at a time, and what goes wrong around them.
//!
//! Run:     cargo run -p lock-demo

use std::process::ExitCode;

use common::Demo;

fn main() -> ExitCode {
    Demo::new(env!("CARGO_PKG_NAME"), "Locks: one at a time, and what goes wrong around them.").run()
}
