//! Threads: start, join, stop, and what they cost.
//!
//! Run:     cargo run -p thread-demo
//! Chapter: book/src/threads.md

mod builder;
mod cost;
mod detached;
mod local;
mod memory;
mod move_ownership;
mod panic;
mod parallelism;
mod primes;
mod repeater;
mod scoped;
mod spawn;
mod stop;

use std::process::ExitCode;

use common::Demo;

fn main() -> ExitCode {
    Demo::new(env!("CARGO_PKG_NAME"), "Threads: start, join, stop, and what they cost.")
        .scene("spawn", "one counts while main goes on, five return values", spawn::run)
        .scene("scoped", "threads that borrow, and draw one picture", scoped::run)
        .scene(
            "move-ownership",
            "a list goes to a thread and back",
            move_ownership::run,
        )
        .scene("panic", "three of five threads fail, two results are saved", panic::run)
        .scene("builder", "a name, a stack, and a refusal by the system", builder::run)
        .scene("local", "a value of its own for each thread", local::run)
        .scene("stop", "ask a thread to end, and how soon it does", stop::run)
        .scene("detached", "main returns, and what is lost then", detached::run)
        .scene("cost", "what a thread takes in time and in memory", cost::run)
        .scene_with(
            "parallelism",
            "the same work on more and more threads",
            parallelism::run,
        )
        .goes_wrong(
            "stack-overflow",
            "4 MiB of calls on 2 MiB of stack",
            builder::stack_overflow,
        )
        .goes_wrong(
            "main-returns",
            "three lines in a log that nobody joins",
            detached::main_returns,
        )
        .run()
}
