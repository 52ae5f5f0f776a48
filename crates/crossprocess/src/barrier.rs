//! Where a number of processes wait for each other.

use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::cell::{Cell, Kind, Shape};
use crate::raw::barrier::{Cause, REMEMBERED, RawBarrier, Round};
use crate::raw::gate::Gate;
use crate::raw::mutex::RawMutex;
use crate::raw::shares::Shares;
use crate::raw::{Deadline, SLOTS, World};
use crate::segment::Inner;
use crate::{BreakCause, Error, Segment};

const ARRIVED: usize = 2 + REMEMBERED + SLOTS;
const WORDS: usize = ARRIVED + SLOTS;
const HALVES: usize = 3;

/// Lets a number of parties go on when all of them have come, round after round.
///
/// A process takes part from its first wait, or from [`Barrier::join`], and a process
/// may be several parties, with several threads. When one that takes part is gone,
/// killed or ended, or when somebody gives up, the barrier breaks: all who wait get
/// [`Error::Broken`], which says who it was, at most a tick later, and all who come
/// get it too, until [`Barrier::reset`]. A process that dies before it takes part
/// cannot be missed: call `join` first of all, or wait with a time limit.
///
/// Against [`std::sync::Barrier`]: works between processes, has time limits, can break
/// and be reset, runs an action, and tells who came as number what. Python:
/// `multiprocessing.Barrier` hangs when a party is killed, even with a time limit.
pub struct Barrier {
    /// Words: parties, round, breaks, members, arrived. Halves: mutex, sequence, sleepers.
    cell: Cell,
}

/// How somebody passed a barrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Passage {
    /// How many had come before, 0 to `parties - 1`.
    pub index: u32,
    /// True for one of the parties: the one that came last.
    pub is_leader: bool,
}

impl Barrier {
    /// Creates a barrier in a segment, under a name that nothing there has yet.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for no parties at all, or more than 65,535; otherwise as
    /// [`Lock::create`](crate::Lock::create).
    pub fn create(segment: &Segment, name: &str, parties: u32) -> Result<Self, Error> {
        if parties == 0 || parties > u32::from(u16::MAX) {
            let why = format!("barrier `{name}` cannot have {parties} parties");
            return Err(Error::Invalid(why));
        }
        let shape = Shape {
            kind: Kind::Barrier,
            content: 0,
            words: WORDS,
            halves: HALVES,
            parameter: 0,
        };
        let cell = segment.create_cell(name, &shape, |cell| {
            cell.word(0).store(parties.into(), Relaxed);
            Ok(())
        })?;
        Ok(Self { cell })
    }

    /// Opens a barrier that another process has created.
    ///
    /// # Errors
    ///
    /// As [`Lock::open`](crate::Lock::open).
    pub fn open(segment: &Segment, name: &str) -> Result<Self, Error> {
        let cell = segment.open_cell(name, Kind::Barrier, 0)?.expect(WORDS, HALVES)?;
        Ok(Self { cell })
    }

    /// Takes part from now on: without this process no round is complete.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not say who is alive.
    pub fn join(&self) -> Result<(), Error> {
        self.raw()
            .join(self.cell.world())
            .map_err(|missed| Error::missed(missed, || self.cell.object()))
    }

    /// Waits for the others; blocks until all have come, or one never can.
    ///
    /// # Errors
    ///
    /// [`Error::Broken`], which says by whom and why.
    pub fn wait(&self) -> Result<Passage, Error> {
        self.wait_until(Deadline::Never, || {})
    }

    /// Waits for the others for `limit` at most; then the barrier breaks for everybody.
    ///
    /// # Errors
    ///
    /// As [`Barrier::wait`].
    pub fn wait_timeout(&self, limit: Duration) -> Result<Passage, Error> {
        self.wait_until(Deadline::after(limit), || {})
    }

    /// As [`Barrier::wait`]; the last to come runs `action` before anybody goes on. The
    /// barrier breaks if it panics, or dies in there.
    ///
    /// # Errors
    ///
    /// As [`Barrier::wait`].
    pub fn wait_with(&self, action: impl FnOnce()) -> Result<Passage, Error> {
        self.wait_until(Deadline::Never, action)
    }

    /// As [`Barrier::wait_with`], for `limit` at most; then the barrier breaks for
    /// everybody.
    ///
    /// # Errors
    ///
    /// As [`Barrier::wait`].
    ///
    /// # Panics
    ///
    /// If `action` panics.
    pub fn wait_timeout_with(
        &self,
        limit: Duration,
        action: impl FnOnce(),
    ) -> Result<Passage, Error> {
        self.wait_until(Deadline::after(limit), action)
    }

    fn wait_until(
        &self,
        until: Deadline,
        action: impl FnOnce(),
    ) -> Result<Passage, Error> {
        let round = self
            .raw()
            .wait(self.cell.world(), until, action)
            .map_err(|missed| Error::missed(missed, || self.cell.object()))?;
        match self.broken(Some(round)) {
            Some(error) => Err(error),
            None => match round {
                Round::Complete { index, leader } => {
                    Ok(Passage { index, is_leader: leader })
                }
                Round::Broken { .. } => unreachable!("`broken` has an error for it"),
            },
        }
    }

    /// Breaks the barrier: all who wait, and all who come, get an error.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not say who is alive.
    pub fn abort(&self) -> Result<(), Error> {
        let world = self.cell.world();
        self.raw()
            .break_round(world, None, Cause::Aborted, world.me())
            .map_err(|missed| Error::missed(missed, || self.cell.object()))
    }

    /// Makes a broken barrier whole, without the processes that are gone. Who waits in
    /// the current round gets an error.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not say who is alive.
    pub fn reset(&self) -> Result<(), Error> {
        self.raw()
            .reset(self.cell.world())
            .map_err(|missed| Error::missed(missed, || self.cell.object()))
    }

    /// Why the barrier is broken, if it is.
    pub fn broken_by(&self) -> Option<Error> {
        self.broken(self.raw().state())
    }

    /// How many wait at this moment.
    pub fn waiting(&self) -> u32 {
        self.raw().waiting(self.cell.world())
    }

    /// How many have to come.
    pub fn parties(&self) -> u64 {
        self.cell.word(0).load(Relaxed)
    }

    fn broken(&self, round: Option<Round>) -> Option<Error> {
        let Some(Round::Broken { cause, by }) = round else { return None };
        let cause = match cause {
            Cause::Died => BreakCause::Died,
            Cause::TimedOut => BreakCause::TimedOut,
            Cause::Aborted => BreakCause::Aborted,
            Cause::Reset => BreakCause::Reset,
        };
        let peer = self.cell.peer(by);
        Some(Error::Broken { object: self.cell.object(), peer, cause })
    }

    fn raw(&self) -> RawBarrier<'_, Inner> {
        let cell = &self.cell;
        RawBarrier {
            mutex: RawMutex { word: cell.half(0) },
            gate: Gate { seq: cell.half(1), sleepers: cell.half(2) },
            parties: cell.word(0),
            round: cell.word(1),
            breaks: cell.words(2..2 + REMEMBERED),
            members: Shares { words: cell.words(2 + REMEMBERED..ARRIVED) },
            arrived: cell.words(ARRIVED..WORDS),
        }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier")
            .field("name", &self.cell.name())
            .field("parties", &self.parties())
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}
