//! A lock that its holder may take again.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use crate::cell::{Cell, Kind, Shape};
use crate::condition::sealed::Guard;
use crate::lock::who_poisoned;
use crate::plain::{self, Plain, content_of};
use crate::raw::mutex::{OnDeath, RawMutex, Taken};
use crate::raw::rw::PANICKED;
use crate::raw::{Deadline, World};
use crate::segment::Inner;
use crate::{Error, LockError, OwnerDied, Segment};

const HALVES: usize = 3;

/// What taking a [`ReentrantLock`] returns.
pub type ReentrantResult<'a, T> =
    Result<ReentrantGuard<'a, T>, LockError<ReentrantGuard<'a, T>>>;

/// A value that one thread of one process can use at a time; the thread that has the
/// lock can take it again, and releases it with the last guard.
///
/// As several guards can exist, none gives out a `&mut`: the value is read and replaced
/// as a whole, like that of a `Cell`, and each [`ReentrantGuard::set`] is complete or
/// has not happened, whenever the process is killed. The next to lock then gets
/// [`LockError::OwnerDied`], as with [`Lock`](crate::Lock).
///
/// Against std: its `ReentrantLock` is not stable. Python: `multiprocessing.RLock`,
/// which is locked for ever once its holder is killed.
pub struct ReentrantLock<T> {
    /// Words: the value, twice; the holder, `owner << 32 | thread`, or 0. Halves: the
    /// mutex; who poisoned it; how many guards the holder has.
    cell: Cell,
    _value: PhantomData<fn() -> T>,
}

impl<T: Plain> ReentrantLock<T> {
    const VALUE: usize = plain::words_of_twice::<T>();

    /// Creates a lock in a segment, under a name that nothing there has yet.
    ///
    /// # Errors
    ///
    /// As [`Lock::create`](crate::Lock::create).
    pub fn create(segment: &Segment, name: &str, value: T) -> Result<Self, Error> {
        let shape = Shape {
            kind: Kind::ReentrantLock,
            content: content_of::<T>(),
            words: Self::VALUE + 1,
            halves: HALVES,
            parameter: 0,
        };
        let cell = segment.create_cell(name, &shape, |cell| {
            plain::store(cell.words(0..Self::VALUE), &value);
            Ok(())
        })?;
        Ok(Self { cell, _value: PhantomData })
    }

    /// Opens a lock that another process has created.
    ///
    /// # Errors
    ///
    /// As [`Lock::open`](crate::Lock::open).
    pub fn open(segment: &Segment, name: &str) -> Result<Self, Error> {
        let cell = segment.open_cell(name, Kind::ReentrantLock, content_of::<T>())?;
        let cell = cell.expect(Self::VALUE + 1, HALVES)?;
        Ok(Self { cell, _value: PhantomData })
    }

    /// Takes the lock, again if this thread has it; blocks until its holder releases it
    /// or dies.
    ///
    /// # Errors
    ///
    /// [`LockError::OwnerDied`], with the guard, if a holder was lost.
    pub fn lock(&self) -> ReentrantResult<'_, T> {
        self.lock_until(Deadline::Never)
    }

    /// Takes the lock if this thread has it or nobody does, without blocking.
    ///
    /// # Errors
    ///
    /// [`LockError::WouldBlock`]; otherwise as [`ReentrantLock::lock`].
    pub fn try_lock(&self) -> ReentrantResult<'_, T> {
        self.lock_until(Deadline::Now)
    }

    /// Takes the lock; blocks for `limit` at most.
    ///
    /// # Errors
    ///
    /// [`LockError::TimedOut`]; otherwise as [`ReentrantLock::lock`].
    pub fn lock_timeout(&self, limit: Duration) -> ReentrantResult<'_, T> {
        self.lock_until(Deadline::after(limit))
    }

    fn lock_until(&self, until: Deadline) -> ReentrantResult<'_, T> {
        let depth = self.cell.half(2);
        // Relaxed: only this thread stores its own name here, and takes it away.
        if self.holder().load(Relaxed) == self.this_thread() {
            let Some(deeper) = depth.load(Relaxed).checked_add(1) else {
                let object = self.cell.object();
                return Err(LockError::Failed(Error::Overflow { object }));
            };
            depth.store(deeper, Relaxed);
            return Ok(self.guard());
        }

        self.take(until, 1)
    }

    /// Takes the lock, which this thread has not, for so many guards; returns one.
    fn take(&self, until: Deadline, guards: u32) -> ReentrantResult<'_, T> {
        let taken = self
            .mutex()
            .lock(self.cell.world(), until, OnDeath::Poison)
            .map_err(|missed| LockError::missed(missed, || self.cell.object()))?;
        self.cell.half(2).store(guards, Relaxed);
        self.holder().store(self.this_thread(), Relaxed);
        if let Taken::From(dead) = taken {
            self.cell.half(1).store(dead.0, Relaxed);
        }
        if taken == Taken::Clean {
            return Ok(self.guard());
        }
        let (peer, loss) = who_poisoned(&self.cell, self.cell.half(1).load(Relaxed));
        let object = self.cell.object();
        let guard = self.guard();
        Err(LockError::OwnerDied(OwnerDied { guard, object, peer, loss }))
    }

    fn guard(&self) -> ReentrantGuard<'_, T> {
        ReentrantGuard {
            lock: self,
            was_panicking: thread::panicking(),
            _not_send: PhantomData,
        }
    }

    fn release(&self) {
        self.holder().store(0, Relaxed);
        self.mutex().unlock(self.cell.world());
    }

    /// Says that all is well: later calls of `lock` succeed again.
    pub fn clear_poison(&self) {
        self.mutex().set_poison(false);
    }

    /// True if a holder was lost, and nobody has cleared that since.
    pub fn is_poisoned(&self) -> bool {
        self.mutex().is_poisoned()
    }

    fn mutex(&self) -> RawMutex<'_, Inner> {
        RawMutex { word: self.cell.half(0) }
    }

    fn holder(&self) -> &std::sync::atomic::AtomicU64 {
        self.cell.word(Self::VALUE)
    }

    fn this_thread(&self) -> u64 {
        u64::from(self.cell.world().me().0) << 32 | u64::from(thread_number())
    }
}

