use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

use super::fresh::Fresh;
use super::once::begin;
use crate::kernel::ids::{Loc, ModelId};
use crate::kernel::{active, locks, threads};

/// A cell that is written once, as [`std::sync::OnceLock`].
pub struct OnceLock<T> {
    id: ModelId,
    cell: Fresh<T>,
}

impl<T: RefUnwindSafe + UnwindSafe> RefUnwindSafe for OnceLock<T> {}
impl<T: UnwindSafe> UnwindSafe for OnceLock<T> {}

impl<T> OnceLock<T> {
    /// Makes an empty cell.
    #[must_use]
    #[inline]
    #[track_caller]
    pub const fn new() -> Self {
        Self { id: ModelId::new(), cell: Fresh::new() }
    }

    pub(super) const fn made_at(at: Loc) -> Self {
        Self { id: ModelId::made_at(at), cell: Fresh::new() }
    }

    /// The value, if the cell is full; never blocks.
    #[inline]
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        if !active() {
            return self.cell.real.get();
        }
        self.get_at(Location::caller())
    }

    fn get_at(&self, at: Loc) -> Option<&T> {
        let done = self.cell.get().is_some();
        let name = std::any::type_name::<Self>();
        if locks::once_is_done(&self.id, name, done, at) {
            self.cell.get()
        } else {
            None
        }
    }

    /// The value, if the cell is full.
    #[inline]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        if active() { self.cell.get_mut() } else { self.cell.real.get_mut() }
    }

    /// Blocks until the cell is full.
    #[track_caller]
    pub fn wait(&self) -> &T {
        if !active() {
            return self.cell.real.wait();
        }
        let at = Location::caller();
        loop {
            let done = self.cell.get().is_some();
            if locks::once_wait(&self.id, done, at)
                && let Some(value) = self.cell.get()
            {
                return value;
            }
        }
    }

    /// Fills the cell.
    ///
    /// # Errors
    ///
    /// Gives the value back when the cell is full already.
    #[inline]
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        if !active() {
            return self.cell.real.set(value);
        }
        let mut value = Some(value);
        self.init(Location::caller(), || value.take());
        value.map_or(Ok(()), Err)
    }

    /// The value, made by `f` if the cell is empty.
    ///
    /// Blocks while another thread is making it.
    #[inline]
    #[track_caller]
    pub fn get_or_init<F: FnOnce() -> T>(&self, f: F) -> &T {
        if active() {
            self.init(Location::caller(), || Some(f()))
        } else {
            self.cell.real.get_or_init(f)
        }
    }

    /// Makes the value with `f` if the execution has none.
    pub(super) fn init(&self, at: Loc, f: impl FnOnce() -> Option<T>) -> &T {
        let name = std::any::type_name::<Self>();
        let done = self.cell.get().is_some();
        if let Some(attempt) = begin(&self.id, name, done, true, at) {
            let attempt = attempt.without_poison();
            if let Some(value) = f() {
                // Nobody else can have begun, so the cell is empty.
                let _ = self.cell.set(value);
            }
            attempt.succeeded();
        }
        self.cell.get().expect("the cell was filled before or by us")
    }

    pub(super) fn outside(&self) -> &std::sync::OnceLock<T> {
        &self.cell.real
    }

    /// The value, if the cell is full, for the traits, which know no caller.
    pub(super) fn seen(&self) -> Option<&T> {
        if active() { self.get_at(threads::here()) } else { self.cell.real.get() }
    }

    /// Takes the value out of the cell.
    #[inline]
    pub fn take(&mut self) -> Option<T> {
        if !active() {
            return self.cell.real.take();
        }
        self.id.forget();
        self.cell.take()
    }

    /// The value, if the cell was full.
    #[inline]
    pub fn into_inner(mut self) -> Option<T> {
        self.take()
    }
}

impl<T> Default for OnceLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple("OnceLock");
        match self.seen() {
            Some(value) => tuple.field(value),
            None => tuple.field(&format_args!("<uninit>")),
        };
        tuple.finish()
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        match self.seen() {
            Some(value) => Self::from(value.clone()),
            None => Self::new(),
        }
    }
}

impl<T> From<T> for OnceLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        let cell = Self::new();
        // A new cell is empty.
        let _ = if active() { cell.cell.set(value) } else { cell.cell.real.set(value) };
        cell
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    fn eq(&self, other: &Self) -> bool {
        self.seen() == other.seen()
    }
}

impl<T: Eq> Eq for OnceLock<T> {}
