use std::fmt;
use std::panic::Location;
use std::sync;
use std::time::Duration;

use super::{LockResult, Mutex, MutexGuard, PoisonError, poisonable};
use crate::kernel::ids::{Loc, ModelId};
use crate::kernel::{active, locks};

/// Whether a wait ended because its time ran out.
#[derive(Debug, PartialEq, Eq, Copy, Clone)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// True when the time ran out before a notification came.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

/// A condition variable, as [`std::sync::Condvar`].
pub struct Condvar {
    id: ModelId,
    real: sync::Condvar,
}

type WaitResult<'a, T> = LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>;

impl Condvar {
    /// Makes a condition variable that nobody waits on.
    #[must_use]
    #[inline]
    #[track_caller]
    pub const fn new() -> Self {
        Self { id: ModelId::new(), real: sync::Condvar::new() }
    }

    /// Gives the lock back, blocks until a notification (or for no reason), and
    /// takes the lock again.
    ///
    /// # Errors
    ///
    /// When a thread panicked while it held the lock; the error holds the guard.
    #[track_caller]
    pub fn wait<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
    ) -> LockResult<MutexGuard<'a, T>> {
        if let (Some(lock), true) = (guard.model, active()) {
            return match self.wait_modelled(guard, lock, None, Location::caller()) {
                Ok((guard, _)) => Ok(guard),
                Err(e) => Err(PoisonError::new(e.into_inner().0)),
            };
        }
        match self.real.wait(take_apart(guard)) {
            Ok(real) => Ok(MutexGuard::outside(real)),
            Err(e) => Err(PoisonError::new(MutexGuard::outside(e.into_inner()))),
        }
    }

    /// Waits until `condition` is false.
    ///
    /// # Errors
    ///
    /// As for [`Condvar::wait`].
    #[track_caller]
    pub fn wait_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: F,
    ) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while looks(&mut guard, &mut condition) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// As [`Condvar::wait`], for at most `dur`.
    ///
    /// # Errors
    ///
    /// As for [`Condvar::wait`].
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        dur: Duration,
    ) -> WaitResult<'a, T> {
        if let (Some(lock), true) = (guard.model, active()) {
            return self.wait_modelled(guard, lock, Some(dur), Location::caller());
        }
        let wrap = |(real, end): (sync::MutexGuard<'a, T>, sync::WaitTimeoutResult)| {
            (MutexGuard::outside(real), WaitTimeoutResult(end.timed_out()))
        };
        match self.real.wait_timeout(take_apart(guard), dur) {
            Ok(end) => Ok(wrap(end)),
            Err(e) => Err(PoisonError::new(wrap(e.into_inner()))),
        }
    }

    /// Waits until `condition` is false, for at most `dur` in all.
    ///
    /// # Errors
    ///
    /// As for [`Condvar::wait`].
    #[track_caller]
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        dur: Duration,
        mut condition: F,
    ) -> WaitResult<'a, T>
    where
        F: FnMut(&mut T) -> bool,
    {
        let start = crate::time::Instant::now();
        loop {
            if !looks(&mut guard, &mut condition) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            let timeout = match dur.checked_sub(start.elapsed()) {
                Some(timeout) => timeout,
                None => return Ok((guard, WaitTimeoutResult(true))),
            };
            guard = self.wait_timeout(guard, timeout)?.0;
        }
    }

    fn wait_modelled<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        lock: &'a Mutex<T>,
        timeout: Option<Duration>,
        at: Loc,
    ) -> WaitResult<'a, T> {
        let nanos =
            timeout.map(|dur| u64::try_from(dur.as_nanos()).unwrap_or(u64::MAX));
        let end = locks::wait(&self.id, &lock.id, nanos, at, move || {
            // The model has released the lock already.
            guard.model = None;
            drop(guard);
        });
        let guard = lock.taken();
        poisonable(end.poisoned, (guard, WaitTimeoutResult(end.timed_out)))
    }

    /// Wakes one waiting thread, if there is any.
    #[inline]
    #[track_caller]
    pub fn notify_one(&self) {
        if active() {
            locks::notify(&self.id, false, Location::caller());
        } else {
            self.real.notify_one();
        }
    }

    /// Wakes all waiting threads.
    #[inline]
    #[track_caller]
    pub fn notify_all(&self) {
        if active() {
            locks::notify(&self.id, true, Location::caller());
        } else {
            self.real.notify_all();
        }
    }
}

/// Asks the condition, keeping apart whether it only looked at the value.
///
/// A condition gets `&mut T` and nearly never uses it to write.
fn looks<T>(
    guard: &mut MutexGuard<'_, T>,
    condition: &mut impl FnMut(&mut T) -> bool,
) -> bool {
    let lock = guard.model.filter(|_| active());
    let written = lock.is_some_and(|lock| locks::was_written(&lock.id));
    let holds = condition(&mut **guard);
    if let Some(lock) = lock
        && holds
        && !written
    {
        locks::forget_write(&lock.id);
    }
    holds
}

/// The real guard of a guard from outside an exploration.
fn take_apart<'a, T>(mut guard: MutexGuard<'a, T>) -> sync::MutexGuard<'a, T> {
    guard.model = None;
    guard.real.take().expect("a guard holds its lock")
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}
