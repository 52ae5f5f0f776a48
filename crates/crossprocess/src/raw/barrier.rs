//! A barrier that breaks when one of its parties can never arrive.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::gate::Gate;
use super::mutex::{OnDeath, RawMutex, Taken};
use super::shares::Shares;
use super::{Deadline, Missed, Owner, Parked, Patience, Word, World, spin_until};
use crate::Error;

/// Rounds whose end is remembered: a waiter may sleep through so many breaks.
pub(crate) const REMEMBERED: usize = 8;

/// What ended a round without everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Died = 0,
    TimedOut = 1,
    Aborted = 2,
    Reset = 3,
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Round {
    /// Everybody came; this one as number `index`, the last as the leader.
    Complete {
        index: u32,
        leader: bool,
    },
    Broken {
        cause: Cause,
        by: Owner,
    },
}

pub(crate) struct RawBarrier<'a, W: World> {
    /// Held to arrive and to break. An owner that died in here breaks the round: it
    /// may have been about to complete it.
    pub mutex: RawMutex<'a, W>,
    pub gate: Gate<'a, W>,
    /// How many have to come.
    pub parties: &'a W::A64,
    /// The round that is being waited for; a store here completes or resets a round.
    pub round: &'a W::A64,
    /// `round % REMEMBERED`: `(round + 1) << 32 | cause << 30 | by`, stored at once.
    pub breaks: &'a [W::A64],
    /// Processes that take part: a count of 1 each. Whoever is gone breaks the round.
    pub members: Shares<'a, W>,
    /// `generation << 40 | round << 16 | threads`, for each slot: who waits in `round`.
    /// Stale words of earlier rounds and generations count for nobody.
    pub arrived: &'a [W::A64],
}

const ROUND_BITS: u64 = (1 << 24) - 1;

