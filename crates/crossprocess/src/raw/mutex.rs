//! A mutex in one word that knows its owner and outlives it.
//!
//! After the three-state futex mutex of U. Drepper, "Futexes Are Tricky", with the
//! owner in the word as in `pthread_mutexattr_setrobust(3)`.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::{Deadline, Missed, Owner, Parked, Word, World};
use crate::Error;

/// Somebody may be asleep on the word.
const WAITERS: u32 = 1 << 31;

/// An owner died, or panicked, and nobody has said since that all is well.
const POISON: u32 = 1 << 30;

/// How the mutex was got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Clean,
    /// Poisoned earlier, and not yet cleared.
    Poisoned,
    /// Taken over, just now, from an owner that is dead.
    From(Owner),
}

/// What to do about a dead owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnDeath {
    /// The owner may have left its work half done: tell every later owner.
    Poison,
    /// Whatever the owner did is committed by one store: nothing can be half done.
    Inherit,
}

pub(crate) struct RawMutex<'a, W: World> {
    /// 0: free. Otherwise `owner | WAITERS? | POISON?`; a poisoned free mutex is
    /// `POISON` alone.
    ///
    /// ```text
    /// lock       0, POISON        -> me | POISON?          CAS, Acquire
    /// sleep      owner            -> owner | WAITERS       CAS, before the futex call
    /// take over  dead | flags     -> me | WAITERS | flags  CAS, Acquire, after a probe
    /// unlock     me | flags       -> 0, POISON             CAS, Release, then wake one
    /// ```
    ///
    /// An owner never comes back once it is dead, so a CAS away from it succeeds for
    /// exactly one taker.
    pub word: &'a W::A32,
}

impl<W: World> RawMutex<'_, W> {
    #[inline]
    pub fn lock(
        &self,
        world: &W,
        until: Deadline,
        on_death: OnDeath,
    ) -> Result<Taken, Missed> {
        if self.lock_if_free(world) {
            return Ok(Taken::Clean);
        }
        self.lock_slow(world, until, on_death)
    }

    /// Takes the mutex if it is free and nobody has poisoned it.
    #[inline]
    pub fn lock_if_free(&self, world: &W) -> bool {
        // Acquire: pairs with the Release in `unlock`.
        self.word.exchange(0, world.me().0, Acquire)
    }

    #[cold]
    fn lock_slow(
        &self,
        world: &W,
        until: Deadline,
        on_death: OnDeath,
    ) -> Result<Taken, Missed> {
        let me = world.me().0;
        // Once asleep here, others may be asleep too: the owner that we become has to
        // wake them, so it takes the mutex with the flag set.
        let mut slept = 0;
        let mut round = 0;
        loop {
            let word = self.word.load(Relaxed);
            let owner = Owner(word & Owner::MASK);
            if owner.0 == 0 {
                if self.word.exchange(word, word | me | slept, Acquire) {
                    let poisoned = word & POISON != 0;
                    return Ok(if poisoned { Taken::Poisoned } else { Taken::Clean });
                }
                continue;
            }

            let parked = if until == Deadline::Now {
                Parked::Expired
            } else {
                if word & WAITERS == 0 {
                    if world.spin(&mut round) {
                        continue;
                    }
                    if !self.word.exchange(word, word | WAITERS, Relaxed) {
                        continue;
                    }
                }
                slept = WAITERS;
                let member = owner.slot().and_then(|slot| world.member(slot));
                if member == Some(owner) {
                    world.park(self.word, word | WAITERS, until)
                } else {
                    // It is known to be dead already: no tick has to tell.
                    Parked::Tick
                }
            };
            if parked == Parked::Changed {
                continue;
            }

            // Nothing has happened for a tick. An owner that is alive is working; one
            // that is dead will never unlock.
            if !world.probe(owner).map_err(Missed::Failed)? {
                let word = self.word.load(Relaxed);
                let poison = if on_death == OnDeath::Poison { POISON } else { 0 };
                let mine = me | WAITERS | (word & POISON) | poison;
                // Acquire: what the dead owner committed came before its death, which
                // the kernel told us of; the exchange orders us behind other takers.
                if word & Owner::MASK == owner.0
                    && self.word.exchange(word, mine, Acquire)
                {
                    return Ok(Taken::From(owner));
                }
                continue;
            }
            match (parked, until) {
                (Parked::Expired, Deadline::Now) => return Err(Missed::Busy),
                (Parked::Expired, _) => return Err(Missed::Expired),
                _ => {}
            }
        }
    }

    /// Asks whether the owner is alive. One that is not is known to everybody from then
    /// on, and `lock` takes its place without waiting for a tick.
    pub fn probe_owner(&self, world: &W) -> Result<(), Error> {
        match self.owner() {
            Some(owner) => world.probe(owner).map(drop),
            None => Ok(()),
        }
    }

    /// Releases the mutex, and wakes one of those who sleep on it.
    #[inline]
    pub fn unlock(&self, world: &W) {
        // Release: pairs with the Acquire in `lock`.
        if !self.word.exchange(world.me().0, 0, Release) {
            self.unlock_slow(world);
        }
    }

    #[cold]
    fn unlock_slow(&self, world: &W) {
        loop {
            let word = self.word.load(Relaxed);
            if word & Owner::MASK != world.me().0 {
                // Somebody scribbled over the word; unlocking what is not ours would
                // spread the damage.
                return;
            }
            if self.word.exchange(word, word & POISON, Release) {
                if word & WAITERS != 0 {
                    world.wake(self.word, 1);
                }
                return;
            }
        }
    }

    /// Marks or unmarks the mutex. Poisoning is for the owner; anybody may clear.
    pub fn set_poison(&self, poison: bool) {
        loop {
            let word = self.word.load(Relaxed);
            let marked = if poison { word | POISON } else { word & !POISON };
            if self.word.exchange(word, marked, Relaxed) {
                return;
            }
        }
    }

    pub fn is_poisoned(&self) -> bool {
        self.word.load(Relaxed) & POISON != 0
    }

    /// The owner at this moment; out of date as soon as it is returned.
    pub fn owner(&self) -> Option<Owner> {
        let owner = self.word.load(Relaxed) & Owner::MASK;
        (owner != 0).then_some(Owner(owner))
    }
}
