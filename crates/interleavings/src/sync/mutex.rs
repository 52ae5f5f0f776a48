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

/// A mutual exclusion lock, as [`std::sync::Mutex`].
pub struct Mutex<T: ?Sized> {
    pub(super) id: ModelId,
    pub(super) real: sync::Mutex<T>,
}

impl<T: ?Sized> UnwindSafe for Mutex<T> {}
impl<T: ?Sized> RefUnwindSafe for Mutex<T> {}

impl<T> Mutex<T> {
    /// Makes an unlocked mutex.
    #[inline]
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self { id: ModelId::new(), real: sync::Mutex::new(value) }
    }

    /// Gives the value back, as no one else can hold the lock.
    ///
    /// # Errors
    ///
    /// When a thread panicked while it held the lock.
    pub fn into_inner(self) -> LockResult<T> {
        if !active() {
            return self.real.into_inner();
        }
        let poisoned = locks::own_poison(&self.id, self.real.is_poisoned());
        let value = self.real.into_inner().unwrap_or_else(PoisonError::into_inner);
        poisonable(poisoned, value)
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Blocks until this thread holds the lock.
    ///
    /// # Errors
    ///
    /// When a thread panicked while it held the lock; the error holds the guard.
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        // The parts of the guard come together here, and what only an exploration needs
        // is apart: so all this is inlined and a guard costs no more than std's.
        let (real, model, poisoned) = if active() {
            let poisoned = self.acquire(Location::caller());
            (self.take_real(), Some(self), poisoned)
        } else {
            match self.real.lock() {
                Ok(real) => (real, None, false),
                Err(e) => (e.into_inner(), None, true),
            }
        };
        poisonable(poisoned, MutexGuard { real: Some(real), model })
    }

    #[cold]
    fn acquire(&self, at: Loc) -> bool {
        let name = std::any::type_name::<Self>();
        locks::lock(&self.id, name, self.real.is_poisoned(), at)
    }

    /// The real lock, whose own poison flag the model does not use.
    fn try_real(&self) -> Option<sync::MutexGuard<'_, T>> {
        match self.real.try_lock() {
            Ok(real) => Some(real),
            Err(TryLockError::Poisoned(e)) => Some(e.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The guard for a lock that the model has granted.
    pub(super) fn taken(&self) -> MutexGuard<'_, T> {
        MutexGuard { real: Some(self.take_real()), model: Some(self) }
    }

    #[cold]
    fn take_real(&self) -> sync::MutexGuard<'_, T> {
        let real = self.try_real().or_else(|| {
            spare::free(&self.id, self);
            self.try_real()
        });
        let Some(mut real) = real else {
            panic!("a mutex made outside the exploration is held outside it")
        };
        spare::keep(&self.id, self, &real);
        refresh(&self.id, &mut *real);
        real
    }

    /// Takes the lock if nobody holds it.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when the lock is held, `Poisoned` as for [`Mutex::lock`].
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        if !active() {
            return match self.real.try_lock() {
                Ok(real) => Ok(MutexGuard::outside(real)),
                Err(TryLockError::Poisoned(e)) => {
                    let guard = MutexGuard::outside(e.into_inner());
                    Err(TryLockError::Poisoned(PoisonError::new(guard)))
                }
                Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
            };
        }
        self.try_lock_at(Location::caller())
    }

    fn try_lock_at(&self, at: Loc) -> TryLockResult<MutexGuard<'_, T>> {
        let name = std::any::type_name::<Self>();
        match locks::try_lock(&self.id, name, self.real.is_poisoned(), at) {
            None => Err(TryLockError::WouldBlock),
            Some(poisoned) => Ok(poisonable(poisoned, self.taken())?),
        }
    }

    /// Whether a thread panicked while it held the lock.
    #[track_caller]
    pub fn is_poisoned(&self) -> bool {
        let real = self.real.is_poisoned();
        if !active() {
            return real;
        }
        let name = std::any::type_name::<Self>();
        locks::is_poisoned(Poisonable::Mutex, &self.id, name, real, Location::caller())
    }

    /// Declares the value to be in order again.
    #[track_caller]
    pub fn clear_poison(&self) {
        if active() {
            let (name, real) = (std::any::type_name::<Self>(), self.real.is_poisoned());
            let at = Location::caller();
            locks::clear_poison(Poisonable::Mutex, &self.id, name, real, at);
        }
        self.real.clear_poison();
    }

    /// The value, as `&mut self` proves that nobody else is at it.
    ///
    /// # Errors
    ///
    /// When a thread panicked while it held the lock.
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

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !active() {
            return self.real.fmt(f);
        }
        fmt_lock(f, "Mutex", self.try_lock_at(threads::here()), || self.is_poisoned())
    }
}

/// Holds a [`Mutex`] until it is dropped.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized + 'a> {
    /// `None` only while a condition variable takes the guard apart.
    pub(super) real: Option<sync::MutexGuard<'a, T>>,
    /// The mutex, if it was taken inside an exploration.
    pub(super) model: Option<&'a Mutex<T>>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    #[inline]
    pub(super) fn outside(real: sync::MutexGuard<'a, T>) -> Self {
        Self { real: Some(real), model: None }
    }

    #[cold]
    fn note_write(&self, lock: &Mutex<T>) {
        if active() {
            locks::note_write(&lock.id, || fingerprint(&**self));
        }
    }

    #[cold]
    fn unlock_modelled(&self, lock: &Mutex<T>) {
        if active() {
            locks::unlock(&lock.id, shown(&**self), || fingerprint(&**self));
        }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match &self.real {
            Some(real) => real,
            None => unreachable!("only `Condvar::wait` takes a guard apart"),
        }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        if let Some(lock) = self.model {
            self.note_write(lock);
        }
        match &mut self.real {
            Some(real) => real,
            None => unreachable!("only `Condvar::wait` takes a guard apart"),
        }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(lock) = self.model {
            self.unlock_modelled(lock);
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