/// Tells the threads of a process apart; never 0.
fn thread_number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    thread_local! {
        // Relaxed: all that is asked of the numbers is that they differ.
        static NUMBER: u32 = NEXT.fetch_add(1, Relaxed);
    }
    NUMBER.with(|number| *number)
}

impl<T> fmt::Debug for ReentrantLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReentrantLock")
            .field("name", &self.cell.name())
            .finish_non_exhaustive()
    }
}

/// The right to use the value of a [`ReentrantLock`]; the last one dropped releases it.
#[must_use = "a guard that is not kept releases the lock at once"]
pub struct ReentrantGuard<'a, T: Plain> {
    lock: &'a ReentrantLock<T>,
    was_panicking: bool,
    _not_send: PhantomData<*const ()>,
}

impl<T: Plain> ReentrantGuard<'_, T> {
    /// The value.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] if a process wrote what is no value of this type.
    pub fn get(&self) -> Result<T, Error> {
        plain::load(self.value())
            .ok_or_else(|| self.lock.cell.corrupt("not a value of its type"))
    }

    /// Replaces the value.
    pub fn set(&self, value: T) {
        plain::store(self.value(), &value);
    }

    /// Replaces the value by what `change` makes of it.
    ///
    /// # Errors
    ///
    /// As [`ReentrantGuard::get`].
    pub fn update(&self, change: impl FnOnce(T) -> T) -> Result<(), Error> {
        self.set(change(self.get()?));
        Ok(())
    }

    fn value(&self) -> &[std::sync::atomic::AtomicU64] {
        self.lock.cell.words(0..ReentrantLock::<T>::VALUE)
    }
}

impl<'a, T: Plain> Guard for ReentrantGuard<'a, T> {
    type Value = T;
    /// The lock, and how many guards this thread has of it.
    type Released = (&'a ReentrantLock<T>, u32);

    fn release(self) -> Self::Released {
        let lock = self.lock;
        // Not dropped: the lock is released with all its guards, and this is the one
        // that is given back.
        std::mem::forget(self);
        let guards = lock.cell.half(2).load(Relaxed);
        lock.release();
        (lock, guards)
    }

    fn take_again(
        (lock, guards): Self::Released,
        after_tick: bool,
    ) -> Result<Self, LockError<Self>> {
        if after_tick {
            lock.mutex().probe_owner(lock.cell.world()).map_err(LockError::Failed)?;
        }
        lock.take(Deadline::Never, guards)
    }

    fn show<R>(&mut self, look: impl FnOnce(&mut T) -> R) -> Result<R, Error> {
        let before = self.get()?;
        let mut value = before;
        let result = look(&mut value);
        if bytemuck::bytes_of(&value) != bytemuck::bytes_of(&before) {
            self.set(value);
        }
        Ok(result)
    }
}

impl<T: Plain> Drop for ReentrantGuard<'_, T> {
    fn drop(&mut self) {
        let cell = &self.lock.cell;
        // A wait that failed has released the lock for all guards of this thread.
        if self.lock.holder().load(Relaxed) != self.lock.this_thread() {
            return;
        }
        if thread::panicking() && !self.was_panicking {
            cell.half(1).store(cell.world().me().0 | PANICKED, Relaxed);
            self.lock.mutex().set_poison(true);
        }
        let depth = cell.half(2).load(Relaxed).saturating_sub(1);
        cell.half(2).store(depth, Relaxed);
        if depth == 0 {
            self.lock.release();
        }
    }
}
