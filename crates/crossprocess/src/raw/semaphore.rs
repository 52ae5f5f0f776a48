//! A counting semaphore whose permits come back from the dead.

use std::sync::atomic::Ordering::Relaxed;

use super::gate::Gate;
use super::mutex::{OnDeath, RawMutex};
use super::shares::Shares;
use super::{Deadline, Missed, Parked, Word, World};

pub(crate) struct RawSemaphore<'a, W: World> {
    /// Held while permits are counted and taken, and while `total` changes.
    pub mutex: RawMutex<'a, W>,
    /// Notified when permits come back.
    pub gate: Gate<'a, W>,
    /// All permits, held or not. What is available is this less the sum of `held`:
    /// there is no counter that a killed process could leave wrong.
    pub total: &'a W::A64,
    pub held: Shares<'a, W>,
}

impl<W: World> RawSemaphore<'_, W> {
    #[inline]
    pub fn available(&self, world: &W) -> u64 {
        // Relaxed: an outdated total is corrected by the look after `gate.enter`.
        self.total.load(Relaxed).saturating_sub(self.held.total(world))
    }

    #[inline]
    pub fn acquire(
        &self,
        world: &W,
        count: u32,
        until: Deadline,
    ) -> Result<(), Missed> {
        if self.mutex.lock_if_free(world) {
            let counted = self.available(world) >= u64::from(count)
                && self.held.add(world, count);
            self.mutex.unlock(world);
            if counted {
                return Ok(());
            }
        }
        self.acquire_slow(world, count, until)
    }

    #[cold]
    fn acquire_slow(
        &self,
        world: &W,
        count: u32,
        until: Deadline,
    ) -> Result<(), Missed> {
        loop {
            self.mutex.lock(world, until, OnDeath::Inherit)?;
            let mut enough = self.available(world) >= u64::from(count);
            let mut ticket = 0;
            if !enough {
                // Permits come back without the mutex: look again once announced.
                ticket = self.gate.enter(world);
                enough = self.available(world) >= u64::from(count);
                if enough {
                    self.gate.leave();
                }
            }
            if enough {
                // The commit: one store into a word of our own.
                let counted = self.held.add(world, count);
                self.mutex.unlock(world);
                return if counted { Ok(()) } else { Err(Missed::Busy) };
            }
            self.mutex.unlock(world);

            let parked = if until == Deadline::Now {
                self.gate.leave();
                Parked::Expired
            } else {
                self.gate.sleep(world, ticket, until)
            };
            if parked != Parked::Changed {
                let died = self.held.probe(world).map_err(Missed::Failed)?.is_some();
                if parked == Parked::Expired && !died {
                    return Err(match until {
                        Deadline::Now => Missed::Busy,
                        _ => Missed::Expired,
                    });
                }
            }
        }
    }

    #[inline]
    pub fn release(&self, world: &W, count: u32) {
        self.held.sub(world, count);
        self.gate.notify(world, count);
    }

    /// Adds permits that nobody has held; false if that is more than can be counted.
    pub fn add(&self, world: &W, count: u32) -> Result<bool, Missed> {
        self.mutex.lock(world, Deadline::Never, OnDeath::Inherit)?;
        let total = self.total.load(Relaxed) + u64::from(count);
        let counted = total <= u64::from(u32::MAX);
        if counted {
            self.total.store(total, Relaxed);
        }
        self.mutex.unlock(world);
        self.gate.notify(world, count);
        Ok(counted)
    }

    /// Uses up permits that this process holds.
    pub fn forget(&self, world: &W, count: u32) -> Result<(), Missed> {
        self.mutex.lock(world, Deadline::Never, OnDeath::Inherit)?;
        // The total first: killed in between, the permits are used up as intended. The
        // other way round they would have been available for a moment.
        let total = self.total.load(Relaxed).saturating_sub(u64::from(count));
        self.total.store(total, Relaxed);
        self.held.sub(world, count);
        self.mutex.unlock(world);
        Ok(())
    }
}
