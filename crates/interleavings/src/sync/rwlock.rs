use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync;

use super::{
    LockResult, PoisonError, TryLockError, TryLockResult, fmt_lock, poisonable, spare,
};
use crate::kernel::ids::{Loc, ModelId};
use crate::kernel::locks::{self, Poisonable};
use crate::kernel::{active, threads};
use crate::values::{fingerprint, refresh, shown};

/// A reader-writer lock, as [`std::sync::RwLock`].
///
/// std leaves open who goes first when readers and a writer wait; an exploration
/// tries every order. A second read lock of one thread may block on real systems
/// when a writer waits in between; here it does not.
pub struct RwLock<T: ?Sized> {
    id: ModelId,
    real: sync::RwLock<T>,
}

impl<T: ?Sized> UnwindSafe for RwLock<T> {}
impl<T: ?Sized> RefUnwindSafe for RwLock<T> {}

impl<T> RwLock<T> {
    /// Makes an unlocked lock.
    #[inline]
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self { id: ModelId::new(), real: sync::RwLock::new(value) }
    }

    /// Gives the value back, as no one else can hold the lock.
    ///
    /// # Errors
    ///
    /// When a writer panicked while it held the lock.
    pub fn into_inner(self) -> LockResult<T> {
        if !active() {
            return self.real.into_inner();
        }
        let poisoned = locks::own_poison(&self.id, self.real.is_poisoned());
        let value = self.real.into_inner().unwrap_or_else(PoisonError::into_inner);
        poisonable(poisoned, value)
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Blocks until this thread may read.
    ///
    /// # Errors
    ///
    /// When a writer panicked while it held the lock; the error holds the guard.
    #[inline]
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        if active() {
            return self.read_modelled(Location::caller());
        }
        match self.real.read() {
            Ok(real) => Ok(RwLockReadGuard { real, model: None }),
            Err(e) => {
                let real = e.into_inner();
                Err(PoisonError::new(RwLockReadGuard { real, model: None }))
            }
        }
    }

    /// Blocks until this thread alone may read and write.
    ///
    /// # Errors
    ///
    /// When a writer panicked while it held the lock; the error holds the guard.
    #[inline]
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        // As in `Mutex::lock`, so that all this is inlined.
        let (real, model, poisoned) = if active() {
            let poisoned = self.acquire(true, Location::caller());
            (self.take_real_write(), Some(self), poisoned)
        } else {
            match self.real.write() {
                Ok(real) => (real, None, false),
                Err(e) => (e.into_inner(), None, true),
            }
        };
        poisonable(poisoned, RwLockWriteGuard { real: Some(real), model })
    }

    #[cold]
    fn read_modelled(&self, at: Loc) -> LockResult<RwLockReadGuard<'_, T>> {
        let poisoned = self.acquire(false, at);
        poisonable(poisoned, self.reading())
    }

    /// A reader cannot put a value back, so a writer does it at the first use.
    fn refresh(&self) {
        let writer = self.try_real_write().or_else(|| {
            spare::free(&self.id, self);
            self.try_real_write()
        });
        if let Some(mut real) = writer {
            refresh(&self.id, &mut *real);
        }
    }

    fn try_real_write(&self) -> Option<sync::RwLockWriteGuard<'_, T>> {
        match self.real.try_write() {
            Ok(real) => Some(real),
            Err(TryLockError::Poisoned(e)) => Some(e.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    #[cold]
    fn acquire(&self, to_write: bool, at: Loc) -> bool {
        let name = std::any::type_name::<Self>();
        locks::rw_acquire(&self.id, name, self.real.is_poisoned(), to_write, at)
    }

    fn reading(&self) -> RwLockReadGuard<'_, T> {
        self.refresh();
        let real = match self.real.try_read() {
            Ok(real) => real,
            Err(TryLockError::Poisoned(e)) => e.into_inner(),
            Err(TryLockError::WouldBlock) => {
                panic!("a lock made outside the exploration is held outside it")
            }
        };
        spare::keep(&self.id, self, &real);
        RwLockReadGuard { real, model: Some(self) }
    }

    fn writing(&self) -> RwLockWriteGuard<'_, T> {
        RwLockWriteGuard { real: Some(self.take_real_write()), model: Some(self) }
    }

    #[cold]
    fn take_real_write(&self) -> sync::RwLockWriteGuard<'_, T> {
        self.refresh();
        let Some(real) = self.try_real_write() else {
            panic!("a lock made outside the exploration is held outside it")
        };
        spare::keep(&self.id, self, &real);
        real
    }

    /// Takes the lock for reading if no writer holds it.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when a writer holds it, `Poisoned` as for [`RwLock::read`].
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        if active() {
            return self.try_read_at(Location::caller());
        }
        let outside = |real| RwLockReadGuard { real, model: None };
        match self.real.try_read() {
            Ok(real) => Ok(outside(real)),
            Err(TryLockError::Poisoned(e)) => {
                Err(PoisonError::new(outside(e.into_inner())).into())
            }
            Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
        }
    }

    fn try_read_at(&self, at: Loc) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let name = std::any::type_name::<Self>();
        match locks::rw_try(&self.id, name, self.real.is_poisoned(), false, at) {
            None => Err(TryLockError::WouldBlock),
            Some(poisoned) => Ok(poisonable(poisoned, self.reading())?),
        }
    }

    /// Takes the lock for writing if nobody holds it.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when it is held, `Poisoned` as for [`RwLock::write`].
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        if active() {
            let at = Location::caller();
            let name = std::any::type_name::<Self>();
            return match locks::rw_try(
                &self.id,
                name,
                self.real.is_poisoned(),
                true,
                at,
            ) {
                None => Err(TryLockError::WouldBlock),
                Some(poisoned) => Ok(poisonable(poisoned, self.writing())?),
            };
        }
        let outside = |real| RwLockWriteGuard { real: Some(real), model: None };
        match self.real.try_write() {
            Ok(real) => Ok(outside(real)),
            Err(TryLockError::Poisoned(e)) => {
                Err(PoisonError::new(outside(e.into_inner())).into())
            }
            Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
        }
    }

    /// Whether a writer panicked while it held the lock.
    #[track_caller]
    pub fn is_poisoned(&self) -> bool {
        let real = self.real.is_poisoned();
        if !active() {
            return real;
        }
        let name = std::any::type_name::<Self>();
        locks::is_poisoned(Poisonable::RwLock, &self.id, name, real, Location::caller())
    }

    /// Declares the value to be in order again.
    #[track_caller]
    pub fn clear_poison(&self) {
        if active() {
            let (name, real) = (std::any::type_name::<Self>(), self.real.is_poisoned());
            let at = Location::caller();
            locks::clear_poison(Poisonable::RwLock, &self.id, name, real, at);
        }
        self.real.clear_poison();
    }

    /// The value, as `&mut self` proves that nobody else is at it.
    ///
    /// # Errors
    ///
    /// When a writer panicked while it held the lock.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        if !active() {
            return self.real.get_mut();
        }
        let poisoned = locks::own_poison(&self.id, self.real.is_poisoned());
        poisonable(
            poisoned,
            self.real.get_mut().unwrap_or_else(PoisonError::into_inner),
        )
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !active() {
            return self.real.fmt(f);
        }
        fmt_lock(f, "RwLock", self.try_read_at(threads::here()), || self.is_poisoned())
    }
}

