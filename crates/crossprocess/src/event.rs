//! A flag that processes wait for.

use std::fmt;
use std::time::Duration;

use crate::cell::{Cell, Kind, Shape};
use crate::raw::Deadline;
use crate::raw::event::RawEvent;
use crate::segment::Inner;
use crate::{Error, Segment};

/// A flag that is set and cleared by anybody, and waited for by many.
///
/// Being set is one store: a process killed before it has set nothing, after it all;
/// waiters that it could not wake any more wake by their tick. A waiter does not miss a
/// flag that is set and cleared again while it sleeps.
///
/// Between threads std has none that can be cleared. Python: `set` hangs after a waiter
/// was killed, and waiters can miss a flag that is cleared soon.
pub struct Event {
    /// Halves: the flag; sleepers.
    cell: Cell,
}

impl Event {
    /// Creates an event that is not set, under a name that nothing there has yet.
    ///
    /// # Errors
    ///
    /// As [`Lock::create`](crate::Lock::create).
    pub fn create(segment: &Segment, name: &str) -> Result<Self, Error> {
        let shape =
            Shape { kind: Kind::Event, content: 0, words: 0, halves: 2, parameter: 0 };
        Ok(Self { cell: segment.create_cell(name, &shape, |_| Ok(()))? })
    }

    /// Opens an event that another process has created.
    ///
    /// # Errors
    ///
    /// As [`Lock::open`](crate::Lock::open).
    pub fn open(segment: &Segment, name: &str) -> Result<Self, Error> {
        let cell = segment.open_cell(name, Kind::Event, 0)?.expect(0, 2)?;
        Ok(Self { cell })
    }

    /// Sets the flag, and wakes everybody who waits for it.
    pub fn set(&self) {
        self.raw().set(self.cell.world());
    }

    /// Clears the flag.
    pub fn clear(&self) {
        self.raw().clear();
    }

    /// True if the flag is set at this moment.
    pub fn is_set(&self) -> bool {
        self.raw().is_set()
    }

    /// Blocks until the flag is set, or has been set in the meantime. It waits for ever
    /// if everybody who could set it is dead: nobody can know who that is.
    pub fn wait(&self) {
        // Nothing to report: without a deadline the wait ends by the flag alone.
        let _ = self.raw().wait(self.cell.world(), Deadline::Never);
    }

    /// Blocks for `limit` at most; false if the flag was not set in that time.
    #[must_use = "the wait may have ended without the event"]
    pub fn wait_timeout(&self, limit: Duration) -> bool {
        self.raw().wait(self.cell.world(), Deadline::after(limit)).is_ok()
    }

    fn raw(&self) -> RawEvent<'_, Inner> {
        RawEvent { word: self.cell.half(0), sleepers: self.cell.half(1) }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("name", &self.cell.name())
            .field("is_set", &self.is_set())
            .finish_non_exhaustive()
    }
}
