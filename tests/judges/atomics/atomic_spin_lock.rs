//! Judges `atomic_spin_lock`: one holder at a time, who sees what the last one wrote.

use std::sync::atomic::AtomicU32;
use std::thread;

use super::*;

/// Two threads are inside, in turns, with an eye on each other.
fn one_at_a_time(visits: usize) {
    let lock = SpinLock::new();
    let inside = AtomicU32::new(0);
    let visit = || {
        let _guard = lock.lock();
        // Relaxed: an update always sees the newest value.
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

/// Two threads raise a counter that only the lock makes right.
fn writes_are_handed_over() {
    let (lock, counter) = (SpinLock::new(), AtomicU64::new(0));
    let count = || {
        let _guard = lock.lock();
        raise(&counter);
    };
    thread::scope(|scope| {
        let ada = scope.spawn(|| [count(), count()]);
        let edsger = scope.spawn(count);
        ada.join().unwrap();
        edsger.join().unwrap();
    });
    let value = counter.into_inner();
    assert!(
        value == 3,
        "a holder did not see the last one's write: 3 raises made {value}"
    );
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
