use std::fmt;
use std::panic::Location;
use std::sync;

use crate::kernel::ids::ModelId;
use crate::kernel::{active, locks};

/// Lets a fixed number of threads go on together, as [`std::sync::Barrier`].
pub struct Barrier {
    id: ModelId,
    size: usize,
    real: sync::Barrier,
}

/// Tells one thread of each round that it is the leader.
pub struct BarrierWaitResult(bool);

impl Barrier {
    /// Makes a barrier for rounds of `n` threads.
    #[must_use]
    #[inline]
    #[track_caller]
    pub const fn new(n: usize) -> Self {
        Self { id: ModelId::new(), size: n, real: sync::Barrier::new(n) }
    }

    /// Blocks until all threads of the round have come.
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        if active() {
            let at = Location::caller();
            BarrierWaitResult(locks::barrier_wait(&self.id, self.size, at))
        } else {
            BarrierWaitResult(self.real.wait().is_leader())
        }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}

impl BarrierWaitResult {
    /// True for one thread of each round.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl fmt::Debug for BarrierWaitResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWaitResult").field("is_leader", &self.0).finish()
    }
}
