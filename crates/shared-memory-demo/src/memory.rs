//! A value in a segment of shared memory, by the name of the segment.
//!
//! The crate `shared_memory` gives a pointer to bytes that others change at any time.
//! Here the compiler knows what is there: atomics, and nothing that a process could
//! misread.

#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use anyhow::Context;
use shared_memory::{Shmem, ShmemConf};

use crate::janitor::Janitor;

/// What can lie in memory that other processes change.
///
/// # Safety
///
/// Any bits are a value of the type, it may change at any time while there is a shared
/// reference to it, and it has nothing that means something in one process only, such
/// as a pointer. Where two programs are to agree on it, it is `repr(C)`.
pub unsafe trait Shareable: Sync {}

// SAFETY: any bits are a number, an atomic may change under a shared reference, and a
// number means the same everywhere.
unsafe impl Shareable for AtomicU8 {}
// SAFETY: as for `AtomicU8`.
unsafe impl Shareable for AtomicU16 {}
// SAFETY: as for `AtomicU8`.
unsafe impl Shareable for AtomicU32 {}
// SAFETY: as for `AtomicU8`.
unsafe impl Shareable for AtomicU64 {}
// SAFETY: an array is its elements side by side, and nothing else.
unsafe impl<T: Shareable, const N: usize> Shareable for [T; N] {}

/// Declares a `repr(C)` struct of fields that can be shared, which can be shared too.
macro_rules! shareable {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident {
        $($(#[$field_attribute:meta])* $field:ident: $type:ty,)+
    }) => {
        $(#[$attribute])*
        #[repr(C)]
        $visibility struct $name {
            $($(#[$field_attribute])* $field: $type,)+
        }

        const _: () = {
            const fn shareable<T: $crate::memory::Shareable>() {}
            $(shareable::<$type>();)+
        };

        // SAFETY: all fields are `Shareable`, which the lines above check; what is
        // between them is never read.
        #[allow(unsafe_code)]
        unsafe impl $crate::memory::Shareable for $name {}
    };
}
pub(crate) use shareable;

/// A mapping of a segment with a `T` at its beginning.
///
/// Dropping it unmaps the memory; dropping the one that created it removes the name.
/// The memory goes with the last mapping.
pub struct Shared<T> {
    /// Invariant: at least as long as `T`, and aligned for it.
    shmem: Shmem,
    _content: PhantomData<T>,
}

impl<T: Shareable> Shared<T> {
    /// Creates a segment, all zero, which the janitor removes if this process cannot.
    ///
    /// # Errors
    ///
    /// When the system has not so much memory to share.
    pub fn create(janitor: &mut Janitor) -> anyhow::Result<Self> {
        Self::create_as(&janitor.name_for_memory()?)
    }

    /// As [`create`](Self::create), for a name that is looked after.
    pub fn create_as(name: &str) -> anyhow::Result<Self> {
        let shared = Self::create_unreserved(name)?;
        let size = size_of::<T>();
        let reserved = reserve(name, size);
        reserved.with_context(|| format!("reserve {size} bytes of shared memory"))?;
        Ok(shared)
    }

    /// As [`create_as`](Self::create_as), where a page that is missing is a `SIGBUS`.
    pub fn create_unreserved(name: &str) -> anyhow::Result<Self> {
        let shmem = ShmemConf::new().os_id(name).size(size_of::<T>()).create();
        Self::new(shmem.with_context(|| format!("create shared memory {name}"))?)
    }

    /// Maps a segment that somebody has created.
    ///
    /// # Errors
    ///
    /// When there is none of this name, or it is too short.
    pub fn open(name: &str) -> anyhow::Result<Self> {
        let shmem = ShmemConf::new().os_id(name).open();
        Self::new(shmem.with_context(|| format!("open shared memory {name}"))?)
    }

    fn new(shmem: Shmem) -> anyhow::Result<Self> {
        let fits =
            shmem.len() >= size_of::<T>() && shmem.as_ptr().cast::<T>().is_aligned();
        anyhow::ensure!(
            fits,
            "{} bytes are no {}",
            shmem.len(),
            std::any::type_name::<T>()
        );
        Ok(Self { shmem, _content: PhantomData })
    }

    /// What another process needs to open it.
    pub fn name(&self) -> &str {
        self.shmem.get_os_id()
    }

    /// Where this process sees it: a number, of no use to any other.
    pub fn address(&self) -> usize {
        self.shmem.as_ptr().addr()
    }
}

impl<T: Shareable> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: `new` checked length and alignment, and the mapping lives as long as
        // `self`. Any bits are a `T`, and others may change it meanwhile: both are what
        // `Shareable` promises. A page that the system cannot give ends the process by
        // a signal, and no peer of this program shortens a segment, which would too.
        unsafe { &*self.shmem.as_ptr().cast::<T>() }
    }
}

/// Takes the memory from the system now: a page that is missing later is a SIGBUS.
#[cfg(target_os = "linux")]
pub fn reserve(name: &str, size: usize) -> std::io::Result<()> {
    use rustix::fs::{FallocateFlags, Mode, fallocate};
    use rustix::shm::{OFlags, open};

    let memory = open(name, OFlags::RDWR, Mode::empty())?;
    Ok(fallocate(memory, FallocateFlags::empty(), 0, size as u64)?)
}

#[cfg(not(target_os = "linux"))]
pub fn reserve(_name: &str, _size: usize) -> std::io::Result<()> {
    Ok(())
}

/// Removes the name; who has the memory mapped keeps it. Any process of the user may.
pub fn remove(name: &str) {
    // An error says that there is no such name: what we want.
    #[cfg(unix)]
    let _ = rustix::shm::unlink(name);
    // What has a name there is the file in which `shared_memory` keeps it.
    #[cfg(windows)]
    let _ = std::fs::remove_file(
        std::env::temp_dir()
            .join("shared_memory-rs")
            .join(name.trim_start_matches('/')),
    );
}
