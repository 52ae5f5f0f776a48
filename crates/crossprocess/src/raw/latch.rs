//! A count that goes down to zero once, and those who wait for it.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::gate::Gate;
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
    /// Notified when nothing remains, or nothing can be hoped for. Not a sleep on
    /// `remaining`: a broken pledge does not change that.
    pub gate: Gate<'a, W>,
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
            // Release: pairs with the Acquire in `opened`, through every count down.
            if old == 0 || self.remaining.exchange(old, new, Release) {
                if new == 0 {
                    // With a fence: who counts down to zero goes on after all others.
                    self.gate.notify(world, u32::MAX);
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
            self.gate.notify(world, u32::MAX);
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
        self.gate.notify(world, u32::MAX);
    }

    pub fn wait(&self, world: &W, until: Deadline) -> Result<Opened, Missed> {
        let mut round = 0;
        loop {
            if let Some(opened) = self.opened() {
                return Ok(opened);
            }
            if until != Deadline::Now && world.spin(&mut round) {
                continue;
            }
            let ticket = self.gate.enter(world);
            if self.opened().is_some() {
                self.gate.leave();
                continue;
            }
            let parked = if until == Deadline::Now {
                self.gate.leave();
                Parked::Expired
            } else {
                self.gate.sleep(world, ticket, until)
            };
            if parked == Parked::Changed {
                continue;
            }
            let dead = self.owed.probe(world).map_err(Missed::Failed)?;
            if let Some(dead) = dead.or_else(|| self.owed.gone(world)) {
                // Not if it was the last pledge, and kept.
                if self.remaining.load(Acquire) != 0 {
                    self.abandoned.store(dead.0, Release);
                    self.gate.notify(world, u32::MAX);
                }
                continue;
            }
            if parked == Parked::Expired && self.opened().is_none() {
                return Err(match until {
                    Deadline::Now => Missed::Busy,
                    _ => Missed::Expired,
                });
            }
        }
    }

    fn opened(&self) -> Option<Opened> {
        if self.remaining.load(Acquire) == 0 {
            return Some(Opened::Yes);
        }
        let abandoned = self.abandoned.load(Acquire);
        (abandoned != 0).then_some(Opened::Abandoned(abandoned))
    }
}
