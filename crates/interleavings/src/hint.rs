//! What [`std::hint`] offers; [`spin_loop`] lets others go first in an exploration.

use std::panic::Location;

pub use std::hint::*;

use crate::kernel::record::Action;
use crate::kernel::{active, threads};

/// Tells the processor that this thread waits in a loop.
#[inline]
#[track_caller]
pub fn spin_loop() {
    if active() {
        threads::give_way(Action::Spin, Location::caller());
    } else {
        std::hint::spin_loop();
    }
}
