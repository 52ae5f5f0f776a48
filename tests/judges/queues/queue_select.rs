//! Judges `queue_select` on real threads: what ends it, and what it costs to wait.

use std::fs;
use std::time::Instant;

use super::*;

const LONG: Duration = Duration::from_secs(5);
const SHORT: Duration = Duration::from_millis(100);

/// One input is closed from the start, the other is open for a moment more.
#[test]
fn an_input_that_is_closed_does_not_end_the_other() {
    real_threads::run(|| {
        for closed_is_first in [true, false] {
            let (sender, open) = bounded(0);
            let (_, closed) = unbounded();
            // A rendezvous: each number is sent only when somebody takes it.
            let sender = thread::spawn(move || (1..=3).all(|n| sender.send(n).is_ok()));
            let mut seen = Vec::new();
            let (first, second) =
                if closed_is_first { (closed, open) } else { (open, closed) };
            let end = merge(first, second, &never(), LONG, |n| seen.push(n));
            assert!(
                seen == [1, 2, 3],
                "one input was closed, and of 1, 2, 3 from the other came {seen:?}"
            );
            assert!(
                end == End::Closed,
                "both inputs were closed, but `merge` says {end:?}"
            );
            assert!(sender.join().unwrap(), "`merge` left before the input was closed");
        }
    });
}

#[test]
fn neither_input_starves() {
    real_threads::run(|| {
        for busy_is_first in [true, false] {
            let (busy, many) = unbounded();
            let (quiet, few) = unbounded();
            (0..2000).for_each(|_| busy.send(0).unwrap());
            quiet.send(1).unwrap();
            drop((busy, quiet));
            let mut seen = Vec::new();
            let (first, second) = if busy_is_first { (many, few) } else { (few, many) };
            merge(first, second, &never(), LONG, |n| seen.push(n));
            let before = seen.iter().position(|n| *n == 1);
            let before = before.expect("the only message of an input was lost");
            // By chance alone this many come first in 1 of 2^1000 runs.
            assert!(
                before < 1000,
                "a message waited behind {before} of the other input"
            );
        }
    });
}

#[test]
fn the_stop_signal_ends_it() {
    real_threads::run(|| {
        let (_kept_open, first) = unbounded();
        let (stop, stopped) = bounded(1);
        stop.send(()).unwrap();
        let end = merge(first, never(), &stopped, LONG, |_| ());
        assert!(end == End::Stopped, "it was told to stop, but says {end:?}");
    });
}

#[test]
fn the_limit_is_for_the_whole_call() {
    real_threads::run(|| {
        let (sender, first) = unbounded();
        let chatter = thread::spawn(move || {
            // Longer than the limit in all, with pauses shorter than the limit.
            for number in 0..60 {
                thread::sleep(SHORT / 5);
                if sender.send(number).is_err() {
                    return;
                }
            }
        });
        let start = Instant::now();
        let mut came = 0;
        let end = merge(first, never(), &never(), SHORT, |_| came += 1);
        assert!(end == End::TimedOut, "the limit was over, and it ended with {end:?}");
        assert!(
            came < 60,
            "messages prolonged the limit: all {came} of them came first"
        );
        assert!(start.elapsed() >= SHORT, "it gave up before the limit was over");
        chatter.join().unwrap();
    });
}

/// Where the system counts how often a thread went to sleep, or for how long it ran.
fn nothing_happens([first_is_open, second_is_open]: [bool; 2]) {
    let ((keep_first, first), (keep_second, second)) = (unbounded(), unbounded());
    let kept = [(first_is_open, keep_first), (second_is_open, keep_second)];
    // The others are dropped here.
    let kept: Vec<_> = kept.into_iter().filter(|(is_open, _)| *is_open).collect();
    let reason = match kept.len() {
        2 => "it polls",
        _ => "it spins, for an input that is closed is always ready",
    };
    let (switches, used) = (times_asleep(), time_used());
    let end = merge(first, second, &never(), SHORT * 4, |_| ());
    assert!(end == End::TimedOut, "the limit was over, and it ended with {end:?}");
    if let (Some(before), Some(after)) = (switches, times_asleep()) {
        let woke_up = after - before;
        assert!(
            woke_up < 30,
            "{reason}: it woke up {woke_up} times, and nothing had come"
        );
    }
    if let (Some(before), Some(after)) = (used, time_used()) {
        let used = after.saturating_sub(before);
        // Who sleeps needs a thousandth of it, who spins some part of the whole limit.
        assert!(
            used < SHORT / 10,
            "{reason}: it used {used:?} of the processor to wait"
        );
    }
}

#[test]
fn it_sleeps_while_nothing_happens() {
    real_threads::run(|| nothing_happens([true, true]));
}

#[test]
fn it_sleeps_while_one_input_is_closed() {
    real_threads::run(|| nothing_happens([false, true]));
    real_threads::run(|| nothing_happens([true, false]));
}

/// How often this thread has given up the processor by itself.
fn times_asleep() -> Option<u64> {
    let status = fs::read_to_string("/proc/thread-self/status").ok()?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line?.trim().parse().ok()
}

/// How long this thread has been running on a processor.
fn time_used() -> Option<Duration> {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = statistics.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}
