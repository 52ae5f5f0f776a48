//! Mutual exclusion between processes.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use crate::cell::{Cell, Kind, Shape};
use crate::condition::sealed::Guard;
use crate::plain::{self, Plain, content_of};
use crate::raw::mutex::{OnDeath, RawMutex, Taken};
use crate::raw::rw::PANICKED;
use crate::raw::{Deadline, Owner, World};
use crate::segment::Inner;
use crate::{Error, LockError, Loss, OwnerDied, Peer, Segment};

/// A value that one process, and one thread of it, can use at a time.
///
/// The guard works on a copy; dropping it stores the value, as a whole, and releases
/// the lock. A process that is killed while it holds the lock leaves the value as it
/// found it, or as it was at its last [`LockGuard::commit`]: half a change is never
/// seen. The next to lock gets [`LockError::OwnerDied`] with the guard inside, at most a
/// tick later, as something else that the lock protects may be half done. So does
/// everybody until [`Lock::clear_poison`], as with a poisoned mutex of std.
///
/// Against [`std::sync::Mutex`]: works between processes, has time limits, a panic
/// while the lock is held undoes the change, and the value is [`Plain`]. Placed in
/// shared memory, std's would exclude, and never wake the other process.
/// Python: `multiprocessing.Lock` is locked for ever once its holder is killed.
///
/// Locking it twice in one thread waits for ever, as with std; see
/// [`ReentrantLock`](crate::ReentrantLock).
pub struct Lock<T> {
    /// Words: the value, twice. Halves: the mutex; `owner | PANICKED?` of who poisoned it.
    cell: Cell,
    _value: PhantomData<fn() -> T>,
}

impl<T: Plain> Lock<T> {
    /// Creates a lock in a segment, under a name that nothing there has yet.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`], [`Error::Full`], or [`Error::Invalid`] for an impossible name.
    pub fn create(segment: &Segment, name: &str, value: T) -> Result<Self, Error> {
        let shape = Shape {
            kind: Kind::Lock,
            content: content_of::<T>(),
            words: plain::words_of_twice::<T>(),
            halves: 2,
            parameter: 0,
        };
        let cell = segment.create_cell(name, &shape, |cell| {
            plain::store(cell.words(0..plain::words_of_twice::<T>()), &value);
            Ok(())
        })?;
        Ok(Self { cell, _value: PhantomData })
    }

    /// Opens a lock that another process has created.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], or [`Error::WrongKind`] if the name is that of something
    /// else, or of a lock on another type.
    pub fn open(segment: &Segment, name: &str) -> Result<Self, Error> {
        let cell = segment.open_cell(name, Kind::Lock, content_of::<T>())?;
        let cell = cell.expect(plain::words_of_twice::<T>(), 2)?;
        Ok(Self { cell, _value: PhantomData })
    }

    /// Takes the lock; blocks until its holder releases it, or dies.
    ///
    /// # Errors
    ///
    /// [`LockError::OwnerDied`], with the guard, if a holder was lost;
    /// [`LockError::Failed`] if the segment or the system is in the way.
    #[inline(always)]
    pub fn lock(&self) -> Result<LockGuard<'_, T>, LockError<LockGuard<'_, T>>> {
        self.lock_until(Deadline::Never)
    }

    /// Takes the lock if nobody alive holds it, without blocking.
    ///
    /// # Errors
    ///
    /// [`LockError::WouldBlock`]; otherwise as [`Lock::lock`].
    pub fn try_lock(&self) -> Result<LockGuard<'_, T>, LockError<LockGuard<'_, T>>> {
        self.lock_until(Deadline::Now)
    }

    /// Takes the lock; blocks for `limit` at most.
    ///
    /// # Errors
    ///
    /// [`LockError::TimedOut`]; otherwise as [`Lock::lock`].
    pub fn lock_timeout(
        &self,
        limit: Duration,
    ) -> Result<LockGuard<'_, T>, LockError<LockGuard<'_, T>>> {
        self.lock_until(Deadline::after(limit))
    }

    #[inline(always)]
    fn lock_until(
        &self,
        until: Deadline,
    ) -> Result<LockGuard<'_, T>, LockError<LockGuard<'_, T>>> {
        let world = self.cell.world();
        let mutex = self.mutex();
        if mutex.lock_if_free(world) {
            let places = self.value();
            if let Some(value) = plain::load(places) {
                return Ok(self.guard(mutex, places, value));
            }
            mutex.unlock(world);
        }
        // Measured: 6 ns in place of 18. Were this the same place as what is returned
        // above, that guard would have to be in memory, too, written in small pieces and
        // read in large ones, which the processor has to wait for.
        let mut slowly = None;
        self.lock_slow(until, &mut slowly);
        slowly.expect("the slow way always answers")
    }

