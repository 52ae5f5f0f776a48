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
                    assert!(
                        waiting <= room,
                        "{waiting} lines were waiting where there is room for {room}"
                    );
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
