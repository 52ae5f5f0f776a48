//! How a value of the reader's program is tied to the model's record of it.

use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

/// A place in the reader's program.
pub(crate) type Loc = &'static Location<'static>;

/// A modelled thread, numbered in the order of spawning; 0 is the body itself.
pub(crate) type Tid = usize;

/// An index into the objects of the running execution.
pub(crate) type Obj = usize;

/// Ties a mutex, an atomic, … to its record in the running execution.
///
/// Statics and `const` constructors have no chance to register, so this happens
/// at the first use, once in every execution: the number kept here carries the
/// execution it belongs to, and an older one counts as none.
pub(crate) struct ModelId {
    /// Zero, or the execution in the upper half and the object's index plus one.
    slot: AtomicU64,
    /// Where the value was constructed.
    pub(crate) made_at: Loc,
}

impl ModelId {
    #[track_caller]
    pub(crate) const fn new() -> Self {
        Self { slot: AtomicU64::new(0), made_at: Location::caller() }
    }

    pub(crate) const fn made_at(made_at: Loc) -> Self {
        Self { slot: AtomicU64::new(0), made_at }
    }

    /// The object's index, when it is registered in execution `epoch`.
    pub(crate) fn get(&self, epoch: u32) -> Option<Obj> {
        // Relaxed: the threads of one exploration share one OS thread.
        let slot = self.slot.load(Ordering::Relaxed);
        let index = slot & 0xffff_ffff;
        (slot >> 32 == u64::from(epoch) && index != 0).then(|| index as usize - 1)
    }

    pub(crate) fn set(&self, epoch: u32, object: Obj) {
        let slot = u64::from(epoch) << 32 | (object as u64 + 1);
        self.slot.store(slot, Ordering::Relaxed);
    }

    /// The execution in which the value was registered last, and as what.
    pub(crate) fn last(&self) -> Option<(u32, Obj)> {
        let slot = self.slot.load(Ordering::Relaxed);
        let index = (slot & 0xffff_ffff) as usize;
        Some(((slot >> 32) as u32, index.checked_sub(1)?))
    }

    /// Forgets the record, so that the next use starts from the real value.
    pub(crate) fn forget(&self) {
        self.slot.store(0, Ordering::Relaxed);
    }
}