    #[cold]
    #[inline(never)]
    fn lock_slow<'a>(
        &'a self,
        until: Deadline,
        answer: &mut Option<Result<LockGuard<'a, T>, LockError<LockGuard<'a, T>>>>,
    ) {
        *answer = Some(self.lock_contended(until));
    }

    fn lock_contended(
        &self,
        until: Deadline,
    ) -> Result<LockGuard<'_, T>, LockError<LockGuard<'_, T>>> {
        let (world, mutex, places) = (self.cell.world(), self.mutex(), self.value());
        let taken = mutex
            .lock(world, until, OnDeath::Poison)
            .map_err(|missed| LockError::missed(missed, || self.cell.object()))?;
        let Some(value) = plain::load(places) else {
            mutex.unlock(world);
            return Err(LockError::Failed(
                self.cell.corrupt("not a value of its type"),
            ));
        };
        let guard = self.guard(mutex, places, value);
        match taken {
            Taken::Clean => Ok(guard),
            Taken::From(dead) => {
                // Killed before this, the next taker writes down this process instead.
                self.cell.half(1).store(dead.0, Relaxed);
                Err(self.owner_died(guard))
            }
            Taken::Poisoned => Err(self.owner_died(guard)),
        }
    }

    #[inline(always)]
    fn guard<'a>(
        &'a self,
        mutex: RawMutex<'a, Inner>,
        places: &'a [AtomicU64],
        value: T,
    ) -> LockGuard<'a, T> {
        let was_panicking = thread::panicking();
        let _not_send = PhantomData;
        LockGuard {
            lock: self,
            mutex,
            places,
            value,
            changed: false,
            was_panicking,
            _not_send,
        }
    }

    #[cold]
    fn owner_died<'a>(&self, guard: LockGuard<'a, T>) -> LockError<LockGuard<'a, T>> {
        let (peer, loss) = who_poisoned(&self.cell, self.cell.half(1).load(Relaxed));
        LockError::OwnerDied(OwnerDied {
            guard,
            object: self.cell.object(),
            peer,
            loss,
        })
    }

    /// Says that all is well: later calls of `lock` succeed again.
    pub fn clear_poison(&self) {
        self.mutex().set_poison(false);
    }

    /// True if a holder was lost, and nobody has cleared that since.
    pub fn is_poisoned(&self) -> bool {
        self.mutex().is_poisoned()
    }

    /// Who holds the lock at this moment, for messages.
    pub fn holder(&self) -> Option<Peer> {
        self.mutex().owner().map(|owner| self.cell.peer(owner))
    }

    /// The name it was created under.
    pub fn name(&self) -> &str {
        self.cell.name()
    }

    #[inline]
    fn mutex(&self) -> RawMutex<'_, Inner> {
        RawMutex { word: self.cell.half(0) }
    }

    #[inline]
    fn value(&self) -> &[AtomicU64] {
        self.cell.words(0..plain::words_of_twice::<T>())
    }
}

/// Reads a word `owner | PANICKED?`.
pub(crate) fn who_poisoned(cell: &Cell, word: u32) -> (Peer, Loss) {
    let loss = if word & PANICKED != 0 { Loss::Panicked } else { Loss::Died };
    (cell.peer(Owner(word & Owner::MASK)), loss)
}

impl<T> fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock").field("name", &self.cell.name()).finish_non_exhaustive()
    }
}

/// The right to use the value of a [`Lock`]; dropping it stores the value and releases
/// the lock. A panic does not store it, and poisons the lock.
#[must_use = "a guard that is not kept releases the lock at once"]
pub struct LockGuard<'a, T: Plain> {
    lock: &'a Lock<T>,
    /// The lock's, at hand for a quick release.
    mutex: RawMutex<'a, Inner>,
    /// Where the value is.
    places: &'a [AtomicU64],
    /// A copy of it.
    value: T,
    /// The copy may differ from the value.
    changed: bool,
    was_panicking: bool,
    _not_send: PhantomData<*const ()>,
}

impl<T: Plain> LockGuard<'_, T> {
    /// Stores the value now: what is lost with this process begins after this.
    #[inline]
    pub fn commit(guard: &mut Self) {
        if guard.changed {
            plain::store(guard.places, &guard.value);
            guard.changed = false;
        }
    }
}

impl<'a, T: Plain> Guard for LockGuard<'a, T> {
    type Value = T;
    type Released = &'a Lock<T>;

    fn release(self) -> &'a Lock<T> {
        self.lock
    }

    fn take_again(
        lock: &'a Lock<T>,
        after_tick: bool,
    ) -> Result<Self, LockError<Self>> {
        if after_tick {
            lock.mutex().probe_owner(lock.cell.world()).map_err(LockError::Failed)?;
        }
        lock.lock()
    }

    fn show<R>(&mut self, look: impl FnOnce(&mut T) -> R) -> Result<R, Error> {
        Ok(look(self))
    }
}

impl<T: Plain> Deref for LockGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Plain> DerefMut for LockGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.changed = true;
        &mut self.value
    }
}

impl<T: Plain> LockGuard<'_, T> {
    #[cold]
    fn poison(&self) {
        let world = self.lock.cell.world();
        self.lock.cell.half(1).store(world.me().0 | PANICKED, Relaxed);
        self.mutex.set_poison(true);
    }
}

impl<T: Plain> Drop for LockGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if thread::panicking() && !self.was_panicking {
            self.poison();
        } else {
            Self::commit(self);
        }
        self.mutex.unlock(self.lock.cell.world());
    }
}

impl<T: Plain + fmt::Debug> fmt::Debug for LockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
