//! A count that goes down to zero once, and those who wait for it.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

use super::shares::Shares;
use super::{Deadline, Missed, Parked, Word, World};

/// Why a wait for the latch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opened {
    Yes,
    /// `owner | PANICKED?` of one who will not count down any more.
    Abandoned(u32),
}

pub(crate) struct RawLatch<'a, W: World> {
    /// How often it must still be counted down.
    pub remaining: &'a W::A32,
    /// How many sleep on `remaining`; too high by those who died asleep.
    pub sleepers: &'a W::A32,
    /// `owner | PANICKED?` of one who broke a pledge, or 0.
    pub abandoned: &'a W::A32,
    /// Pledges given and not kept.
    pub owed: Shares<'a, W>,
}

impl<W: World> RawLatch<'_, W> {
    /// Counts down by `count`, not below zero. Returns what remains.
    pub fn count_down(&self, world: &W, count: u32) -> u32 {
        loop {
            let old = self.remaining.load(Relaxed);
            let new = old.saturating_sub(count);
            // AcqRel: pairs with the Acquire in `wait`, through every count down.
            if old == 0 || self.remaining.exchange(old, new, AcqRel) {
                if new == 0 {
                    self.wake_all(world);
                }
                return new;
            }
        }
    }

    /// Gives one pledge; false if there are more than can be counted.
    pub fn pledge(&self, world: &W) -> bool {
        // What is erased by that must have been told before.
        if let Some(dead) = self.owed.predecessor(world) {
            self.abandoned.store(dead.0, Release);
            self.wake_all(world);
        }
        self.owed.add(world, 1)
    }

    /// Keeps one pledge.
    pub fn keep(&self, world: &W) {
        // The count first: killed in between, the survivors see a pledge that was kept
        // and reported as broken; the other way round they would wait for ever.
        self.count_down(world, 1);
        self.owed.sub(world, 1);
    }

    /// Breaks one pledge.
    pub fn abandon(&self, world: &W, by: u32) {
        self.abandoned.store(by, Release);
        self.owed.sub(world, 1);
        self.wake_all(world);
    }

    pub fn wait(&self, world: &W, until: Deadline) -> Result<Opened, Missed> {
        let mut round = 0;
        loop {
            let remaining = self.remaining.load(Acquire);
            if remaining == 0 {
                return Ok(Opened::Yes);
            }
            let abandoned = self.abandoned.load(Acquire);
            if abandoned != 0 {
                return Ok(Opened::Abandoned(abandoned));
            }
            let parked = if until == Deadline::Now {
                Parked::Expired
            } else if world.spin(&mut round) {
                continue;
            } else {
                self.sleepers.fetch_add(1, SeqCst);
                world.fence();
                let parked = world.park(self.remaining, remaining, until);
                self.sleepers.fetch_sub(1, Relaxed);
                parked
            };
            if parked == Parked::Changed {
                continue;
            }
            let dead = self.owed.probe(world).map_err(Missed::Failed)?;
            if let Some(dead) = dead.or_else(|| self.owed.gone(world)) {
                // Not if it was the last pledge, and kept.
                if self.remaining.load(Acquire) != 0 {
                    self.abandoned.store(dead.0, Release);
                    self.wake_all(world);
                }
                continue;
            }
            if parked == Parked::Expired && self.remaining.load(Acquire) != 0 {
                return Err(match until {
                    Deadline::Now => Missed::Busy,
                    _ => Missed::Expired,
                });
            }
        }
    }

    fn wake_all(&self, world: &W) {
        world.fence();
        if self.sleepers.load(Relaxed) != 0 {
            world.wake(self.remaining, u32::MAX);
        }
    }
}
