//! Goal:   a queue without locks, for one thread that pushes and one that pops.
//! Given:  a ring of slots, and two counters that only ever grow.
//! Answer: the slot first, then the counter, with Release; the other's with Acquire.
//! Check:  cargo test --bin atomic_ring_sol
//! Read:   book/src/orderings.md, the part on release and acquire

use std::hint;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

const ITEMS: u64 = 10_000;

/// Slots in the ring. Item number `n` goes into slot `n % SLOTS`.
const SLOTS: usize = 2;

/// One thread may push and one may pop, at the same time.
struct Ring {
    /// Read and written with Relaxed: the counters say who may, and since when.
    slots: [AtomicU64; SLOTS],
    /// Items pushed since the start; only the pushing thread changes it.
    pushed: AtomicUsize,
    /// Items popped since the start, at most `SLOTS` less than `pushed`; only the
    /// popping thread changes it.
    popped: AtomicUsize,
}

impl Ring {
    fn new() -> Self {
        Self {
            slots: [const { AtomicU64::new(0) }; SLOTS],
            pushed: AtomicUsize::new(0),
            popped: AtomicUsize::new(0),
        }
    }

    /// Adds `item`, or returns false if all slots are full; never waits. The `pop` that
    /// gave the slot back, and all that its thread did until then, happens before this.
    fn push(&self, item: u64) -> bool {
        // Relaxed: nobody else changes it. Acquire: pairs with the Release in `pop`, so
        // the item that was in the slot has been read.
        let pushed = self.pushed.load(Ordering::Relaxed);
        if pushed - self.popped.load(Ordering::Acquire) == SLOTS {
            return false;
        }
        self.slots[pushed % SLOTS].store(item, Ordering::Relaxed);
        // Release: pairs with the Acquire in `pop`, which then finds the item.
        self.pushed.store(pushed + 1, Ordering::Release);
        true
    }

    /// Takes the oldest item, or returns `None` if there is none; never waits.
    fn pop(&self) -> Option<u64> {
        let popped = self.popped.load(Ordering::Relaxed);
        // Acquire: pairs with the Release in `push`.
        if self.pushed.load(Ordering::Acquire) == popped {
            return None;
        }
        let item = self.slots[popped % SLOTS].load(Ordering::Relaxed);
        // Release: pairs with the Acquire in `push`, which may fill the slot from now on.
        self.popped.store(popped + 1, Ordering::Release);
        Some(item)
    }

    /// How many items have come out up to now.
    fn popped(&self) -> usize {
        self.popped.load(Ordering::Relaxed)
    }
}

fn main() {
    real_threads::end_if_stuck();
    let ring = Ring::new();
    let sum: u64 = thread::scope(|scope| {
        scope.spawn(|| {
            for item in 1..=ITEMS {
                while !ring.push(item) {
                    hint::spin_loop();
                }
            }
        });
        let next = || std::iter::repeat_with(|| ring.pop()).find_map(|item| item);
        (0..ITEMS).filter_map(|_| next()).sum()
    });
    println!("{} items came out, and their sum is {sum}", ring.popped());
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn items_come_out_in_order() {
        interleavings::check(|| {
            let ring = Ring::new();
            assert!(ring.push(1) && ring.push(2));
            assert!(!ring.push(3));
            assert_eq!([ring.pop(), ring.pop(), ring.pop()], [Some(1), Some(2), None]);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/atomics/atomic_ring.rs"]
mod judge;
