//! Names the threads that wait in a circle for parking_lot's locks.
//!
//! With its feature `deadlock_detection` parking_lot keeps account of who holds what
//! and finds circles. It knows threads by their ids and hands over the call stack of
//! each; the names of the locks come from the spans that the actors have open.
//!
//! Source: parking_lot::deadlock

use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use common::timeline::{self, Activity};
use parking_lot::deadlock::check_deadlock;

/// Nothing wakes the one who looks for a deadlock: in a deadlock nothing happens.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Blocks until some of `threads` wait in a circle; returns a line about each of these.
///
/// The thread's name must be that of an [`Actor`](common::Actor) for the line to say
/// what it holds. The threads stay blocked for good.
pub fn wait_for_deadlock<T>(threads: &[JoinHandle<T>]) -> Vec<String> {
    loop {
        let stuck: Vec<_> = check_deadlock().into_iter().flatten().collect();
        // In the order of `threads`: that in which they were found means nothing.
        let lines: Vec<String> = threads
            .iter()
            .filter_map(|handle| {
                let thread = handle.thread();
                let found = stuck.iter().find(|it| it.thread_id() == thread.id())?;
                let mut frames = found.backtrace().frames().iter();
                // From the inside out: the first line of ours is where it waits.
                let place = frames.find_map(|frame| {
                    let mut symbols = frame.symbols().iter();
                    symbols.find_map(|it| place(it.filename()?, it.lineno()?))
                });
                Some(describe(thread.name().unwrap_or("a thread"), place))
            })
            .collect();
        if !lines.is_empty() {
            return lines;
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// `src/deadlock.rs:70` for a line of this crate.
fn place(file: &Path, line: u32) -> Option<String> {
    let ours = file.parent()?.ends_with("lock-demo/src");
    let name = file.file_name()?.display();
    ours.then(|| format!("src/{name}:{line}"))
}

/// `[teller 1] holds account 1, waits for account 2 at src/deadlock.rs:70`
fn describe(name: &str, place: Option<String>) -> String {
    let lanes = timeline::so_far().lanes;
    let spans = lanes.iter().filter(|lane| lane.actor == name).flat_map(|l| &l.spans);
    let open: Vec<String> = spans
        .filter(|span| span.open)
        .map(|span| match span.activity {
            Activity::Holds => format!("holds {}", span.label),
            Activity::Waits => format!("waits for {}", span.label),
            Activity::Works => format!("works on {}", span.label),
        })
        .collect();
    // Without debug information there are no lines to name.
    let place = place.map_or_else(String::new, |place| format!(" at {place}"));
    format!("[{name}] {}{place}", open.join(", "))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier};

    use common::Actor;
    use parking_lot::Mutex;

    use super::*;

    #[test]
    fn the_circle_is_named_and_who_waits_outside_is_not() {
        let locks = Arc::new([Mutex::new(()), Mutex::new(())]);
        let both_hold = Arc::new(Barrier::new(3));
        let start = |name: &'static str, holds: Option<usize>, wants: usize| {
            let (locks, both_hold) = (Arc::clone(&locks), Arc::clone(&both_hold));
            let me = Actor::new(name);
            let body = move || {
                let held = holds.map(|lock| (locks[lock].lock(), me.holds(lock)));
                both_hold.wait();
                let waiting = me.waits(wants);
                let _second = locks[wants].lock();
                drop((waiting, held));
            };
            thread::Builder::new().name(name.into()).spawn(body).unwrap()
        };
        let threads = [
            start("left", Some(0), 1),
            start("outside", None, 0),
            start("right", Some(1), 0),
        ];
        let lines = wait_for_deadlock(&threads);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("[left] holds 0, waits for 1"), "{lines:?}");
        assert!(lines[1].starts_with("[right] holds 1, waits for 0"), "{lines:?}");
    }
}
