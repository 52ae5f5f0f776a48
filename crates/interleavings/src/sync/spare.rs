//! Frees locks whose holder was given up in an earlier execution.
//!
//! A lock in a static outlives the executions of an exploration. When one of them
//! ends in a deadlock, its threads are given up where they stand, and a real lock
//! that one of them holds would stay locked for ever. So the kernel keeps the bits of
//! the guard of every lock that is held. This is one of the five modules that
//! contain `unsafe`.
#![allow(unsafe_code)]

use std::mem::{MaybeUninit, align_of, size_of};
use std::ptr;

use crate::kernel::ids::ModelId;
use crate::kernel::locks;

/// Room for the guards of std, which hold two or three words.
type Bits = [MaybeUninit<usize>; 3];

/// A copy of the bits of a real guard that somebody else owns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spare {
    bits: Bits,
    /// Where the lock is.
    lock: usize,
    /// Drops the bits as the guard that they are.
    release: unsafe fn(&Bits),
}

impl Spare {
    fn of<G>(guard: &G, lock: usize) -> Option<Self> {
        if size_of::<G>() > size_of::<Bits>() || align_of::<G>() > align_of::<Bits>() {
            return None;
        }
        let mut bits: Bits = [MaybeUninit::uninit(); 3];
        let from = ptr::from_ref(guard).cast::<u8>();
        // SAFETY: the guard is a live value of that size, `bits` has room for it, as
        // was asked above, and a copy as bytes keeps whatever is in it.
        unsafe {
            from.copy_to_nonoverlapping(bits.as_mut_ptr().cast(), size_of::<G>());
        }
        Some(Self { bits, lock, release: release::<G> })
    }
}

/// Drops the guard of type `G` that the bits are a copy of.
///
/// # Safety
///
/// The bits must be those of a `G` whose lock still stands where it did, and the `G`
/// that they were copied from must never be used or dropped from here on.
unsafe fn release<G>(bits: &Bits) {
    // SAFETY: the caller promises that this is a `G` that nobody else will drop;
    // `Spare::of` has checked that size and alignment fit.
    drop(unsafe { ptr::read(bits.as_ptr().cast::<G>()) });
}

/// Remembers the guard of a lock that the running thread has just taken.
pub(super) fn keep<L: ?Sized, G>(id: &ModelId, lock: &L, guard: &G) {
    if let Some(spare) = Spare::of(guard, ptr::from_ref(lock).addr()) {
        locks::keep_spare(id, spare);
    }
}

/// Frees the lock if threads that were given up in an earlier execution hold it.
pub(super) fn free<L: ?Sized>(id: &ModelId, lock: &L) {
    for spare in locks::left_locked(id) {
        if spare.lock == ptr::from_ref(lock).addr() {
            // SAFETY: `left_locked` returns the spares of the execution in which `id`
            // was used last, each once, so the bits are those of a guard of this very
            // lock, which stands where it did. The guard belonged to a thread that
            // had not ended: its coroutine is leaked, so the guard is never dropped.
            // Nor is it used: no code of that thread runs again, and a guard cannot
            // be sent to another thread. What a body leaks into statics of the real
            // std is out of the model; the crate's documentation rules it out.
            unsafe { (spare.release)(&spare.bits) };
        }
    }
}
