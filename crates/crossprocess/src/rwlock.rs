//! Many readers, or one writer, in any process.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::thread;
use std::time::Duration;

use crate::cell::{Cell, Kind, Shape};
use crate::lock::who_poisoned;
use crate::plain::{self, Plain, content_of};
use crate::raw::gate::Gate;
use crate::raw::mutex::RawMutex;
use crate::raw::rw::RawRw;
use crate::raw::shares::Shares;
use crate::raw::{Deadline, SLOTS};
use crate::segment::Inner;
use crate::{Error, LockError, OwnerDied, Segment};

const HALVES: usize = 5;

/// A value that many may read, or one may write, at a time.
///
/// A waiting writer goes before readers that come later. A reader that is killed is
/// forgotten; a writer that is killed at work poisons the lock, as with
/// [`Lock`](crate::Lock), and leaves the value as it was before. A process that is
/// killed while it waits leaves nothing behind. Both are noticed within a tick.
///
/// Against [`std::sync::RwLock`]: works between processes and has time limits; a read
/// guard holds a copy. Reading twice in one thread can wait for ever, if a writer comes
/// in between, as with std. Python has none.
pub struct RwLock<T> {
    /// Words: the value, twice; readers of each slot. Halves: mutex, sequence,
    /// sleepers, writing, poisoned by.
    cell: Cell,
    _value: PhantomData<fn() -> T>,
}

/// What taking an [`RwLock`] for reading returns.
pub type ReadResult<'a, T> = Result<ReadGuard<'a, T>, LockError<ReadGuard<'a, T>>>;

/// What taking an [`RwLock`] for writing returns.
pub type WriteResult<'a, T> = Result<WriteGuard<'a, T>, LockError<WriteGuard<'a, T>>>;

impl<T: Plain> RwLock<T> {
    const VALUE: usize = plain::words_of_twice::<T>();

    /// Creates a lock in a segment, under a name that nothing there has yet.
    ///
    /// # Errors
    ///
    /// As [`Lock::create`](crate::Lock::create).
    pub fn create(segment: &Segment, name: &str, value: T) -> Result<Self, Error> {
        let shape = Shape {
            kind: Kind::RwLock,
            content: content_of::<T>(),
            words: Self::VALUE + SLOTS,
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
        let cell = segment.open_cell(name, Kind::RwLock, content_of::<T>())?;
        let cell = cell.expect(Self::VALUE + SLOTS, HALVES)?;
        Ok(Self { cell, _value: PhantomData })
    }

    /// Takes the lock for reading; blocks while a writer has it or waits for it.
    ///
    /// # Errors
    ///
    /// [`LockError::OwnerDied`], with the guard, if a writer was lost at work.
    #[inline]
    pub fn read(&self) -> ReadResult<'_, T> {
        self.read_until(Deadline::Never)
    }

