//! Runs an answer on real threads, under a watchdog: nothing that a reader writes hangs.
//!
//! The checker `interleavings` decides whether an answer is right. One run on real
//! threads beside it shows that the answer also works outside of the checker, and
//! judges what the checker cannot see: threads of crossbeam and rayon, thread-local
//! values, names and stacks.

/// The real clock. In a test build `std::time::Instant` is the checker's, which a crate
/// such as crossbeam does not take; this is what its `at` and `recv_deadline` want.
pub use std::time::Instant;

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write;
use std::panic::{self, PanicHookInfo};
use std::path::Path;
use std::process;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// After so long an answer has hung. Every exercise takes a small part of it.
const LIMIT: Duration = Duration::from_secs(8);

/// The name of the thread that runs a body.
const BODY: &str = "the test";

/// Whether a body has hung in this process. Its threads may still take the cores, so
/// what comes after it would hang too, or fail for a reason that is not its own.
static HUNG: AtomicBool = AtomicBool::new(false);

/// Runs `body` once on real threads and returns what it returns.
///
/// # Panics
///
/// With the panic of `body`; or, when `body` has not ended after 8 s, with a sentence
/// that names the threads that are still there. These are left behind: nothing can end
/// them, and they end with the process. After that, at once: one hang is enough.
pub fn run<R: Send + 'static>(body: impl FnOnce() -> R + Send + 'static) -> R {
    // Relaxed: it says nothing about other memory.
    if HUNG.load(Relaxed) {
        panic!("not run on real threads: another part of this test hangs there");
    }
    sentences_first();
    let before = threads();
    let (result, results) = mpsc::channel();
    let runner = thread::Builder::new()
        .name(BODY.into())
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
        Err(RecvTimeoutError::Timeout) => {
            HUNG.store(true, Relaxed);
            panic!("{}", hang(&before))
        }
        Err(RecvTimeoutError::Disconnected) => {
            unreachable!("the outcome is always sent")
        }
    }
}

/// Ends the process with exit code 1 when it is still there after 8 s, with a sentence
/// that names its threads. Call it first in `main`.
///
/// # Panics
///
/// When the system refuses a thread.
pub fn end_if_stuck() {
    let before = BTreeSet::new();
    thread::Builder::new()
        .name("watchdog".into())
        .spawn(move || {
            // The end of `main` ends this thread too.
            thread::sleep(LIMIT);
            eprintln!("{}", hang(&before));
            process::exit(1);
        })
        .unwrap_or_else(|error| panic!("the system refuses a thread: {error}"));
}

/// Lets a panic begin with its sentence, as the checker's reports do. [`run`] calls it;
/// a test that judges outside of it, what the checker has collected, calls it first.
pub fn sentences_first() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // The checker's own functions: panics in an exploration stay in its report.
        let usual = interleavings::panic::take_hook();
        interleavings::panic::set_hook(Box::new(move |info| match told(info) {
            Some(sentence) if env::var_os("RUST_BACKTRACE").is_none() => {
                eprintln!("{sentence}");
            }
            _ => usual(info),
        }));
    });
}

/// A panic in a sentence; `None` if it carries no text.
fn told(info: &PanicHookInfo<'_>) -> Option<String> {
    let (sentence, at) = (info.payload_as_str()?, info.location()?);
    let line = at.line();
    // Judge and exercise often have the same name.
    let place = if interleavings::is_test(at.file()) {
        format!("line {line} of the test")
    } else {
        format!("{}:{line}", Path::new(at.file()).file_name()?.display())
    };
    let thread = thread::current();
    let thread = match thread.name() {
        // The test's own, on which the answer is called: the checker calls it `main`.
        Some(name) if name == BODY || name.contains("::") => "main".to_owned(),
        Some(name) => format!("thread `{name}`"),
        None => "a thread".to_owned(),
    };
    Some(format!("{sentence} ({thread} panicked at {place})"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_comes_back() {
        assert_eq!(run(|| 6 * 7), 42);
    }

    #[test]
    #[should_panic(expected = "the answer is wrong")]
    fn a_panic_comes_back() {
        run(|| panic!("the answer is wrong"));
    }
}
