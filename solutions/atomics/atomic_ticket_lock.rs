//! Goal:   a spin lock that lets threads in by the order in which they asked.
//! Given:  two counters as at a baker's shop: the next ticket, and the one being served.
//! Answer: everybody waits for the own number, and whoever leaves calls the next one.
//! Check:  cargo test --bin atomic_ticket_lock_sol
//! Read:   book/src/orderings.md, the part on spin locks

use std::hint;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

struct TicketLock {
    /// The ticket that the next one who asks will draw.
    next: AtomicU32,
    /// The ticket that may be inside.
    serving: AtomicU32,
}

/// Holds a [`TicketLock`] until it is dropped.
struct Guard<'a>(&'a TicketLock);

impl TicketLock {
    fn new() -> Self {
        Self { next: AtomicU32::new(0), serving: AtomicU32::new(0) }
    }

    /// Draws a ticket: the place in the line. Whoever has one must `enter` with it.
    fn draw(&self) -> u32 {
        // Relaxed: the tickets differ, whatever the order of other accesses.
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Waits until it is `ticket`'s turn; spins politely meanwhile.
    fn wait_for(&self, ticket: u32) {
        // Acquire: pairs with the Release of the holder before, in `call_next`.
        while self.serving.load(Ordering::Acquire) != ticket {
            hint::spin_loop();
        }
    }

    /// Lets the next ticket in. Only the holder calls this, also when it panics.
    fn call_next(&self) {
        // Only the holder changes `serving`, so one more is exactly the next ticket.
        // Release: pairs with the Acquire in `wait_for`.
        self.serving.fetch_add(1, Ordering::Release);
    }

    fn enter(&self, ticket: u32) -> Guard<'_> {
        self.wait_for(ticket);
        Guard(self)
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.call_next();
    }
}

fn main() {
    real_threads::end_if_stuck();
    let lock = TicketLock::new();
    thread::scope(|scope| {
        for _ in 0..3 {
            let (lock, ticket) = (&lock, lock.draw());
            scope.spawn(move || {
                let _guard = lock.enter(ticket);
                println!("ticket {ticket} is served");
            });
        }
    });
    println!("{} tickets were drawn", lock.next.into_inner());
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn tickets_are_served_in_turn() {
        interleavings::check(|| {
            let lock = TicketLock::new();
            drop(lock.enter(lock.draw()));
            drop(lock.enter(lock.draw()));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/atomics/atomic_ticket_lock.rs"]
mod judge;