    /// Takes the lock for reading, if that is possible without blocking.
    ///
    /// # Errors
    ///
    /// [`LockError::WouldBlock`]; otherwise as [`RwLock::read`].
    pub fn try_read(&self) -> ReadResult<'_, T> {
        self.read_until(Deadline::Now)
    }

    /// Takes the lock for reading; blocks for `limit` at most.
    ///
    /// # Errors
    ///
    /// [`LockError::TimedOut`]; otherwise as [`RwLock::read`].
    pub fn read_timeout(&self, limit: Duration) -> ReadResult<'_, T> {
        self.read_until(Deadline::after(limit))
    }

    /// Takes the lock for writing; blocks while anybody has it.
    ///
    /// # Errors
    ///
    /// [`LockError::OwnerDied`], with the guard, if a writer was lost at work.
    #[inline]
    pub fn write(&self) -> WriteResult<'_, T> {
        self.write_until(Deadline::Never)
    }

    /// Takes the lock for writing, if that is possible without blocking.
    ///
    /// # Errors
    ///
    /// [`LockError::WouldBlock`]; otherwise as [`RwLock::write`].
    pub fn try_write(&self) -> WriteResult<'_, T> {
        self.write_until(Deadline::Now)
    }

    /// Takes the lock for writing; blocks for `limit` at most.
    ///
    /// # Errors
    ///
    /// [`LockError::TimedOut`]; otherwise as [`RwLock::write`].
    pub fn write_timeout(&self, limit: Duration) -> WriteResult<'_, T> {
        self.write_until(Deadline::after(limit))
    }

    #[inline]
    fn read_until(&self, until: Deadline) -> ReadResult<'_, T> {
        let (raw, world) = (self.raw(), self.cell.world());
        if raw.read_if_free(world) {
            if let Some(value) = plain::load(self.cell.words(0..Self::VALUE)) {
                return Ok(ReadGuard { lock: self, value, _not_send: PhantomData });
            }
            raw.read_unlock(world);
        }
        // In a place of its own, for the reason given in `Lock::lock_until`.
        let mut slowly = None;
        self.read_slow(until, &mut slowly);
        slowly.expect("the slow way always answers")
    }

    #[cold]
    #[inline(never)]
    fn read_slow<'a>(
        &'a self,
        until: Deadline,
        answer: &mut Option<ReadResult<'a, T>>,
    ) {
        *answer = Some(self.read_contended(until));
    }

    fn read_contended(&self, until: Deadline) -> ReadResult<'_, T> {
        let poison = self
            .raw()
            .read(self.cell.world(), until)
            .map_err(|missed| LockError::missed(missed, || self.cell.object()))?;
        let Some(value) = plain::load(self.cell.words(0..Self::VALUE)) else {
            self.raw().read_unlock(self.cell.world());
            return Err(LockError::Failed(
                self.cell.corrupt("not a value of its type"),
            ));
        };
        let guard = ReadGuard { lock: self, value, _not_send: PhantomData };
        if poison == 0 { Ok(guard) } else { Err(self.owner_died(guard, poison)) }
    }

    #[inline]
    fn write_until(&self, until: Deadline) -> WriteResult<'_, T> {
        let (raw, world) = (self.raw(), self.cell.world());
        if raw.write_if_free(world) {
            if let Some(value) = plain::load(self.cell.words(0..Self::VALUE)) {
                return Ok(self.write_guard(value));
            }
            raw.write_unlock(world, false);
        }
        // In a place of its own, for the reason given in `Lock::lock_until`.
        let mut slowly = None;
        self.write_slow(until, &mut slowly);
        slowly.expect("the slow way always answers")
    }

    #[cold]
    #[inline(never)]
    fn write_slow<'a>(
        &'a self,
        until: Deadline,
        answer: &mut Option<WriteResult<'a, T>>,
    ) {
        *answer = Some(self.write_contended(until));
    }

    fn write_contended(&self, until: Deadline) -> WriteResult<'_, T> {
        let poison = self
            .raw()
            .write(self.cell.world(), until)
            .map_err(|missed| LockError::missed(missed, || self.cell.object()))?;
        let Some(value) = plain::load(self.cell.words(0..Self::VALUE)) else {
            self.raw().write_unlock(self.cell.world(), false);
            return Err(LockError::Failed(
                self.cell.corrupt("not a value of its type"),
            ));
        };
        let guard = self.write_guard(value);
        if poison == 0 { Ok(guard) } else { Err(self.owner_died(guard, poison)) }
    }

    #[inline]
    fn write_guard(&self, value: T) -> WriteGuard<'_, T> {
        let was_panicking = thread::panicking();
        let _not_send = PhantomData;
        WriteGuard { lock: self, value, changed: false, was_panicking, _not_send }
    }

    #[cold]
    fn owner_died<G>(&self, guard: G, poison: u32) -> LockError<G> {
        let (peer, loss) = who_poisoned(&self.cell, poison);
        LockError::OwnerDied(OwnerDied {
            guard,
            object: self.cell.object(),
            peer,
            loss,
        })
    }

    /// Says that all is well: later calls of `read` and `write` succeed again.
    pub fn clear_poison(&self) {
        self.raw().clear_poison();
    }

    /// True if a writer was lost at work, and nobody has cleared that since.
    pub fn is_poisoned(&self) -> bool {
        self.raw().is_poisoned()
    }

    #[inline]
    fn raw(&self) -> RawRw<'_, Inner> {
        let cell = &self.cell;
        RawRw {
            mutex: RawMutex { word: cell.half(0) },
            gate: Gate { seq: cell.half(1), sleepers: cell.half(2) },
            readers: Shares { words: cell.words(Self::VALUE..Self::VALUE + SLOTS) },
            writing: cell.half(3),
            poisoned_by: cell.half(4),
        }
    }
}

impl<T> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RwLock")
            .field("name", &self.cell.name())
            .finish_non_exhaustive()
    }
}

/// The right to read the value of an [`RwLock`]; dropping it gives the right back.
#[must_use = "a guard that is not kept releases the lock at once"]
pub struct ReadGuard<'a, T: Plain> {
    lock: &'a RwLock<T>,
    value: T,
    _not_send: PhantomData<*const ()>,
}

impl<T: Plain> Deref for ReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Plain> Drop for ReadGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.raw().read_unlock(self.lock.cell.world());
    }
}

/// The right to write the value of an [`RwLock`]; dropping it stores the value, unless
/// the thread panics, and gives the right back.
#[must_use = "a guard that is not kept releases the lock at once"]
pub struct WriteGuard<'a, T: Plain> {
    lock: &'a RwLock<T>,
    value: T,
    changed: bool,
    was_panicking: bool,
    _not_send: PhantomData<*const ()>,
}

impl<T: Plain> Deref for WriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Plain> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.changed = true;
        &mut self.value
    }
}

impl<T: Plain> Drop for WriteGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        let panicked = thread::panicking() && !self.was_panicking;
        if self.changed && !panicked {
            plain::store(self.lock.cell.words(0..RwLock::<T>::VALUE), &self.value);
        }
        self.lock.raw().write_unlock(self.lock.cell.world(), panicked);
    }
}

impl<T: Plain + fmt::Debug> fmt::Debug for ReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: Plain + fmt::Debug> fmt::Debug for WriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
