//! Judges `condition_readers_writers`: writers alone, readers together, nobody overtaken.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use interleavings::Checker;

use super::*;

/// Looks at every interleaving. Who waits is to sleep.
fn check(body: impl Fn() + Send + Sync) {
    sleeps(a_writer_comes_before_a_reader);
    sleepers().check(body);
}

fn sleeps(body: impl Fn() + Send + Sync) {
    sleepers().preemptions(0).check(body);
}

fn sleepers() -> Checker {
    Checker::new().allow_busy_waits(false)
}

const SECOND: Duration = Duration::from_secs(1);

/// So many readers and writers come in once.
fn all_come_in(readers: usize, writers: usize) {
    let door = Door::new();
    let (reading, writing) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..writers {
            scope.spawn(|| {
                door.begin_write();
                let others = writing.fetch_add(1, Ordering::SeqCst);
                assert!(others == 0, "two writers were inside at once");
                let readers = reading.load(Ordering::SeqCst);
                assert!(readers == 0, "a writer came in when a reader was inside");
                writing.fetch_sub(1, Ordering::SeqCst);
                door.end_write();
            });
        }
        for _ in 0..readers {
            scope.spawn(|| {
                door.begin_read();
                reading.fetch_add(1, Ordering::SeqCst);
                let writers = writing.load(Ordering::SeqCst);
                assert!(writers == 0, "a reader came in when a writer was inside");
                reading.fetch_sub(1, Ordering::SeqCst);
                door.end_read();
            });
        }
    });
    let Inside { readers, is_writing, waiting_writers } =
        door.inside.into_inner().unwrap();
    assert!(
        readers == 0 && !is_writing,
        "all have left, and somebody is counted inside"
    );
    assert!(
        waiting_writers == 0,
        "all writers have come and gone, and {waiting_writers} are counted as waiting",
    );
}

#[test]
fn a_writer_is_alone() {
    check(|| all_come_in(1, 2));
    check(|| all_come_in(2, 1));
    real_threads::run(|| all_come_in(2, 2));
}

#[test]
fn two_readers_and_two_writers_all_come_in() {
    Checker::new().preemptions(1).check(|| all_come_in(2, 2));
}

fn readers_meet() {
    let door = Door::new();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                door.begin_read();
                interleavings::rendezvous(2);
                door.end_read();
            });
        }
    });
}

#[test]
fn readers_are_inside_together() {
    check(readers_meet);
    real_threads::run(readers_meet);
}

/// A writer comes while a reader is inside, and then another reader.
///
/// Nobody is preempted here and virtual time passes only when nobody can run, so the
/// writer sleeps by the time the second reader comes.
fn a_writer_comes_before_a_reader() {
    let door = Door::new();
    let order = Mutex::new(Vec::new());
    door.begin_read();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(SECOND);
            door.begin_write();
            order.lock().unwrap().push("the writer");
            door.end_write();
        });
        scope.spawn(|| {
            thread::sleep(SECOND * 2);
            door.begin_read();
            order.lock().unwrap().push("the reader");
            door.end_read();
        });
        thread::sleep(SECOND * 3);
        door.end_read();
    });
    let order = order.into_inner().unwrap();
    assert!(
        order == ["the writer", "the reader"],
        "a waiting writer was overtaken: the reader came after it and went in first",
    );
}

#[test]
fn a_waiting_writer_is_not_overtaken() {
    sleeps(a_writer_comes_before_a_reader);
}

/// As before, at any time: the reader looks whether the writer waits when it comes.
fn the_reader_comes_later() {
    let door = Door::new();
    let order = Mutex::new(Vec::new());
    door.begin_read();
    let later = thread::scope(|scope| {
        scope.spawn(|| {
            door.begin_write();
            order.lock().unwrap().push("the writer");
            door.end_write();
        });
        let reader = scope.spawn(|| {
            let later = door.inside.lock().unwrap().waiting_writers > 0;
            door.begin_read();
            order.lock().unwrap().push("the reader");
            door.end_read();
            later
        });
        door.end_read();
        reader.join().unwrap()
    });
    let order = order.into_inner().unwrap();
    assert!(
        !later || order == ["the writer", "the reader"],
        "a waiting writer was overtaken: the reader came after it and went in first",
    );
}

#[test]
fn a_waiting_writer_is_not_overtaken_in_any_interleaving() {
    check(the_reader_comes_later);
    real_threads::run(the_reader_comes_later);
}
