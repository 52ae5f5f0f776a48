//! A flag to wait for, which also remembers that it has been set in between.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::{Deadline, Missed, Parked, Word, World};

pub(crate) struct RawEvent<'a, W: World> {
    /// Bit 0: set. Bits 1..32: how often it has been set, modulo 2^31, so that a
    /// waiter notices a set that was cleared again before it woke.
    pub word: &'a W::A32,
    /// How many sleep on the word; too high by those who died asleep.
    pub sleepers: &'a W::A32,
}

impl<W: World> RawEvent<'_, W> {
    pub fn is_set(&self) -> bool {
        self.word.load(Acquire) & 1 == 1
    }

    pub fn set(&self, world: &W) {
        loop {
            let word = self.word.load(Relaxed);
            if word & 1 == 1 {
                break;
            }
            // Release: pairs with the Acquire of a waiter's look, through whatever sets
            // and clears come in between.
            if self.word.exchange(word, word.wrapping_add(2) | 1, Release) {
                break;
            }
        }
        // Pairs with the fence in `wait`. Also when the flag was set already: whoever
        // set it may have died before waking anybody.
        world.fence();
        if self.sleepers.load(Relaxed) != 0 {
            world.wake(self.word, u32::MAX);
        }
    }

    pub fn clear(&self) {
        loop {
            let word = self.word.load(Relaxed);
            // Release: who finds it cleared sees what came before.
            if word & 1 == 0 || self.word.exchange(word, word & !1, Release) {
                return;
            }
        }
    }

    pub fn wait(&self, world: &W, until: Deadline) -> Result<(), Missed> {
        let first = self.word.load(Relaxed);
        let mut round = 0;
        loop {
            let word = self.word.load(Acquire);
            if word & 1 == 1 || word >> 1 != first >> 1 {
                return Ok(());
            }
            if until == Deadline::Now {
                return Err(Missed::Busy);
            }
            if world.spin(&mut round) {
                continue;
            }
            self.sleepers.fetch_add(1, Relaxed);
            world.fence();
            let parked = world.park(self.word, word, until);
            self.sleepers.fetch_sub(1, Relaxed);
            if parked == Parked::Expired {
                let word = self.word.load(Acquire);
                let happened = word & 1 == 1 || word >> 1 != first >> 1;
                return if happened { Ok(()) } else { Err(Missed::Expired) };
            }
        }
    }
}
