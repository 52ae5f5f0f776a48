//! The corpus under `interleavings`.

/// What the programs call std.
pub mod imp {
    pub use interleavings::{hint, sync, thread};
}

#[path = "../../tests/corpus/programs.rs"]
pub mod programs;
