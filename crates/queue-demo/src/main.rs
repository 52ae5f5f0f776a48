//! Queues: pass work and results between threads.
//!
//! Run:     cargo run -p queue-demo

use std::process::ExitCode;

use common::Demo;

fn main() -> ExitCode {
    Demo::new(env!("CARGO_PKG_NAME"), "Queues: pass work and results between threads.").run()
}
