//! Waiting until what a lock protects has changed.

use std::fmt;
use std::time::Duration;

use crate::cell::{Cell, Kind, Shape};
use crate::plain::Plain;
use crate::raw::gate::Gate;
use crate::raw::{Deadline, Parked};
use crate::segment::Inner;
use crate::{Error, Lock, LockError, LockGuard, Segment};

/// What a wait returns: the lock is held again, or why it is not.
pub type WaitResult<'a, T> = Result<LockGuard<'a, T>, LockError<LockGuard<'a, T>>>;

/// What a wait with a time limit returns: the guard, and whether the limit is over.
pub type TimedWaitResult<'a, T> =
    Result<(LockGuard<'a, T>, bool), LockError<LockGuard<'a, T>>>;

/// Lets processes wait until what a [`Lock`] protects has changed.
///
/// A wake-up is a hint, not a promise: a wait may end without a notification, and does
/// so once a tick, so that a notifier that is killed between its change and its
/// notification delays the waiters by a tick and no more. `wait_while` looks again each
/// time, and is what to use. Killed waiters leave nothing behind.
///
/// Against [`std::sync::Condvar`]: a condition has no lock of its own, like std's; the
/// same lock must be used by all. `notify(n)` is Python's. Python: `notify` there waits
/// for the woken to answer, and hangs if they have been killed; the condition brings
/// its lock, and waiting without holding it is an error at run time, here at compile
/// time.
pub struct Condition {
    /// Halves: sequence, sleepers.
    cell: Cell,
}

impl Condition {
    /// Creates a condition in a segment, under a name that nothing there has yet.
    ///
    /// # Errors
    ///
    /// As [`Lock::create`].
    pub fn create(segment: &Segment, name: &str) -> Result<Self, Error> {
        let shape = Shape {
            kind: Kind::Condition,
            content: 0,
            words: 0,
            halves: 2,
            parameter: 0,
        };
        Ok(Self { cell: segment.create_cell(name, &shape, |_| Ok(()))? })
    }

    /// Opens a condition that another process has created.
    ///
    /// # Errors
    ///
    /// As [`Lock::open`].
    pub fn open(segment: &Segment, name: &str) -> Result<Self, Error> {
        let cell = segment.open_cell(name, Kind::Condition, 0)?.expect(0, 2)?;
        Ok(Self { cell })
    }

    /// Releases the lock, sleeps until notified or for a tick, and takes the lock again.
    ///
    /// # Errors
    ///
    /// As [`Lock::lock`]: the holder that is waited for may die.
    pub fn wait<'a, T: Plain>(&self, guard: LockGuard<'a, T>) -> WaitResult<'a, T> {
        self.wait_once(guard, Deadline::Never).1
    }

    /// As [`Condition::wait`], for `limit` at most; true if the limit is over. Taking
    /// the lock again may take longer than the limit.
    ///
    /// # Errors
    ///
    /// As [`Lock::lock`].
    pub fn wait_timeout<'a, T: Plain>(
        &self,
        guard: LockGuard<'a, T>,
        limit: Duration,
    ) -> TimedWaitResult<'a, T> {
        let (parked, guard) = self.wait_once(guard, Deadline::after(limit));
        Ok((guard?, parked == Parked::Expired))
    }

    /// Waits until `condition` is false. Python's `wait_for`, the other way round.
    ///
    /// # Errors
    ///
    /// As [`Lock::lock`]; then `condition` may still be true.
    pub fn wait_while<'a, T: Plain>(
        &self,
        mut guard: LockGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> WaitResult<'a, T> {
        while condition(&mut guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// As [`Condition::wait_while`], for `limit` at most in all; true if the limit is
    /// over and `condition` still holds.
    ///
    /// # Errors
    ///
    /// As [`Lock::lock`].
    pub fn wait_timeout_while<'a, T: Plain>(
        &self,
        mut guard: LockGuard<'a, T>,
        limit: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> TimedWaitResult<'a, T> {
        let until = Deadline::after(limit);
        loop {
            if !condition(&mut guard) {
                return Ok((guard, false));
            }
            let (parked, again) = self.wait_once(guard, until);
            guard = again?;
            if parked == Parked::Expired {
                let still = condition(&mut guard);
                return Ok((guard, still));
            }
        }
    }

    fn wait_once<'a, T: Plain>(
        &self,
        guard: LockGuard<'a, T>,
        until: Deadline,
    ) -> (Parked, WaitResult<'a, T>) {
        let world = self.cell.world();
        let lock: &'a Lock<T> = LockGuard::lock_of(&guard);
        // Before the lock is released: a notification after that finds us entered.
        let ticket = self.gate().enter(world);
        drop(guard);
        let parked = self.gate().sleep(world, ticket, until);
        (parked, lock.lock())
    }

    /// Wakes one waiter, if there is one; others may wake as well, by their tick.
    pub fn notify_one(&self) {
        self.notify(1);
    }

    /// Wakes up to `count` waiters.
    pub fn notify(&self, count: u32) {
        self.gate().notify(self.cell.world(), count);
    }

    /// Wakes all waiters.
    pub fn notify_all(&self) {
        self.notify(u32::MAX);
    }

    fn gate(&self) -> Gate<'_, Inner> {
        Gate { seq: self.cell.half(0), sleepers: self.cell.half(1) }
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition")
            .field("name", &self.cell.name())
            .finish_non_exhaustive()
    }
}
