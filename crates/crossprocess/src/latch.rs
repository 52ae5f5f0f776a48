//! Waiting until something has happened a number of times.

use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use crate::cell::{Cell, Kind, Shape};
use crate::lock::who_poisoned;
use crate::raw::gate::Gate;
use crate::raw::latch::{Opened, RawLatch};
use crate::raw::rw::PANICKED;
use crate::raw::shares::Shares;
use crate::raw::{Deadline, SLOTS, World};
use crate::segment::Inner;
use crate::{Error, Segment};

const HALVES: usize = 4;

/// A door that opens when it has been counted down, and stays open.
///
/// Anybody may count down. A process that promises to do so, by [`Latch::pledge`], is
/// missed when it dies: those who wait get [`Error::Abandoned`], which says who it was,
/// at most a tick later. Who dies without a pledge cannot be missed. A process killed
/// *while* it counts down may be reported although it had just done so.
///
/// Between threads std has none; crossbeam's `WaitGroup` is close. Python has none.
pub struct Latch {
    /// Words: pledges of each slot. Halves: what remains, sequence, sleepers, abandoned by.
    cell: Cell,
}

impl Latch {
    /// Creates a latch in a segment, under a name that nothing there has yet.
    ///
    /// # Errors
    ///
    /// As [`Lock::create`](crate::Lock::create).
    pub fn create(segment: &Segment, name: &str, count: u32) -> Result<Self, Error> {
        let shape = Shape {
            kind: Kind::Latch,
            content: 0,
            words: SLOTS,
            halves: HALVES,
            parameter: 0,
        };
        let cell = segment.create_cell(name, &shape, |cell| {
            cell.half(0).store(count, Relaxed);
            Ok(())
        })?;
        Ok(Self { cell })
    }

    /// Opens a latch that another process has created.
    ///
    /// # Errors
    ///
    /// As [`Lock::open`](crate::Lock::open).
    pub fn open(segment: &Segment, name: &str) -> Result<Self, Error> {
        let cell = segment.open_cell(name, Kind::Latch, 0)?.expect(SLOTS, HALVES)?;
        Ok(Self { cell })
    }

    /// Counts down by one. Returns what remains.
    pub fn count_down(&self) -> u32 {
        self.raw().count_down(self.cell.world(), 1)
    }

    /// Promises to count down once.
    ///
    /// # Errors
    ///
    /// [`Error::Overflow`] after 4,294,967,295 promises of one process.
    pub fn pledge(&self) -> Result<Pledge<'_>, Error> {
        if self.raw().pledge(self.cell.world()) {
            Ok(Pledge { latch: self, was_panicking: thread::panicking() })
        } else {
            Err(Error::Overflow { object: self.cell.object() })
        }
    }

    /// How often it must still be counted down.
    pub fn remaining(&self) -> u32 {
        self.cell.half(0).load(Relaxed)
    }

    /// Blocks until the latch has been counted down, or somebody breaks a pledge.
    ///
    /// # Errors
    ///
    /// [`Error::Abandoned`].
    pub fn wait(&self) -> Result<(), Error> {
        self.wait_until(Deadline::Never)
    }

    /// Blocks for `limit` at most.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`]; otherwise as [`Latch::wait`].
    pub fn wait_timeout(&self, limit: Duration) -> Result<(), Error> {
        self.wait_until(Deadline::after(limit))
    }

    fn wait_until(&self, until: Deadline) -> Result<(), Error> {
        let object = || self.cell.object();
        match self.raw().wait(self.cell.world(), until) {
            Ok(Opened::Yes) => Ok(()),
            Ok(Opened::Abandoned(word)) => {
                let (peer, loss) = who_poisoned(&self.cell, word);
                Err(Error::Abandoned { object: object(), peer, loss })
            }
            Err(missed) => Err(Error::missed(missed, object)),
        }
    }

    fn raw(&self) -> RawLatch<'_, Inner> {
        RawLatch {
            remaining: self.cell.half(0),
            gate: Gate { seq: self.cell.half(1), sleepers: self.cell.half(2) },
            abandoned: self.cell.half(3),
            owed: Shares { words: self.cell.words(0..SLOTS) },
        }
    }
}

impl fmt::Debug for Latch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latch")
            .field("name", &self.cell.name())
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}

/// A promise to count down a [`Latch`]; dropping it does so. If the thread panics, or
/// the process dies, the promise is broken, and those who wait are told.
#[must_use = "a pledge that is not kept counts down at once"]
#[derive(Debug)]
pub struct Pledge<'a> {
    latch: &'a Latch,
    was_panicking: bool,
}

impl Drop for Pledge<'_> {
    fn drop(&mut self) {
        let world = self.latch.cell.world();
        if thread::panicking() && !self.was_panicking {
            self.latch.raw().abandon(world, world.me().0 | PANICKED);
        } else {
            self.latch.raw().keep(world);
        }
    }
}
