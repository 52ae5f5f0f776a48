//! Judges `atomic_ticket_lock`: one at a time, in turn, and no ticket is left out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicU64;
use std::thread;

use super::*;

/// Three threads enter in the reverse order of their tickets.
fn tickets_come_in_reverse() {
    let lock = TicketLock::new();
    let served = AtomicU32::new(0);
    let enter = |ticket: u32| {
        let _guard = lock.enter(ticket);
        // Relaxed: an update always sees the newest value.
        let turn = served.fetch_add(1, Ordering::Relaxed);
        assert!(turn >= ticket, "a ticket was served before its turn");
        assert!(turn == ticket, "a ticket was overtaken");
    };
    let tickets = [lock.draw(), lock.draw(), lock.draw()];
    thread::scope(|scope| {
        let last = scope.spawn(|| enter(tickets[2]));
        let second = scope.spawn(|| enter(tickets[1]));
        let first = scope.spawn(|| enter(tickets[0]));
        for thread in [last, second, first] {
            thread.join().unwrap();
        }
    });
}

/// Two threads lock, one of them `visits` times, with an eye on each other.
fn one_at_a_time(visits: usize) {
    let lock = TicketLock::new();
    let inside = AtomicU32::new(0);
    let visit = || {
        let _guard = lock.enter(lock.draw());
        let before = inside.fetch_add(1, Ordering::Relaxed);
        assert!(before == 0, "two threads had the lock at once");
        inside.fetch_sub(1, Ordering::Relaxed);
    };
    thread::scope(|scope| {
        let ada = scope.spawn(|| (0..visits).for_each(|_| visit()));
        let edsger = scope.spawn(visit);
        ada.join().unwrap();
        edsger.join().unwrap();
    });
}

/// Two threads raise a value that only the lock makes right.
fn writes_are_handed_over() {
    let (lock, value) = (TicketLock::new(), AtomicU64::new(0));
    let raise = || {
        let _guard = lock.enter(lock.draw());
        let old = value.load(Ordering::Relaxed);
        value.store(old + 1, Ordering::Relaxed);
    };
    thread::scope(|scope| {
        let ada = scope.spawn(|| [raise(), raise()]);
        let edsger = scope.spawn(raise);
        ada.join().unwrap();
        edsger.join().unwrap();
    });
    let value = value.into_inner();
    assert!(
        value == 3,
        "a holder did not see the last one's write: 3 raises made {value}"
    );
}

/// The first of two holders panics.
fn a_holder_panics() {
    let lock = TicketLock::new();
    let ticket = lock.draw();
    thread::scope(|scope| {
        let careless = scope.spawn(|| {
            let panics = AssertUnwindSafe(|| {
                let _guard = lock.enter(ticket);
                panic!("a holder panics, as the judge wants it");
            });
            assert!(catch_unwind(panics).is_err());
        });
        let next = scope.spawn(|| drop(lock.enter(lock.draw())));
        careless.join().unwrap();
        next.join().unwrap();
    });
}

#[test]
fn tickets_are_served_in_turn() {
    interleavings::check(tickets_come_in_reverse);
    real_threads::run(tickets_come_in_reverse);
}

#[test]
fn one_thread_at_a_time_has_it() {
    interleavings::check(|| one_at_a_time(2));
    real_threads::run(|| one_at_a_time(2));
}

/// The line of source at a place such as `exercises/atomics/some.rs:35`.
fn line(place: &str) -> String {
    let (file, number) = place.rsplit_once(':').unwrap();
    let number: usize = number.parse().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().nth(number - 1).unwrap_or_default().to_owned()
}

#[test]
fn who_waits_spins_politely() {
    real_threads::sentences_first();
    let coverage = interleavings::check(|| one_at_a_time(1));
    // Every spin lock waits busily. The question is at which lines.
    for place in coverage.busy_waits {
        let code = line(&place);
        let polite = code.contains("spin_loop") || code.contains("yield_now");
        assert!(polite, "a waiting thread spun without `spin_loop`, at {place}");
    }
}

#[test]
fn what_a_holder_writes_the_next_one_sees() {
    interleavings::check(writes_are_handed_over);
    real_threads::run(writes_are_handed_over);
}

#[test]
fn a_panic_calls_the_next_ticket() {
    interleavings::check(a_holder_panics);
    real_threads::run(a_holder_panics);
}
