//! What a trace says about locks is true at the step at which it says it.

use interleavings::sync::Mutex;
use interleavings::{Checker, thread};

#[test]
fn locks_are_held_from_the_step_that_takes_them_and_every_wait_is_shown() {
    let failure = Checker::new()
        .explore(|| {
            let (a, b) = (Mutex::new(0), Mutex::new(0));
            thread::scope(|scope| {
                scope.spawn(|| {
                    let _first = a.lock().unwrap();
                    let _second = b.lock().unwrap();
                });
                scope.spawn(|| {
                    let _first = b.lock().unwrap();
                    let _second = a.lock().unwrap();
                });
            });
        })
        .unwrap_err();
    let trace = failure.trace();

    for (index, step) in trace.steps.iter().enumerate() {
        let before =
            index.checked_sub(1).map_or(&[][..], |i| &trace.steps[i].holds[..]);
        for hold in step.holds.iter().filter(|hold| !before.contains(hold)) {
            let takes = (step.op == "lock" && !step.blocks).then_some(step.thread);
            assert_eq!(
                takes,
                Some(hold.0),
                "step {index} shows a lock that it did not take"
            );
        }
    }
    let mut waiting: Vec<_> = trace
        .steps
        .iter()
        .filter(|s| s.op == "lock" && s.blocks)
        .map(|s| s.thread)
        .collect();
    waiting.sort_unstable();
    assert_eq!(waiting, [1, 2], "both threads wait at the end: {trace:#?}");
}
