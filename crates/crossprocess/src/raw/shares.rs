//! What each process holds, in a place of its own.
//!
//! A share counts only while the attachment that wrote it is in the process table, so
//! a dead process gives everything back by being taken out, with nothing to repair.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::{Owner, SLOTS, Word, World};
use crate::Error;

pub(crate) struct Shares<'a, W: World> {
    /// One word a slot: `generation << 32 | count`. A count of another generation than
    /// the one in the process table is nobody's.
    pub words: &'a [W::A64],
}

impl<W: World> Shares<'_, W> {
    /// What the attachment in `slot` holds, and who that is.
    #[inline]
    fn held_in(&self, world: &W, slot: usize) -> Option<(Owner, u32)> {
        // Acquire: pairs with the Release in `sub`, so that what its holder did before
        // giving back happened before what the next one does.
        let word = self.words[slot].load(Acquire);
        let count = word as u32;
        if count == 0 {
            return None;
        }
        let owner = world.member(slot)?;
        (u64::from(owner.generation()) == word >> 32).then_some((owner, count))
    }

    /// What all members of the process table hold together.
    #[inline]
    pub fn total(&self, world: &W) -> u64 {
        (0..world.slots().min(SLOTS))
            .filter_map(|slot| self.held_in(world, slot))
            .map(|(_, count)| u64::from(count))
            .sum()
    }

    pub fn mine(&self, world: &W) -> u32 {
        let slot = world.me().slot().expect("this process is attached");
        self.held_in(world, slot).map_or(0, |(_, count)| count)
    }

    /// Adds to what this process holds; false if that is more than can be counted.
    #[inline]
    pub fn add(&self, world: &W, count: u32) -> bool {
        let me = world.me();
        let word = &self.words[me.slot().expect("this process is attached")];
        loop {
            let old = word.load(Relaxed);
            // What a predecessor in this slot held has gone with it.
            let held =
                if old >> 32 == u64::from(me.generation()) { old as u32 } else { 0 };
            let Some(held) = held.checked_add(count) else { return false };
            let new = u64::from(me.generation()) << 32 | u64::from(held);
            // Release: who finds the share finds its owner in the table.
            if word.exchange(old, new, Release) {
                return true;
            }
        }
    }

    /// Takes from what this process holds; at most all of it.
    #[inline]
    pub fn sub(&self, world: &W, count: u32) {
        let me = world.me();
        let word = &self.words[me.slot().expect("this process is attached")];
        loop {
            let old = word.load(Relaxed);
            if old >> 32 != u64::from(me.generation()) {
                return;
            }
            let new = old - u64::from(count.min(old as u32));
            // Release: pairs with the Acquire in `held_in`.
            if word.exchange(old, new, Release) {
                return;
            }
        }
    }

    /// Asks of everybody who holds something whether they live. Returns one who does
    /// not, and who is out of the table by now.
    pub fn probe(&self, world: &W) -> Result<Option<Owner>, Error> {
        let mut dead = None;
        for slot in 0..world.slots().min(SLOTS) {
            if let Some((owner, _)) = self.held_in(world, slot)
                && !world.probe(owner)?
            {
                dead = Some(owner);
            }
        }
        Ok(dead)
    }

    /// One who held something and is not in the table any more: whoever asked for
    /// whatever other reason may have taken them out before.
    pub fn gone(&self, world: &W) -> Option<Owner> {
        (0..self.words.len()).find_map(|slot| self.gone_from(world, slot))
    }

    /// One who had the slot of this process before it, and still held something. The
    /// next `add` erases that.
    pub fn predecessor(&self, world: &W) -> Option<Owner> {
        self.gone_from(world, world.me().slot().expect("this process is attached"))
    }

    fn gone_from(&self, world: &W, slot: usize) -> Option<Owner> {
        // Acquire: pairs with the Release in `add`.
        let word = self.words[slot].load(Acquire);
        let generation = (word >> 32) as u32 & (Owner::MASK >> 8);
        let owner = Owner::new(slot, generation);
        (word as u32 != 0 && world.member(slot) != Some(owner)).then_some(owner)
    }
}
