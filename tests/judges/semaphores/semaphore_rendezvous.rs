//! Judges `semaphore_rendezvous`: nobody goes on alone, in no round.

use std::sync::atomic::{AtomicUsize, Ordering};

use interleavings::Checker;

use super::*;

/// Looks at every interleaving. Who waits is to sleep.
fn check(body: impl Fn() + Send + Sync) {
    Checker::new().allow_busy_waits(false).check(body);
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
