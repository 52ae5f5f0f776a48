//! A readers-writer lock. A waiting writer goes before readers that come later.

use std::sync::atomic::Ordering::Relaxed;

use super::gate::Gate;
use super::mutex::{OnDeath, RawMutex};
use super::shares::Shares;
use super::{Deadline, Missed, Owner, Parked, Word, World};

/// In `poisoned_by`: the owner is alive, but panicked.
pub(crate) const PANICKED: u32 = 1 << 31;

pub(crate) struct RawRw<'a, W: World> {
    /// Held by a writer all the time, by a reader while it enters.
    pub mutex: RawMutex<'a, W>,
    /// Where the one writer that holds the mutex waits for the readers to leave.
    pub gate: Gate<'a, W>,
    pub readers: Shares<'a, W>,
    /// The writer at work, or 0. Who has the mutex and finds somebody here knows that
    /// they died at work: only that poisons, not a death while entering.
    pub writing: &'a W::A32,
    /// `owner | PANICKED?` of the last writer that left its work half done, or 0.
    pub poisoned_by: &'a W::A32,
}

impl<W: World> RawRw<'_, W> {
    /// Enters as a reader if nobody is in the way, and nothing is poisoned.
    #[inline]
    pub fn read_if_free(&self, world: &W) -> bool {
        if !self.mutex.lock_if_free(world) {
            return false;
        }
        let entered = self.is_clean() && self.readers.add(world, 1);
        self.mutex.unlock(world);
        entered
    }

    /// Enters as a reader. Returns who poisoned the lock, or 0.
    pub fn read(&self, world: &W, until: Deadline) -> Result<u32, Missed> {
        self.mutex.lock(world, until, OnDeath::Inherit)?;
        self.settle();
        let counted = self.readers.add(world, 1);
        let poison = self.poisoned_by.load(Relaxed);
        self.mutex.unlock(world);
        if counted { Ok(poison) } else { Err(Missed::Busy) }
    }

    #[inline]
    pub fn read_unlock(&self, world: &W) {
        self.readers.sub(world, 1);
        self.gate.notify(world, u32::MAX);
    }

    /// Enters as the writer if nobody is in the way, and nothing is poisoned.
    #[inline]
    pub fn write_if_free(&self, world: &W) -> bool {
        if !self.mutex.lock_if_free(world) {
            return false;
        }
        let entered = self.is_clean() && self.readers.total(world) == 0;
        if entered {
            // Relaxed: the mutex orders this for whoever takes it over.
            self.writing.store(world.me().0, Relaxed);
        } else {
            self.mutex.unlock(world);
        }
        entered
    }

    /// Enters as the writer. Returns who poisoned the lock, or 0.
    pub fn write(&self, world: &W, until: Deadline) -> Result<u32, Missed> {
        self.mutex.lock(world, until, OnDeath::Inherit)?;
        self.settle();
        if let Err(missed) = self.wait_for_readers(world, until) {
            self.mutex.unlock(world);
            return Err(missed);
        }
        // Relaxed: the mutex orders this for whoever takes it over.
        self.writing.store(world.me().0, Relaxed);
        Ok(self.poisoned_by.load(Relaxed))
    }

    #[inline]
    pub fn write_unlock(&self, world: &W, panicked: bool) {
        if panicked {
            self.poisoned_by.store(world.me().0 | PANICKED, Relaxed);
        }
        self.writing.store(0, Relaxed);
        self.mutex.unlock(world);
    }

    pub fn clear_poison(&self) {
        self.poisoned_by.store(0, Relaxed);
    }

    /// A death that nobody has come upon yet does not count.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned_by.load(Relaxed) != 0
    }

    /// True if no writer was lost, neither known nor to be noted yet: see `settle`.
    #[inline]
    fn is_clean(&self) -> bool {
        self.writing.load(Relaxed) == 0 && self.poisoned_by.load(Relaxed) == 0
    }

    fn wait_for_readers(&self, world: &W, until: Deadline) -> Result<(), Missed> {
        let mut round = 0;
        loop {
            if self.readers.total(world) == 0 {
                return Ok(());
            }
            if until != Deadline::Now && world.spin(&mut round) {
                continue;
            }
            let ticket = self.gate.enter(world);
            if self.readers.total(world) == 0 {
                self.gate.leave();
                return Ok(());
            }
            let parked = if until == Deadline::Now {
                self.gate.leave();
                Parked::Expired
            } else {
                self.gate.sleep(world, ticket, until)
            };
            if parked != Parked::Changed {
                let died = self.readers.probe(world).map_err(Missed::Failed)?.is_some();
                if parked == Parked::Expired && !died {
                    return Err(match until {
                        Deadline::Now => Missed::Busy,
                        _ => Missed::Expired,
                    });
                }
            }
        }
    }

    /// Notes, with the mutex in hand, that a writer has died at work.
    fn settle(&self) {
        let writing = self.writing.load(Relaxed) & Owner::MASK;
        if writing != 0 {
            // The note first: killed in between, the next to come here writes it again.
            self.poisoned_by.store(writing, Relaxed);
            self.writing.store(0, Relaxed);
        }
    }
}
