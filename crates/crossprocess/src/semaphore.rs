//! A limited number of permits, which processes take and give back.

use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::cell::{Cell, Kind, Shape};
use crate::raw::gate::Gate;
use crate::raw::mutex::RawMutex;
use crate::raw::semaphore::RawSemaphore;
use crate::raw::shares::Shares;
use crate::raw::{Deadline, SLOTS};
use crate::segment::Inner;
use crate::{Error, Segment};

const WORDS: usize = 1 + SLOTS;
const HALVES: usize = 3;

/// Lets a number of holders in at a time, in no particular order.
///
/// The permits of a process that is killed come back by themselves, at most a tick
/// later: what is available is not counted, but is all permits less those that living
/// processes hold.
///
/// Between threads std has none. Python: `multiprocessing.Semaphore` loses the permits
/// of a killed process for ever. `release` there may be called by anybody: here a
/// [`Permit`] gives itself back, and handing permits from one process to another is
/// [`Permit::forget`] and [`Semaphore::add_permits`].
pub struct Semaphore {
    /// Words: all permits; what each slot holds. Halves: mutex, sequence, sleepers.
    cell: Cell,
}

impl Semaphore {
    /// Creates a semaphore in a segment, under a name that nothing there has yet.
    ///
    /// # Errors
    ///
    /// As [`Lock::create`](crate::Lock::create).
    pub fn create(segment: &Segment, name: &str, permits: u32) -> Result<Self, Error> {
        Self::create_as(Kind::Semaphore, segment, name, permits)
    }

    /// Opens a semaphore that another process has created.
    ///
    /// # Errors
    ///
    /// As [`Lock::open`](crate::Lock::open).
    pub fn open(segment: &Segment, name: &str) -> Result<Self, Error> {
        Self::open_as(Kind::Semaphore, segment, name)
    }

    fn create_as(
        kind: Kind,
        segment: &Segment,
        name: &str,
        permits: u32,
    ) -> Result<Self, Error> {
        let shape =
            Shape { kind, content: 0, words: WORDS, halves: HALVES, parameter: 0 };
        let cell = segment.create_cell(name, &shape, |cell| {
            cell.word(0).store(permits.into(), Relaxed);
            Ok(())
        })?;
        Ok(Self { cell })
    }

    fn open_as(kind: Kind, segment: &Segment, name: &str) -> Result<Self, Error> {
        let cell = segment.open_cell(name, kind, 0)?.expect(WORDS, HALVES)?;
        Ok(Self { cell })
    }

    /// Takes a permit; blocks until one is given back, or its holder dies.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not say who is alive.
    pub fn acquire(&self) -> Result<Permit<'_>, Error> {
        self.acquire_until(Deadline::Never)
    }

    /// Takes a permit if there is one, without blocking.
    ///
    /// # Errors
    ///
    /// [`Error::WouldBlock`]; otherwise as [`Semaphore::acquire`].
    pub fn try_acquire(&self) -> Result<Permit<'_>, Error> {
        self.acquire_until(Deadline::Now)
    }

    /// Takes a permit; blocks for `limit` at most.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`]; otherwise as [`Semaphore::acquire`].
    pub fn acquire_timeout(&self, limit: Duration) -> Result<Permit<'_>, Error> {
        self.acquire_until(Deadline::after(limit))
    }

    fn acquire_until(&self, until: Deadline) -> Result<Permit<'_>, Error> {
        self.raw()
            .acquire(self.cell.world(), 1, until)
            .map_err(|missed| Error::missed(missed, || self.object()))?;
        Ok(Permit { semaphore: self })
    }

    /// Adds permits that nobody has held: Python's `release` without `acquire`.
    ///
    /// # Errors
    ///
    /// [`Error::Overflow`] beyond 4,294,967,295 permits.
    pub fn add_permits(&self, count: u32) -> Result<(), Error> {
        let counted = self
            .raw()
            .add(self.cell.world(), count)
            .map_err(|missed| Error::missed(missed, || self.object()))?;
        if counted { Ok(()) } else { Err(Error::Overflow { object: self.object() }) }
    }

    /// How many permits nobody holds at this moment; out of date when it is returned.
    pub fn available(&self) -> u64 {
        self.raw().available(self.cell.world())
    }

    /// The name it was created under.
    pub fn name(&self) -> &str {
        self.cell.name()
    }

    fn object(&self) -> String {
        self.cell.object()
    }

    #[inline]
    fn raw(&self) -> RawSemaphore<'_, Inner> {
        let cell = &self.cell;
        RawSemaphore {
            mutex: RawMutex { word: cell.half(0) },
            gate: Gate { seq: cell.half(1), sleepers: cell.half(2) },
            total: cell.word(0),
            held: Shares { words: cell.words(1..WORDS) },
        }
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("name", &self.cell.name())
            .field("available", &self.available())
            .finish_non_exhaustive()
    }
}

