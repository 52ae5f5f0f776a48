//! Conditions: wait until something is true.
//!
//! The scenes `wait_while`, `lost_wakeup`, `spurious` and `timeout` use the standard
//! condition variable as it is; the others use what is built from it in `primitives`.
//!
//! Run:     cargo run -p condition-demo
//! Chapter: book/src/conditions.md

mod barrier;
mod bounded_buffer;
mod event;
mod latch;
mod lost_wakeup;
mod mailbox;
mod primitives;
mod spurious;
mod timeout;
mod timer;
mod wait_while;

use std::process::ExitCode;

use common::Demo;

fn main() -> ExitCode {
    Demo::new(env!("CARGO_PKG_NAME"), "Conditions: wait until something is true.")
        .scene(
            "wait-while",
            "ask a million times, or sleep until told",
            wait_while::run,
        )
        .scene("lost-wakeup", "a notification nobody waited for", lost_wakeup::run)
        .goes_wrong(
            "notify-before-wait",
            "waits for a notification that has been sent",
            lost_wakeup::notify_before_wait,
        )
        .goes_wrong(
            "state-outside-mutex",
            "the state changes between the look and the wait",
            lost_wakeup::state_outside_mutex,
        )
        .scene("spurious", "woken for an item that a thief has taken", spurious::run)
        .scene("mailbox", "room for one letter, five who use it", mailbox::run)
        .scene(
            "bounded-buffer",
            "bursts, pauses, and who waits for whom",
            bounded_buffer::run,
        )
        .scene("event", "a gate that opens too briefly to be seen", event::run)
        .scene("barrier", "all pass or none does, even if one is late", barrier::run)
        .scene("latch", "a race: one start, one finish, no way back", latch::run)
        .scene("timer", "later, but not if somebody changes their mind", timer::run)
        .scene("timeout", "60 ms that last four times as long", timeout::run)
        .run()
}
