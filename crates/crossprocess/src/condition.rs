//! Waiting until what a lock protects has changed.

use std::fmt;
use std::time::Duration;

use crate::cell::{Cell, Kind, Shape};
use crate::raw::gate::Gate;
use crate::raw::{Deadline, Parked};
use crate::segment::Inner;
use crate::{Error, LockError, Segment};

/// The guard of a lock that a [`Condition`] can release and take again:
/// [`LockGuard`](crate::LockGuard) or [`ReentrantGuard`](crate::ReentrantGuard).
///
/// The guards of an [`RwLock`](crate::RwLock) are none: as with std, who waits for a
/// change would keep others from making it, or must have been the one who writes.
pub trait Guard: sealed::Guard {}

impl<G: sealed::Guard> Guard for G {}

pub(crate) mod sealed {
    use crate::{Error, LockError};

    pub trait Guard: Sized {
        /// What the lock protects.
        type Value;
        /// What is needed to take the lock again.
        type Released;

        fn release(self) -> Self::Released;

        /// Takes the lock again. After a tick it is asked first whether the holder is
        /// alive: a notifier that died before it notified may have died with the lock,
        /// and another tick in there need not tell.
        fn take_again(
            released: Self::Released,
            after_tick: bool,
        ) -> Result<Self, LockError<Self>>;

        /// Shows the value, and stores what was changed.
        fn show<R>(
            &mut self,
            look: impl FnOnce(&mut Self::Value) -> R,
        ) -> Result<R, Error>;
    }
}

/// What a wait returns: the lock is held again, or why it is not.
pub type WaitResult<G> = Result<G, LockError<G>>;

/// What a wait with a time limit returns: the guard, and whether the limit is over.
pub type TimedWaitResult<G> = Result<(G, bool), LockError<G>>;

/// Lets processes wait until what a [`Lock`](crate::Lock) or a
/// [`ReentrantLock`](crate::ReentrantLock) protects has changed.
///
/// A wake-up is a hint, not a promise: a wait may end without a notification, and does
/// so once a tick, so that a notifier that is killed between its change and its
/// notification delays the waiters by a tick and no more. `wait_while` looks again each
/// time, and is what to use. Killed waiters leave nothing behind.
///
/// A reentrant lock is released with all its guards, however many the thread has, and
/// has as many again after the wait, as with Python's `RLock`.
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
    /// As [`Lock::create`](crate::Lock::create).
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
    /// As [`Lock::open`](crate::Lock::open).
    pub fn open(segment: &Segment, name: &str) -> Result<Self, Error> {
        let cell = segment.open_cell(name, Kind::Condition, 0)?.expect(0, 2)?;
        Ok(Self { cell })
    }

    /// Releases the lock, sleeps until notified or for a tick, and takes the lock again.
    ///
    /// # Errors
    ///
    /// As [`Lock::lock`](crate::Lock::lock): the holder that is waited for may die.
    pub fn wait<G: Guard>(&self, guard: G) -> WaitResult<G> {
        self.wait_once(guard, Deadline::Never).1
    }

    /// As [`Condition::wait`], for `limit` at most; true if the limit is over. Taking
    /// the lock again may take longer than the limit.
    ///
    /// # Errors
    ///
    /// As [`Lock::lock`](crate::Lock::lock).
    pub fn wait_timeout<G: Guard>(
        &self,
        guard: G,
        limit: Duration,
    ) -> TimedWaitResult<G> {
        let (parked, guard) = self.wait_once(guard, Deadline::after(limit));
        Ok((guard?, parked == Parked::Expired))
    }

    /// Waits until `condition` is false. Python's `wait_for`, the other way round.
    ///
    /// # Errors
    ///
    /// As [`Lock::lock`](crate::Lock::lock); then `condition` may still be true.
    pub fn wait_while<G: Guard>(
        &self,
        mut guard: G,
        mut condition: impl FnMut(&mut G::Value) -> bool,
    ) -> WaitResult<G> {
        while guard.show(&mut condition).map_err(LockError::Failed)? {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// As [`Condition::wait_while`], for `limit` at most in all; true if the limit is
    /// over and `condition` still holds.
    ///
    /// # Errors
    ///
    /// As [`Lock::lock`](crate::Lock::lock).
    pub fn wait_timeout_while<G: Guard>(
        &self,
        mut guard: G,
        limit: Duration,
        mut condition: impl FnMut(&mut G::Value) -> bool,
    ) -> TimedWaitResult<G> {
        let until = Deadline::after(limit);
        loop {
            if !guard.show(&mut condition).map_err(LockError::Failed)? {
                return Ok((guard, false));
            }
            let (parked, again) = self.wait_once(guard, until);
            guard = again?;
            if parked == Parked::Expired {
                let still = guard.show(&mut condition).map_err(LockError::Failed)?;
                return Ok((guard, still));
            }
        }
    }

    fn wait_once<G: Guard>(
        &self,
        guard: G,
        until: Deadline,
    ) -> (Parked, WaitResult<G>) {
        let world = self.cell.world();
        // Before the lock is released: a notification after that finds us entered.
        let ticket = self.gate().enter(world);
        let released = guard.release();
        let parked = self.gate().sleep(world, ticket, until);
        (parked, G::take_again(released, parked == Parked::Tick))
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
