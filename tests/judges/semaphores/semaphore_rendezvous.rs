//! Judges `semaphore_rendezvous`: nobody goes on alone, in no round.

use std::sync::atomic::{AtomicUsize, Ordering};

use interleavings::Checker;

use super::*;

/// Looks at every interleaving; first at those without a preemption, where a thread that
/// does not sleep while it waits is noticed at once.
fn check(body: impl Fn() + Send + Sync) {
    sleeps(&body);
    interleavings::check(body);
}

fn sleeps(body: impl Fn() + Send + Sync) {
    let coverage = Checker::new().preemptions(0).max_steps(10_000).check(body);
    assert!(
        coverage.busy_waits.is_empty(),
        "a waiting thread looks again and again, at {}, where it should sleep",
        coverage.busy_waits[0],
    );
}

const MEETINGS: usize = 2;

fn two_threads_meet_twice() {
    let meeting = Meeting::new();
    let came = [AtomicUsize::new(0), AtomicUsize::new(0)];
    thread::scope(|scope| {
        for me in [0, 1] {
            let (meeting, came) = (&meeting, &came);
            scope.spawn(move || {
                for round in 1..=MEETINGS {
                    came[me].store(round, Ordering::SeqCst);
                    meeting.meet(me);
                    let other = came[1 - me].load(Ordering::SeqCst);
                    assert!(
                        other >= round,
                        "went on alone: thread {me} left meeting {round} before the \
                         other one had come to it",
                    );
                }
            });
        }
    });
}

#[test]
fn nobody_goes_on_alone() {
    check(two_threads_meet_twice);
    real_threads::run(two_threads_meet_twice);
}