impl<W: World> RawBarrier<'_, W> {
    /// Makes this process one of those without whom a round cannot be complete.
    pub fn join(&self, world: &W) -> Result<(), Missed> {
        self.lock(world, Deadline::Never)?;
        self.join_locked(world);
        self.mutex.unlock(world);
        Ok(())
    }

    fn join_locked(&self, world: &W) {
        // What is erased by taking part must have been told before.
        if let Some(dead) = self.members.predecessor(world) {
            self.break_locked(world, Cause::Died, dead);
        }
        if self.members.mine(world) == 0 {
            self.members.add(world, 1);
        }
    }

    /// Arrives, and waits for the others. `action` runs in the last one to come, before
    /// anybody is let go; its failure breaks the round.
    pub fn wait(
        &self,
        world: &W,
        until: Deadline,
        action: impl FnOnce(),
    ) -> Result<Round, Missed> {
        self.lock(world, until)?;
        self.join_locked(world);
        let round = self.round.load(Relaxed);
        if let Some(broken) = self.broken(round) {
            self.mutex.unlock(world);
            return Ok(broken);
        }
        let before = self.count(world, round);
        self.set_arrived(world, round, self.arrived_here(world, round) + 1);
        if u64::from(before) + 1 >= self.parties.load(Relaxed) {
            let unwinding = BreakOnUnwind { barrier: self, world, round };
            action();
            std::mem::forget(unwinding);
            // Release: pairs with the Acquire in `outcome`. The one commit of a round.
            self.round.store(round + 1, Release);
            self.mutex.unlock(world);
            self.gate.notify(world, u32::MAX);
            return Ok(Round::Complete { index: before, leader: true });
        }
        self.mutex.unlock(world);
        self.wait_for_others(world, round, before, until)
    }

    fn wait_for_others(
        &self,
        world: &W,
        round: u64,
        index: u32,
        until: Deadline,
    ) -> Result<Round, Missed> {
        if until != Deadline::Now {
            spin_until(world, Patience::Yield, || self.outcome(round, index).is_some());
        }
        loop {
            let ticket = self.gate.enter(world);
            if let Some(outcome) = self.outcome(round, index) {
                self.gate.leave();
                return Ok(outcome);
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
            if let Some(dead) = self.missing(world).map_err(Missed::Failed)? {
                self.break_round(world, Some(round), Cause::Died, dead)?;
            } else if parked == Parked::Expired {
                self.break_round(world, Some(round), Cause::TimedOut, world.me())?;
            } else {
                // The owner of the mutex may be dead, with nobody else to notice.
                self.lock(world, Deadline::Never)?;
                self.mutex.unlock(world);
            }
        }
    }

    /// Breaks `round`, or the current one, if it has not ended yet.
    pub fn break_round(
        &self,
        world: &W,
        round: Option<u64>,
        cause: Cause,
        by: Owner,
    ) -> Result<(), Missed> {
        self.lock(world, Deadline::Never)?;
        let current = self.round.load(Relaxed);
        if round.is_none_or(|round| round == current) && self.broken(current).is_none()
        {
            self.store_break(current, cause, by);
        }
        self.mutex.unlock(world);
        self.gate.notify(world, u32::MAX);
        Ok(())
    }

    /// Begins a new round, without the members that are gone; those who wait in the
    /// current one get an error.
    pub fn reset(&self, world: &W) -> Result<(), Missed> {
        // Members that are gone: a probe takes the dead out of the table, and a word
        // of somebody who is not in the table counts no more once it is zero.
        self.missing(world).map_err(Missed::Failed)?;
        self.lock(world, Deadline::Never)?;
        for slot in 0..self.members.words.len() {
            let word = self.members.words[slot].load(Relaxed);
            let member = world.member(slot).map(Owner::generation);
            if word != 0 && member.map(u64::from) != Some(word >> 32) {
                self.members.words[slot].store(0, Relaxed);
            }
        }
        let round = self.round.load(Relaxed);
        if self.broken(round).is_none() {
            self.store_break(round, Cause::Reset, world.me());
        }
        self.round.store(round + 1, Release);
        self.mutex.unlock(world);
        self.gate.notify(world, u32::MAX);
        Ok(())
    }

    /// How many wait at the moment.
    pub fn waiting(&self, world: &W) -> u32 {
        let round = self.round.load(Acquire);
        if self.broken(round).is_some() { 0 } else { self.count(world, round) }
    }

    /// What broke the current round, if it is broken.
    pub fn state(&self) -> Option<Round> {
        self.broken(self.round.load(Acquire))
    }

    fn lock(&self, world: &W, until: Deadline) -> Result<(), Missed> {
        if let Taken::From(dead) = self.mutex.lock(world, until, OnDeath::Inherit)? {
            self.break_locked(world, Cause::Died, dead);
        }
        Ok(())
    }

    fn break_locked(&self, world: &W, cause: Cause, by: Owner) {
        let round = self.round.load(Relaxed);
        if self.broken(round).is_none() {
            self.store_break(round, cause, by);
            self.gate.notify(world, u32::MAX);
        }
    }

    fn store_break(&self, round: u64, cause: Cause, by: Owner) {
        let tag = (round + 1) << 32;
        let word = tag | u64::from((cause as u32) << 30 | (by.0 & Owner::MASK));
        // Release: pairs with the Acquire in `broken`.
        self.breaks[round as usize % REMEMBERED].store(word, Release);
    }

    fn broken(&self, round: u64) -> Option<Round> {
        let word = self.breaks[round as usize % REMEMBERED].load(Acquire);
        if word >> 32 != (round + 1) & 0xffff_ffff {
            return None;
        }
        let cause = match (word as u32) >> 30 {
            0 => Cause::Died,
            1 => Cause::TimedOut,
            2 => Cause::Aborted,
            _ => Cause::Reset,
        };
        Some(Round::Broken { cause, by: Owner(word as u32 & Owner::MASK) })
    }

    /// How `round` ended, if it has.
    fn outcome(&self, round: u64, index: u32) -> Option<Round> {
        let current = self.round.load(Acquire);
        self.broken(round).or_else(|| {
            (current != round).then_some(Round::Complete { index, leader: false })
        })
    }

    /// A member that is not among the living.
    fn missing(&self, world: &W) -> Result<Option<Owner>, Error> {
        let dead = self.members.probe(world)?;
        Ok(dead.or_else(|| self.members.gone(world)))
    }

    fn arrived_in(&self, slot: usize, owner: Owner, round: u64) -> u32 {
        // Relaxed, here and in `set_arrived`: what counts is read under the mutex.
        let word = self.arrived[slot].load(Relaxed);
        let tag = u64::from(owner.generation()) << 24 | (round & ROUND_BITS);
        if word >> 16 == tag { word as u32 & 0xffff } else { 0 }
    }

    fn arrived_here(&self, world: &W, round: u64) -> u32 {
        let me = world.me();
        self.arrived_in(me.slot().expect("this process is attached"), me, round)
    }

    fn set_arrived(&self, world: &W, round: u64, threads: u32) {
        let me = world.me();
        let tag = u64::from(me.generation()) << 24 | (round & ROUND_BITS);
        let word = tag << 16 | u64::from(threads & 0xffff);
        self.arrived[me.slot().expect("this process is attached")].store(word, Relaxed);
    }

    fn count(&self, world: &W, round: u64) -> u32 {
        (0..world.slots().min(self.arrived.len()))
            .filter_map(|slot| Some(self.arrived_in(slot, world.member(slot)?, round)))
            .sum()
    }
}

/// Breaks the round when the action panics, as the others wait for its end.
struct BreakOnUnwind<'a, 'b, W: World> {
    barrier: &'a RawBarrier<'b, W>,
    world: &'a W,
    round: u64,
}

impl<W: World> Drop for BreakOnUnwind<'_, '_, W> {
    fn drop(&mut self) {
        self.barrier.store_break(self.round, Cause::Aborted, self.world.me());
        self.barrier.mutex.unlock(self.world);
        self.barrier.gate.notify(self.world, u32::MAX);
    }
}
