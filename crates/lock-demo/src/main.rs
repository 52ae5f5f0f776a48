//! Locks: one at a time, and what goes wrong around them.
//!
//! Run:     cargo run -p lock-demo
//! Chapter: book/src/locks.md

mod atomics;
mod collatz;
mod contention;
mod counters;
mod cycle;
mod deadlock;
mod guard_extent;
mod left_fork_first;
mod mutex;
mod once;
mod ordering_cost;
mod orderings;
mod payer_first;
mod philosophers;
mod poison;
mod race;
mod reading;
mod reentrant;
mod refused;
mod repeat;
mod rwlock;
mod scope;
mod second_read;
mod try_lock;

use std::process::ExitCode;

use common::Demo;

fn main() -> ExitCode {
    Demo::new(
        env!("CARGO_PKG_NAME"),
        "Locks: one at a time, and what goes wrong around them.",
    )
    .scene("race", "0 + 1 + 1 = 1, and the compiler had no objection", race::run)
    .scene("mutex", "four tellers, and nobody sees half a transfer", mutex::run)
    .scene("scope", "the guard that outlived its line, measured", scope::run)
    .scene("rwlock", "four readers inside together, one writer alone", rwlock::run)
    .scene("reentrant", "locking what one has locked already", reentrant::run)
    .scene("poison", "a panic in the middle, and who is told", poison::run)
    .scene("deadlock", "who waits for whom, and the order that ends it", deadlock::run)
    .scene("try-lock", "a worker that has better things to do", try_lock::run)
    .scene("once", "four threads ask, one of them makes it", once::run)
    .scene_with("contention", "what a fight for one lock costs", contention::run)
    .scene("reading", "what readers pay to be let in together", reading::run)
    .scene("atomics", "updates in one step, without a lock", atomics::run)
    .scene("orderings", "both are here, and neither saw the other", orderings::run)
    .scene("ordering-cost", "what a stronger ordering costs", ordering_cost::run)
    .scene("philosophers", "five at a table: deadlock, and who eats", philosophers::run)
    .goes_wrong(
        "read-twice",
        "a reader waits for a writer who waits",
        second_read::read_twice,
    )
    .goes_wrong("lock-twice", "a thread waits for itself", reentrant::lock_twice)
    .goes_wrong("deadlock-two-orders", "hangs, and is ended", payer_first::two_orders)
    .run()
}
