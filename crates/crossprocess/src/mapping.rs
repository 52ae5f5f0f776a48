//! The shared memory as atomic words: the only `unsafe` code of this crate.

#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64};

use shared_memory::{Shmem, ShmemConf, ShmemError};

/// A mapping of a segment into this process, seen as words that are all atomic.
pub(crate) struct Mapping {
    /// Invariant: the first of `words` words of memory that is mapped, readable and
    /// writable, for as long as `_shmem` lives.
    base: NonNull<AtomicU64>,
    words: usize,
    /// Unmaps the memory on drop. Never the owner: the name is removed by `Segment`.
    _shmem: Shmem,
}

// SAFETY: `base` may be used from any thread, as it gives out atomics only; `Shmem` is
// not touched until it is dropped, and `munmap` and `close` have no thread affinity.
unsafe impl Send for Mapping {}

// SAFETY: `&Mapping` gives out `&[AtomicU64]` and `&[AtomicU32]`, which are `Sync`.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Creates shared memory of `size` bytes, all zero, under a name nobody has.
    pub fn create(id: &str, size: usize) -> Result<Self, ShmemError> {
        ShmemConf::new().os_id(id).size(size).create().map(Self::new)
    }

    pub fn open(id: &str) -> Result<Self, ShmemError> {
        let conf = ShmemConf::new().os_id(id);
        // By its name, where this process has another folder for temporary files.
        #[cfg(windows)]
        let conf = conf.allow_raw(true);
        conf.open().map(Self::new)
    }

    fn new(mut shmem: Shmem) -> Self {
        shmem.set_owner(false);
        let base = NonNull::new(shmem.as_ptr()).expect("a mapping is not at address 0");
        let base = base.cast::<AtomicU64>();
        assert!(base.is_aligned(), "a mapping begins on a page boundary");
        Self { base, words: shmem.len() / size_of::<AtomicU64>(), _shmem: shmem }
    }

    /// The length in words of 64 bits.
    pub fn len(&self) -> usize {
        self.words
    }

    /// The whole memory.
    ///
    /// A word that is used through `halves` must not be used through this: sizes of
    /// atomic accesses to one place must not be mixed. `Cell` keeps them apart.
    #[inline]
    pub fn words(&self) -> &[AtomicU64] {
        // SAFETY: by the invariant, `base` points to `words` mapped words for as long
        // as `self` is borrowed, and `new` checked the alignment. Any bits are an
        // `AtomicU64`. Other processes and threads change them at any time, which is
        // what atomics are for: nothing else in this process refers to the memory, and
        // this module gives out no `&mut`. That no peer shrinks the file underneath is
        // a promise of the crate's documentation: it would end in a SIGBUS, not in
        // undefined values.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), self.words) }
    }

    /// The whole memory in words of 32 bits; see [`Mapping::words`].
    #[inline]
    pub fn halves(&self) -> &[AtomicU32] {
        // SAFETY: as for `words`: twice as many words of half the size cover the same
        // memory, and what is aligned for 8 bytes is aligned for 4.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr().cast(), self.words * 2) }
    }
}
