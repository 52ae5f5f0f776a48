//! What one builds from a mutex and a condition variable.

mod bounded_buffer;
mod event;
mod mailbox;

pub use bounded_buffer::{BoundedBuffer, Closed};
pub use event::Event;
pub use mailbox::Mailbox;
