use std::fmt;
use std::ops::Deref;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{Mutex, PoisonError};

use super::OnceLock;
use super::fresh::copied;
use crate::kernel::active;

/// A value that is made at its first use, as [`std::sync::LazyLock`].
pub struct LazyLock<T, F = fn() -> T> {
    cell: OnceLock<T>,
    /// `None` once the value is made, or an attempt has panicked.
    init: Mutex<Option<F>>,
}

impl<T: RefUnwindSafe + UnwindSafe, F: UnwindSafe> RefUnwindSafe for LazyLock<T, F> {}
impl<T: UnwindSafe, F: UnwindSafe> UnwindSafe for LazyLock<T, F> {}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// Keeps `f` for the first use.
    #[inline]
    #[track_caller]
    pub const fn new(f: F) -> Self {
        let cell = OnceLock::made_at(Location::caller());
        Self { cell, init: Mutex::new(Some(f)) }
    }

    /// The value, made now if this is its first use.
    ///
    /// Blocks while another thread is making it.
    ///
    /// # Panics
    ///
    /// When making it has panicked before.
    #[inline]
    #[track_caller]
    pub fn force(this: &Self) -> &T {
        if active() {
            let at = Location::caller();
            return this.cell.init(at, || Some(this.make_in_exploration()));
        }
        let cell = this.cell.outside();
        match cell.get() {
            Some(value) => value,
            None => cell.get_or_init(|| this.make()),
        }
    }

    /// The value, made now if this is its first use; nobody else can be at it.
    ///
    /// # Panics
    ///
    /// When making it has panicked before.
    #[inline]
    #[track_caller]
    pub fn force_mut(this: &mut Self) -> &mut T {
        Self::force(this);
        this.cell.get_mut().expect("the value was made by the line above")
    }

    fn make(&self) -> T {
        // The real lock is free again before the reader's code runs, which may block.
        let init = self.init.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(init) = init else {
            panic!("LazyLock instance has previously been poisoned")
        };
        init()
    }

    /// A static is made again in every execution, so its function must stay.
    fn make_in_exploration(&self) -> T {
        let again = {
            let init = self.init.lock().unwrap_or_else(PoisonError::into_inner);
            init.as_ref().and_then(copied)
        };
        match again {
            Some(init) => init(),
            None => self.make(),
        }
    }
}

impl<T, F> LazyLock<T, F> {
    /// The value, if it is made; never blocks.
    #[inline]
    #[track_caller]
    pub fn get(this: &Self) -> Option<&T> {
        this.cell.get()
    }

    /// The value, if it is made; nobody else can be at it.
    #[inline]
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        this.cell.get_mut()
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    #[inline]
    #[track_caller]
    fn deref(&self) -> &T {
        Self::force(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple("LazyLock");
        match self.cell.seen() {
            Some(value) => tuple.field(value),
            None => tuple.field(&format_args!("<uninit>")),
        };
        tuple.finish()
    }
}
