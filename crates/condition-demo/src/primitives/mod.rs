//! What one builds from a mutex and a condition variable.

mod barrier;
mod bounded_buffer;
mod event;
mod mailbox;

pub use barrier::{Barrier, Broken};
pub use bounded_buffer::{BoundedBuffer, Closed};
pub use event::Event;
pub use mailbox::Mailbox;
