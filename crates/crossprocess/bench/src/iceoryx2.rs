//! The objects of iceoryx2's POSIX layer, in memory that forked children share: pthread's
//! and `sem_t`, behind safe types. It has no condition.

use std::time::Duration;

// The linker asks for a logger; without a feature this one discards what it is given.
use iceoryx2_bb_loggers as _;
use iceoryx2_bb_posix::barrier::{Barrier, BarrierBuilder};
use iceoryx2_bb_posix::ipc_capable::Handle;
use iceoryx2_bb_posix::mutex::{
    Mutex, MutexBuilder, MutexGuard, MutexLockError, MutexThreadTerminationBehavior,
    MutexTimedLockError,
};
pub use iceoryx2_bb_posix::semaphore::SemaphoreInterface;
use iceoryx2_bb_posix::semaphore::{UnnamedSemaphore, UnnamedSemaphoreBuilder};

use crate::pthread::Shared;

/// What an object is made of, where forked children find it, too.
fn handle<H: Handle>() -> &'static H {
    // SAFETY: `place` is ours alone.
    let handle = Shared::new(|place: *mut H| unsafe { place.write(H::new()) });
    // SAFETY: initialised above, in memory that is never unmapped. A handle is `Sync`,
    // and what its object changes is in cells.
    unsafe { &*handle.get() }
}

/// A robust mutex that protects a number.
pub struct Robust(Mutex<'static, 'static, u64>);

impl Robust {
    pub fn new() -> Self {
        let builder = MutexBuilder::new()
            .is_interprocess_capable(true)
            .thread_termination_behavior(
                MutexThreadTerminationBehavior::ReleaseWhenLocked,
            );
        Self(builder.create(0, handle()).expect("a mutex"))
    }

    pub fn lock(&self) -> MutexGuard<'static, u64> {
        self.0.lock().unwrap_or_else(|error| self.repair(error))
    }

    /// As the documentation has it for a robust mutex: with `try_lock` or `timed_lock`,
    /// never with `lock`. Looks again and again until it is free. That is so with the
    /// monotonic clock, the default here; with the realtime clock 0.10.0 answers a death
    /// with an unknown error and no guard.
    pub fn timed_lock(&self, limit: Duration) -> Option<MutexGuard<'static, u64>> {
        match self.0.timed_lock(limit) {
            Ok(guard) => guard,
            Err(MutexTimedLockError::MutexLockError(error)) => Some(self.repair(error)),
            Err(error) => panic!("iceoryx2: {error}"),
        }
    }

    fn repair(&self, error: MutexLockError<'static, u64>) -> MutexGuard<'static, u64> {
        match error {
            MutexLockError::LockAcquiredButOwnerDied(guard) => {
                self.0.make_consistent();
                guard
            }
            error => panic!("iceoryx2: {error}"),
        }
    }
}

pub fn semaphore(permits: u32) -> UnnamedSemaphore<'static> {
    let builder = UnnamedSemaphoreBuilder::new()
        .is_interprocess_capable(true)
        .initial_value(permits);
    builder.create(handle()).expect("a semaphore")
}

pub fn barrier(parties: u32) -> Barrier<'static> {
    let builder = BarrierBuilder::new(parties).is_interprocess_capable(true);
    builder.create(handle()).expect("a barrier")
}
