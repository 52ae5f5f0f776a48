//! What one builds from a mutex and a condition variable.

mod mailbox;

pub use mailbox::Mailbox;
