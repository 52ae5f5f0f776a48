//! Judges `atomic_publish`: nobody sees a half of it, or what was there before.

use std::thread;

use super::*;

/// One thread publishes, two read: nothing, or all of it.
fn one_publishes_two_read() {
    let report = Report::new();
    thread::scope(|scope| {
        let writer = scope.spawn(|| report.publish(3, 6));
        let one_reader = scope.spawn(|| report.read());
        let other_reader = scope.spawn(|| report.read());
        for reader in [one_reader, other_reader] {
            let Some((count, total)) = reader.join().unwrap() else { continue };
            assert!(
                (count, total) == (3, 6),
                "a reader saw the flag but not all numbers: {count} and {total}",
            );
        }
        writer.join().unwrap();
    });
    let last = report.read();
    assert!(last == Some((3, 6)), "3 and 6 were published, but {last:?} is read");
}

/// Somebody reads what nobody has published.
fn nothing_is_published() {
    let report = Report::new();
    let early = report.read();
    assert!(early.is_none(), "{early:?} was read before anything was published");
}

/// What a number costs shows in what comes with it. A store with more than `Relaxed`
/// publishes all that its thread has done before, here the note.
fn a_number_comes_before_the_flag() -> bool {
    let (report, note) = (Report::new(), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            note.store(true, Ordering::Relaxed);
            report.publish(3, 6);
        });
        let reader = scope.spawn(|| {
            let count = report.count.load(Ordering::Acquire);
            let total = report.total.load(Ordering::Acquire);
            (count, total) != (0, 0) && !note.load(Ordering::Relaxed)
        });
        reader.join().unwrap()
    })
}

/// A load with more than `Relaxed` takes over what was done before such a store.
fn the_numbers_come_after_the_flag() -> bool {
    let (report, note) = (Report::new(), AtomicBool::new(false));
    report.published.store(true, Ordering::Relaxed);
    thread::scope(|scope| {
        scope.spawn(|| {
            note.store(true, Ordering::Relaxed);
            report.count.store(3, Ordering::Release);
            report.total.store(6, Ordering::Release);
        });
        let reader = scope.spawn(|| {
            let seen = report.read().is_some_and(|numbers| numbers != (0, 0));
            seen && !note.load(Ordering::Relaxed)
        });
        reader.join().unwrap()
    })
}

#[test]
fn only_the_flag_costs_more_than_relaxed() {
    let relaxed = |outcomes: interleavings::Outcomes<bool>| outcomes.contains(&true);
    assert!(
        relaxed(interleavings::outcomes(a_number_comes_before_the_flag)),
        "`publish` stores the numbers with more than `Relaxed`: only the flag may cost \
         more, and it has to do for all of them",
    );
    assert!(
        relaxed(interleavings::outcomes(the_numbers_come_after_the_flag)),
        "`read` loads the numbers with more than `Relaxed`: only the flag may cost \
         more, and it has to do for all of them",
    );
}

#[test]
fn who_sees_the_flag_sees_the_numbers() {
    interleavings::check(one_publishes_two_read);
    real_threads::run(one_publishes_two_read);
}

#[test]
fn before_it_is_published_there_is_nothing() {
    interleavings::check(nothing_is_published);
    real_threads::run(nothing_is_published);
}