/// Holds a [`RwLock`] for reading until it is dropped.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized + 'a> {
    real: sync::RwLockReadGuard<'a, T>,
    /// The lock, if it was taken inside an exploration.
    model: Option<&'a RwLock<T>>,
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.real
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(lock) = self.model
            && active()
        {
            locks::rw_release(&lock.id, false, None, || None);
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Holds a [`RwLock`] for writing until it is dropped.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized + 'a> {
    /// `None` only while the guard is turned into a reader's.
    real: Option<sync::RwLockWriteGuard<'a, T>>,
    /// The lock, if it was taken inside an exploration.
    model: Option<&'a RwLock<T>>,
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// Goes on as a reader, without letting a writer in between.
    #[track_caller]
    pub fn downgrade(mut guard: Self) -> RwLockReadGuard<'a, T> {
        let model = guard.model.take();
        let real = guard.real.take().expect("a guard holds its lock");
        let real = sync::RwLockWriteGuard::downgrade(real);
        if let Some(lock) = model
            && active()
        {
            locks::rw_downgrade(&lock.id, Location::caller());
            spare::keep(&lock.id, lock, &real);
        }
        RwLockReadGuard { real, model }
    }

    #[cold]
    fn note_write(&self, lock: &RwLock<T>) {
        if active() {
            locks::note_write(&lock.id, || fingerprint(&**self));
        }
    }

    #[cold]
    fn unlock_modelled(&self, lock: &RwLock<T>) {
        if active() {
            let after = || fingerprint(&**self);
            locks::rw_release(&lock.id, true, shown(&**self), after);
        }
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match &self.real {
            Some(real) => real,
            None => unreachable!("only `downgrade` takes a guard apart"),
        }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        if let Some(lock) = self.model {
            self.note_write(lock);
        }
        match &mut self.real {
            Some(real) => real,
            None => unreachable!("only `downgrade` takes a guard apart"),
        }
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(lock) = self.model {
            self.unlock_modelled(lock);
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
