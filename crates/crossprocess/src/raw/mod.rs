//! The algorithms, apart from the memory and the system they run on.
//!
//! Each is written once, over a [`World`]: what it needs of memory, of the process table
//! and of the kernel. The real world is a segment and futexes; the models in
//! `model.rs` put the very same code on a checker that tries schedules and deaths.
//!
//! The rules that make an algorithm survive the death of a process at any instruction:
//!
//! * A change is committed by *one* atomic store; everything written before it is
//!   invisible without it.
//! * What a process holds is written into a place of its own and counts only while the
//!   process is in the table. Removing it from the table gives everything back at once.
//! * Every sleep ends by a tick, after which the sleeper looks again and asks whether
//!   those it waits for are alive.

pub(crate) mod barrier;
pub(crate) mod event;
pub(crate) mod gate;
pub(crate) mod latch;
#[cfg(test)]
mod layout;
#[cfg(test)]
mod model;
pub(crate) mod mutex;
#[cfg(test)]
mod orders;
pub(crate) mod ring;
pub(crate) mod rw;
pub(crate) mod semaphore;
pub(crate) mod shares;

use std::sync::atomic::{self, Ordering};
use std::time::{Duration, Instant};

use crate::Error;

/// Most processes that can be attached to one segment at the same time.
pub(crate) const SLOTS: usize = 64;

/// Bits of a generation: a slot can be used 4 million times before it is retired.
pub(crate) const GENERATION_BITS: u32 = 22;

/// One attachment of one process, never used again after it has ended.
///
/// Bits 0..8 hold the slot + 1, bits 8..30 the generation; 0 means nobody. It fits
/// beside two flags in the word of a mutex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner(pub u32);

impl Owner {
    pub const MASK: u32 = (1 << 30) - 1;

    pub fn new(slot: usize, generation: u32) -> Self {
        debug_assert!(slot < SLOTS && generation < 1 << GENERATION_BITS);
        Self(generation << 8 | (slot as u32 + 1))
    }

    /// Index into the process table; `None` if shared memory held something else.
    pub fn slot(self) -> Option<usize> {
        let slot = (self.0 & 0xff).checked_sub(1)? as usize;
        (slot < SLOTS).then_some(slot)
    }

    pub fn generation(self) -> u32 {
        (self.0 & Self::MASK) >> 8
    }
}

/// How long an operation may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deadline {
    /// Not at all.
    Now,
    At(Instant),
    Never,
}

impl Deadline {
    /// A limit too large to express as a point in time is no limit.
    pub fn after(limit: Duration) -> Self {
        Instant::now().checked_add(limit).map_or(Self::Never, Self::At)
    }
}

/// Why a sleep ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parked {
    /// The word changed, or somebody said so; look again.
    Changed,
    /// Nothing happened for a tick: time to ask who is alive.
    Tick,
    /// The deadline has passed.
    Expired,
}

/// Why an operation gave up.
#[derive(Debug)]
pub(crate) enum Missed {
    /// It was not allowed to wait, and would have had to.
    Busy,
    Expired,
    /// The operating system or the content of the segment is in the way.
    Failed(Error),
}

/// An atomic word in shared memory.
pub(crate) trait Word<T> {
    fn load(&self, order: Ordering) -> T;
    fn store(&self, value: T, order: Ordering);
    /// Always with `Relaxed` on failure: a failed exchange is followed by a look anew.
    fn exchange(&self, current: T, new: T, order: Ordering) -> bool;
    fn fetch_add(&self, value: T, order: Ordering) -> T;
    fn fetch_sub(&self, value: T, order: Ordering) -> T;
}

macro_rules! word {
    ($atomic:ty, $value:ty) => {
        impl Word<$value> for $atomic {
            #[inline]
            fn load(&self, order: Ordering) -> $value {
                self.load(order)
            }
            #[inline]
            fn store(&self, value: $value, order: Ordering) {
                self.store(value, order);
            }
            #[inline]
            fn exchange(&self, current: $value, new: $value, order: Ordering) -> bool {
                self.compare_exchange(current, new, order, Ordering::Relaxed).is_ok()
            }
            #[inline]
            fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                self.fetch_add(value, order)
            }
            #[inline]
            fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                self.fetch_sub(value, order)
            }
        }
    };
}

word!(atomic::AtomicU32, u32);
word!(atomic::AtomicU64, u64);

/// What the algorithms need of the place they run in.
pub(crate) trait World {
    type A32: Word<u32>;
    type A64: Word<u64>;

    /// The attachment in whose name this process acts.
    fn me(&self) -> Owner;

    /// How many slots of the process table have ever been used.
    fn slots(&self) -> usize;

    /// The attachment that is in this slot of the process table, if any. It may have
    /// died without anybody having noticed.
    fn member(&self, slot: usize) -> Option<Owner>;

    /// Asks whether `who` is alive, and takes it out of the table if it is not.
    fn probe(&self, who: Owner) -> Result<bool, Error>;

    /// Sleeps while `word` has the value `expected`, for a tick at most.
    fn park(&self, word: &Self::A32, expected: u32, until: Deadline) -> Parked;

    /// Wakes up to `count` of those asleep on `word`.
    fn wake(&self, word: &Self::A32, count: u32);

    /// Passes a moment before the next look; false when it is time to sleep.
    fn spin(&self, round: &mut u32) -> bool;

    fn fence(&self);
}

/// What to do for a moment before going to sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Look again and again.
    Spin,
    /// And then let others have the core in between.
    Yield,
}

/// Rounds of [`World::spin`] that keep the core; those that yield it come after them.
pub(crate) const SPINS: u32 = 60;

/// Spends a moment looking again and again; true once `ready` is.
pub(crate) fn spin_until<W: World>(
    world: &W,
    patience: Patience,
    ready: impl Fn() -> bool,
) -> bool {
    let mut round = 0;
    while (patience == Patience::Yield || round < SPINS) && world.spin(&mut round) {
        if ready() {
            return true;
        }
    }
    false
}
