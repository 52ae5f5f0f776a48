//! The corpus under `shuttle`.

/// What the programs call std.
pub mod imp {
    pub use shuttle::{hint, sync, thread};
}

#[path = "../../tests/corpus/programs.rs"]
pub mod programs;
