//! Locks, semaphores, conditions and queues between processes, and what a death does to
//! them.
//!
//! The scenes up to `joinable` are those of the demos between threads, with processes in
//! place of threads; the last three kill somebody.
//!
//! Run:     cargo run -p process-sync-demo
//! Chapter: book/src/process-locks.md

mod barrier;
mod barrier_workers;
mod bounded;
mod child;
mod condition;
mod die_holding;
mod die_sending;
mod die_waiting;
mod event;
mod joinable;
mod killing;
mod lock;
mod mailbox;
mod python;
mod queue;
mod reentrant;
mod semaphore;

use std::process::ExitCode;

use child::ended;
use common::Demo;
use crossprocess::process::{Role, child_role};

fn main() -> ExitCode {
    // First of all: a child that took itself for its parent would start children too.
    if let Some(role) = child_role() {
        return play(role);
    }
    let about =
        "Locks, semaphores, conditions, queues: between processes, and in deaths.";
    Demo::new(env!("CARGO_PKG_NAME"), about)
        .scene("lock", "four processes, and nobody sees half a transfer", lock::run)
        .scene("reentrant", "let in again, if it is the same thread", reentrant::run)
        .scene("semaphore", "eight processes, three permits", semaphore::run)
        .scene("bounded", "given back twice, or by a death", bounded::run)
        .scene("condition", "room for one letter, five who use it", condition::run)
        .scene("event", "a gate that opens too briefly to be seen", event::run)
        .scene("barrier", "all pass or none does, even if one dies", barrier::run)
        .scene("queue", "bursts, pauses, and who waits for whom", queue::run)
        .scene("joinable", "tasks that make tasks, until all are done", joinable::run)
        .scene("die-holding", "killed with a lock, and who goes on", die_holding::run)
        .scene("die-waiting", "killed asleep, and who misses it", die_waiting::run)
        .scene("die-sending", "killed in the middle of a message", die_sending::run)
        .run()
}

/// What the children of the scenes do.
fn play(role: Role) -> ExitCode {
    role.on(&lock::TELLER, |index| ended(lock::teller(index)))
        .on(&reentrant::COLLEAGUE, |()| ended(reentrant::colleague()))
        .on(&semaphore::WORKER, |number| ended(semaphore::worker(number)))
        .on(&bounded::VISITOR, |visit| ended(bounded::visitor(visit)))
        .on(&condition::WRITER, |index| ended(condition::writer(index)))
        .on(&condition::READER, |index| ended(condition::reader(index)))
        .on(&event::VISITOR, |number| ended(event::visitor(number)))
        .on(&barrier_workers::WORKER, |number| ended(barrier_workers::worker(number)))
        .on(&queue::PRODUCER, |()| ended(queue::producer()))
        .on(&queue::CONSUMER, |number| ended(queue::consumer(number)))
        .on(&joinable::WORKER, |number| ended(joinable::worker(number)))
        .on(&killing::VICTIM, |case| ended(killing::victim(case)))
        .finish()
}
