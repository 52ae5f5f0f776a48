//! `std`, with its modules for threads replaced by those of [`interleavings`].
//!
//! A test build names this crate `std`:
//!
//! ```toml
//! [dev-dependencies]
//! std = { package = "interleavings-std", path = "../interleavings-std" }
//! ```
//!
//! Paths that begin with `std::` then lead here, while the prelude and the macros
//! without a path stay the real ones. Outside of an exploration every type behaves
//! as std's own. What std has and this does not, such as `AtomicU32::as_ptr`, does
//! not compile: there is no silent difference.
//!
//! A bare `thread_local!` comes from the real prelude. In an exploration all
//! threads share its one value; write `std::thread_local!` for one that is modelled.

pub use std::*;

pub use interleavings::{hint, panic, sync, thread, thread_local, time};
