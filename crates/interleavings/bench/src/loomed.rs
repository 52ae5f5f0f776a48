//! The corpus under `loom`, as far as it models what the programs use.

/// What the programs call std.
pub mod imp {
    pub use loom::{hint, thread};

    pub mod sync {
        pub use loom::sync::{Arc, Condvar, Mutex, RwLock, atomic};

        /// loom's channels neither close nor have a bound.
        pub mod mpsc {
            pub use std::sync::mpsc::{Receiver, Sender, SyncSender};

            fn not_modelled() -> ! {
                std::process::exit(crate::NOT_MODELLED)
            }

            pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
                not_modelled()
            }

            pub fn sync_channel<T>(_: usize) -> (SyncSender<T>, Receiver<T>) {
                not_modelled()
            }
        }
    }
}

#[path = "../../tests/corpus/programs.rs"]
pub mod programs;
