//! Judges `queue_backpressure`: nothing is lost, and little is waiting.

use std::sync::{Arc, Mutex};

use super::*;

/// Lines that were accepted, and lines that the writer has taken into its hands.
#[derive(Default)]
struct Counts {
    accepted: usize,
    begun: usize,
}

fn no_more_than(room: usize, lines_each: u32) {
    let counts = Arc::new(Mutex::new(Counts::default()));
    let writing = Arc::clone(&counts);
    let log = Log::start(room, move |_| writing.lock().unwrap().begun += 1);
    thread::scope(|scope| {
        for producer in 0..2 {
            let (log, counts) = (&log, &counts);
            scope.spawn(move || {
                for line in 0..lines_each {
                    log.log(producer * 10 + line);
                    let mut counts = counts.lock().unwrap();
                    counts.accepted += 1;
                    // The writer may have one in its hands that it has not counted.
                    let waiting = counts.accepted.saturating_sub(counts.begun + 1);
                    assert!(waiting <= room, "waiting lines: {waiting}, room: {room}");
                }
            });
        }
    });
    log.finish();
    let counts = counts.lock().unwrap();
    let lost = counts.accepted - counts.begun;
    assert!(lost == 0, "{lost} of {} accepted lines were lost", counts.accepted);
}

#[test]
fn the_room_is_never_exceeded_and_nothing_is_lost() {
    interleavings::check(|| no_more_than(1, 2));
    real_threads::run(|| no_more_than(1, 200));
}

/// The writer is at its first line for two hours, and after one somebody looks how far
/// the producer has come. The clock goes on only when nobody can run.
fn all_of_the_room(room: usize) {
    let hour = Duration::from_secs(3600);
    let log = Log::start(room, move |line| {
        if line == 0 {
            thread::sleep(2 * hour);
        }
    });
    let accepted = Mutex::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for line in 0..room as u32 + 3 {
                log.log(line);
                *accepted.lock().unwrap() += 1;
            }
        });
        thread::sleep(hour);
        let accepted = *accepted.lock().unwrap();
        let waiting = accepted - 1;
        assert!(
            waiting == room,
            "lines that wait for the writer, which has one in its hands: {waiting}, \
             room: {room}"
        );
    });
    log.finish();
}

#[test]
fn all_of_the_room_is_used() {
    for room in 0..=3 {
        interleavings::Checker::new().preemptions(0).check(|| all_of_the_room(room));
    }
}

#[test]
fn each_producer_keeps_its_order() {
    let body = || {
        let (written, lines) = mpsc::channel();
        let log = Log::start(1, move |line| written.send(line).unwrap());
        thread::scope(|scope| {
            scope.spawn(|| (1..=2).for_each(|line| log.log(line)));
            scope.spawn(|| (11..=12).for_each(|line| log.log(line)));
        });
        log.finish();
        let lines: Vec<u32> = lines.iter().collect();
        assert!(lines.len() == 4, "lines were lost or doubled: {lines:?}");
        let (first, second): (Vec<u32>, Vec<u32>) =
            lines.iter().partition(|n| **n < 10);
        let kept = first == [1, 2] && second == [11, 12];
        assert!(kept, "a line has overtaken another one of its producer: {lines:?}");
    };
    interleavings::check(body);
    real_threads::run(body);
}

#[test]
fn a_producer_sleeps_while_there_is_no_room() {
    // The checker's clock goes on only when nobody has anything to do: who asks again
    // and again never lets the writer's hour pass.
    interleavings::check(|| {
        let log = Log::start(1, |_| thread::sleep(Duration::from_secs(3600)));
        (1..=3).for_each(|line| log.log(line));
        log.finish();
    });
}
