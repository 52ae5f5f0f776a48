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
