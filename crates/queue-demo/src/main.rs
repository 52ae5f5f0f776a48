//! Queues: pass work and results between threads.
//!
//! Run:     cargo run -p queue-demo
//! Chapter: book/src/queues.md

mod blocking_queue;
mod bounded;
mod compare;
mod crossbeam;
mod joinable;
mod joinable_queue;
mod lifo;
mod mpsc;
mod pipeline;
mod plot;
mod priority;
mod queens;
mod rendezvous;
mod select;
mod shutdown;
mod stealing;
mod store;
mod workers;

use std::process::ExitCode;

use common::Demo;

fn main() -> ExitCode {
    let about = "Queues: pass work and results between threads.";
    Demo::new(env!("CARGO_PKG_NAME"), about)
        .scene("mpsc", "three threads write letters to one", mpsc::run)
        .scene("bounded", "a fast producer is made to wait", bounded::run)
        .scene(
            "rendezvous",
            "a channel without any room: both must come",
            rendezvous::run,
        )
        .scene(
            "crossbeam",
            "many receivers, and several channels at once",
            crossbeam::run,
        )
        .scene("select", "several channels, ready, silent or closed", select::run)
        .scene(
            "pipeline",
            "three stages at work, and what to do for the slowest",
            pipeline::run,
        )
        .scene("workers", "a lock held too long makes workers queue up", workers::run)
        .scene(
            "shutdown",
            "how a queue ends, and why it sometimes never does",
            shutdown::run,
        )
        .goes_wrong(
            "shutdown-forgotten",
            "hangs: a sender is left",
            shutdown::forgotten,
        )
        .scene("priority", "the heart attack before the cut finger", priority::run)
        .scene(
            "lifo",
            "the newest first, and a tree walked with a short queue",
            lifo::run,
        )
        .scene(
            "joinable",
            "wait until all is done, not until all is taken",
            joinable::run,
        )
        .scene("stealing", "who has nothing to do takes from who has", stealing::run)
        .scene_with(
            "compare",
            "messages a second, six queues, this machine",
            compare::run,
        )
        .run()
}
