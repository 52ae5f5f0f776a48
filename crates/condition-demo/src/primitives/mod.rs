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
