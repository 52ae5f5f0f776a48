//! What one builds from a mutex and a condition variable.

mod barrier;
mod bounded_buffer;
mod event;
mod latch;
mod mailbox;
mod timer;

pub use barrier::{Barrier, Broken};
pub use bounded_buffer::{BoundedBuffer, Closed};
pub use event::Event;
pub use latch::Latch;
pub use mailbox::Mailbox;
pub use timer::Timer;

/// For tests: ends all of them with a failure if the calling one hangs.
#[cfg(test)]
fn must_end() -> common::watchdog::Watchdog {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("without a name");
    let limit = std::time::Duration::from_secs(20);
    common::watchdog::Watchdog::start(format!("test `{name}`"), limit).unwrap()
}
