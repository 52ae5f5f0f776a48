//! Conditions: wait until something is true.
//!
//! Run:     cargo run -p condition-demo

use std::process::ExitCode;

use common::Demo;

fn main() -> ExitCode {
    Demo::new(env!("CARGO_PKG_NAME"), "Conditions: wait until something is true.").run()
}
