//! The corpus on real threads.

/// What the programs call std.
pub mod imp {
    pub use std::{hint, sync, thread};
}

#[path = "../../tests/corpus/programs.rs"]
pub mod programs;