/// A semaphore with as many permits as it was created with, always.
///
/// Python raises `ValueError` when more permits are released than acquired, on macOS
/// not even that; here there is no way to write it.
#[derive(Debug)]
pub struct BoundedSemaphore(Semaphore);

impl BoundedSemaphore {
    /// Creates a semaphore in a segment, under a name that nothing there has yet.
    ///
    /// # Errors
    ///
    /// As [`Lock::create`](crate::Lock::create).
    pub fn create(segment: &Segment, name: &str, permits: u32) -> Result<Self, Error> {
        Semaphore::create_as(Kind::BoundedSemaphore, segment, name, permits).map(Self)
    }

    /// Opens a semaphore that another process has created.
    ///
    /// # Errors
    ///
    /// As [`Lock::open`](crate::Lock::open).
    pub fn open(segment: &Segment, name: &str) -> Result<Self, Error> {
        Semaphore::open_as(Kind::BoundedSemaphore, segment, name).map(Self)
    }

    /// As [`Semaphore::acquire`]; the permit cannot be forgotten.
    ///
    /// # Errors
    ///
    /// As [`Semaphore::acquire`].
    pub fn acquire(&self) -> Result<BoundedPermit<'_>, Error> {
        self.0.acquire().map(BoundedPermit)
    }

    /// As [`Semaphore::try_acquire`].
    ///
    /// # Errors
    ///
    /// As [`Semaphore::try_acquire`].
    pub fn try_acquire(&self) -> Result<BoundedPermit<'_>, Error> {
        self.0.try_acquire().map(BoundedPermit)
    }

    /// As [`Semaphore::acquire_timeout`].
    ///
    /// # Errors
    ///
    /// As [`Semaphore::acquire_timeout`].
    pub fn acquire_timeout(&self, limit: Duration) -> Result<BoundedPermit<'_>, Error> {
        self.0.acquire_timeout(limit).map(BoundedPermit)
    }

    /// As [`Semaphore::available`].
    pub fn available(&self) -> u64 {
        self.0.available()
    }
}

/// The right to be inside; dropping it lets the next one in.
#[must_use = "a permit that is not kept is given back at once"]
#[derive(Debug)]
pub struct Permit<'a> {
    semaphore: &'a Semaphore,
}

impl Permit<'_> {
    /// Uses the permit up: it does not come back, not even by death.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not say who is alive; then it does come back.
    pub fn forget(self) -> Result<(), Error> {
        let semaphore = self.semaphore;
        semaphore
            .raw()
            .forget(semaphore.cell.world(), 1)
            .map_err(|missed| Error::missed(missed, || semaphore.object()))?;
        std::mem::forget(self);
        Ok(())
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.semaphore.raw().release(self.semaphore.cell.world(), 1);
    }
}

/// A permit of a [`BoundedSemaphore`]; dropping it lets the next one in.
#[must_use = "a permit that is not kept is given back at once"]
#[derive(Debug)]
pub struct BoundedPermit<'a>(
    #[expect(dead_code, reason = "kept for its drop")] Permit<'a>,
);
