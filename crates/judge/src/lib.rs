//! Runs an answer on real threads, under a watchdog.
//!
//! The checker `interleavings` decides whether an answer is right. One run on real
//! threads beside it shows that the answer also works outside of the checker, and
//! judges what the checker cannot see: threads of crossbeam and rayon, thread-local
//! values, names and stacks.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::panic;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// After so long an answer has hung. Every exercise takes a small part of it.
const LIMIT: Duration = Duration::from_secs(8);

/// After so long those who have not come to a [`Rendezvous`] will not come any more.
const MEETING_LIMIT: Duration = Duration::from_secs(5);

/// Runs `body` once on real threads and returns what it returns.
///
/// # Panics
///
/// With the panic of `body`; or, when `body` has not ended after 8 s, with a sentence
/// that names the threads that are still there. These are left behind: nothing can end
/// them, and they end with the process.
pub fn on_real_threads<R: Send + 'static>(
    body: impl FnOnce() -> R + Send + 'static,
) -> R {
    let before = threads();
    let (result, results) = mpsc::channel();
    let runner = thread::Builder::new()
        .name("the test".into())
        .spawn(move || {
            let outcome = panic::catch_unwind(panic::AssertUnwindSafe(body));
            // Nobody listens any more when the time was up.
            let _ = result.send(outcome);
        })
        .unwrap_or_else(|error| panic!("the system refuses a thread: {error}"));
    match results.recv_timeout(LIMIT) {
        Ok(Ok(value)) => {
            runner.join().expect("the outcome was caught");
            value
        }
        Ok(Err(payload)) => panic::resume_unwind(payload),
        Err(RecvTimeoutError::Timeout) => panic!("{}", hang(&before)),
        Err(RecvTimeoutError::Disconnected) => {
            unreachable!("the outcome is always sent")
        }
    }
}

fn hang(before: &BTreeSet<(u64, String)>) -> String {
    let mut text =
        format!("the program hangs on real threads: it still runs after {LIMIT:?}");
    let after = threads();
    let left: Vec<_> =
        after.difference(before).map(|(_, name)| name.as_str()).collect();
    if !left.is_empty() {
        let _ = write!(text, "; still there: {}", left.join(", "));
    }
    text
}

/// The threads of this process with their names, where the system tells.
fn threads() -> BTreeSet<(u64, String)> {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let thread = |entry: std::fs::DirEntry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        // A thread may end between the listing and this.
        let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
        Some((id, name.trim_end().to_owned()))
    };
    tasks.filter_map(thread).collect()
}

/// A place where `parties` threads must be at the same time.
///
/// It proves that jobs overlap, without a clock: each waits for the others, and jobs
/// that run one after another never meet.
#[derive(Clone, Debug)]
pub struct Rendezvous {
    shared: Arc<(Mutex<Meeting>, Condvar)>,
    parties: usize,
}

#[derive(Debug, Default)]
struct Meeting {
    /// Names of those who are waiting.
    waiting: Vec<String>,
    /// How many times all parties met.
    met: usize,
}

impl Rendezvous {
    /// A place for `parties` threads.
    #[must_use]
    pub fn new(parties: usize) -> Self {
        Self { shared: Arc::default(), parties }
    }

    /// Waits until all parties have come; the next meeting is a new one.
    ///
    /// # Panics
    ///
    /// After 5 s, with the sentence that the jobs ran one after another: `who`, such as
    /// "job 1", would have had to wait for a job that had not begun.
    pub fn meet(&self, who: &str) {
        let (meeting, changed) = &*self.shared;
        // A party that gave up has panicked; the others should say why, too.
        let mut meeting = meeting.lock().unwrap_or_else(PoisonError::into_inner);
        let round = meeting.met;
        meeting.waiting.push(who.to_owned());
        if meeting.waiting.len() == self.parties {
            meeting.waiting.clear();
            meeting.met += 1;
            changed.notify_all();
            return;
        }
        let deadline = Instant::now() + MEETING_LIMIT;
        while meeting.met == round {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let came = meeting.waiting.join(", ");
                let parties = self.parties;
                drop(meeting);
                panic!(
                    "the jobs ran one after another: {parties} should run at the same \
                     time, but while {came} waited no other began"
                );
            }
            meeting = changed
                .wait_timeout(meeting, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// How many times all parties have met.
    #[must_use]
    pub fn met(&self) -> usize {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner).met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_comes_back() {
        assert_eq!(on_real_threads(|| 6 * 7), 42);
    }

    #[test]
    #[should_panic(expected = "the answer is wrong")]
    fn a_panic_comes_back() {
        on_real_threads(|| panic!("the answer is wrong"));
    }

    #[test]
    fn a_hang_names_the_threads_that_are_still_there() {
        let outcome = panic::catch_unwind(|| {
            on_real_threads(|| {
                let stuck = thread::Builder::new().name("stuck worker".into());
                // Nobody ever unparks it; it ends with the process.
                let stuck = stuck
                    .spawn(|| {
                        loop {
                            thread::park();
                        }
                    })
                    .unwrap();
                stuck.join().unwrap();
            });
        });
        let message = *outcome.unwrap_err().downcast::<String>().unwrap();
        assert!(message.starts_with("the program hangs on real threads"), "{message}");
        if cfg!(target_os = "linux") {
            assert!(message.contains("stuck worker"), "{message}");
        }
    }

    #[test]
    fn those_who_run_at_the_same_time_meet_again_and_again() {
        let place = Rendezvous::new(2);
        thread::scope(|scope| {
            for who in ["job 1", "job 2"] {
                let place = &place;
                scope.spawn(move || (0..10).for_each(|_| place.meet(who)));
            }
        });
        assert_eq!(place.met(), 10);
    }

    #[test]
    #[should_panic(expected = "the jobs ran one after another")]
    fn who_comes_alone_is_told_why() {
        Rendezvous::new(2).meet("job 1");
    }
}
