//! Where waiters sleep until something may have changed.
//!
//! An event count (see also `eventcount` in the literature on condition variables):
//! enter, look once more, sleep, leave. It holds no state that a dead process could
//! have left behind but a count that is one too high, which costs a useless system call.

use std::sync::atomic::Ordering::{Acquire, Relaxed};

use super::{Deadline, Parked, Word, World};

pub(crate) struct Gate<'a, W: World> {
    /// Counts notifications, modulo 2^32.
    pub seq: &'a W::A32,
    /// How many have entered and not left; too high by those who died inside. A count
    /// and not a flag: a flag that the notifier clears loses the next wake-up.
    pub sleepers: &'a W::A32,
}

impl<W: World> Gate<'_, W> {
    /// Announces a waiter. It must look at its condition *after* this, and then either
    /// `sleep` with the ticket or `leave`.
    pub fn enter(&self, world: &W) -> u32 {
        self.sleepers.fetch_add(1, Relaxed);
        // Pairs with the fence in `notify`. Either the notifier sees this sleeper, or the
        // sleeper's next look sees the notifier's change.
        world.fence();
        // Acquire: pairs with the fence in `notify`. Who holds a ticket of after the
        // notification must see the change: nobody will notify again.
        self.seq.load(Acquire)
    }

    pub fn leave(&self) {
        // Relaxed: a count that is too high for a moment costs a wake-up of nobody.
        self.sleepers.fetch_sub(1, Relaxed);
    }

    /// Sleeps until a notification after `ticket`, a tick or the deadline, and leaves.
    pub fn sleep(&self, world: &W, ticket: u32, until: Deadline) -> Parked {
        let parked = world.park(self.seq, ticket, until);
        self.leave();
        parked
    }

    /// Wakes up to `count` waiters that entered before the change made before this.
    #[inline]
    pub fn notify(&self, world: &W, count: u32) {
        world.fence();
        if self.sleepers.load(Relaxed) != 0 {
            self.seq.fetch_add(1, Relaxed);
            world.wake(self.seq, count);
        }
    }
}
