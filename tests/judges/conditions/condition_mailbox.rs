//! Judges `condition_mailbox`: each letter arrives once, and nobody sleeps on.

use std::time::Duration;

use interleavings::Checker;

use super::*;

/// Looks at every interleaving. Who waits is to sleep.
fn check(body: impl Fn() + Send + Sync) {
    let sleepers = Checker::new().allow_busy_waits(false);
    sleepers.clone().preemptions(0).check(a_letter_and_room_come_late);
    sleepers.check(body);
}

/// Virtual time does not pass as long as anybody can run.
fn a_letter_and_room_come_late() {
    let mailbox = Mailbox::new();
    thread::scope(|scope| {
        scope.spawn(|| mailbox.take());
        thread::sleep(Duration::from_secs(1));
        mailbox.put(1);
    });
    mailbox.put(2);
    thread::scope(|scope| {
        scope.spawn(|| mailbox.put(3));
        thread::sleep(Duration::from_secs(1));
        mailbox.take();
    });
}

/// Two writers, two readers, one place.
fn two_write_and_two_read() {
    let mailbox = Mailbox::new();
    let mut got = thread::scope(|scope| {
        let mailbox = &mailbox;
        for letter in [1, 2] {
            scope.spawn(move || mailbox.put(letter));
        }
        let readers = [(); 2].map(|()| scope.spawn(|| mailbox.take()));
        readers.map(|reader| reader.join().unwrap())
    });
    got.sort_unstable();
    assert!(
        got == [1, 2],
        "a letter came twice, and another never: 1 and 2 were sent, {got:?} came",
    );
    let left = *mailbox.letter.lock().unwrap();
    assert!(left.is_none(), "all letters were taken, and one is still there");
}

#[test]
fn each_letter_arrives_once() {
    check(two_write_and_two_read);
    real_threads::run(two_write_and_two_read);
}

/// The box is full when the second letter comes.
fn a_letter_waits_for_room() {
    let mailbox = Mailbox::new();
    mailbox.put(1);
    thread::scope(|scope| {
        scope.spawn(|| mailbox.put(2));
        let first = mailbox.take();
        assert!(first == 1, "a letter was lost: letter {first} was put over letter 1");
        let second = mailbox.take();
        assert!(second == 2, "letter {second} came twice");
    });
}

#[test]
fn a_letter_is_not_overwritten() {
    check(a_letter_waits_for_room);
    real_threads::run(a_letter_waits_for_room);
}
