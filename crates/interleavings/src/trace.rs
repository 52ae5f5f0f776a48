//! A schedule as data: what the terminal report, the page and the book are made of.
//!
//! # The format
//!
//! A trace is one JSON object, in UTF-8. Its field `version` is 1; a field may be
//! added without a new version, so readers skip what they do not know. Threads and
//! objects are numbered from 0 and meant by these numbers everywhere; steps are in
//! the order in which they happened. Thread 0 runs the body and is called `main`.
//! Lines and columns count from 1.
//!
//! ```json
//! {
//!   "version": 1,
//!   "title": "transfer_both_ways",
//!   "file": "…",
//!   "verdict": {
//!     "kind": "deadlock",
//!     "sentence": "Deadlock: main holds `a` (line 7) and waits for `b` (line 8); …",
//!     "details": ["main waits at line 12 for thread 1 to end"],
//!     "hint": "Take the locks in the same order everywhere."
//!   },
//!   "threads": [{"id": 0, "name": "main", "spawned_at": {"file": "…", "line": 3}}],
//!   "objects": [{"id": 0, "kind": "mutex", "name": "a", "type": "Mutex<u32>",
//!                "created_at": {"file": "…", "line": 4}}],
//!   "sources": [{"file": "…", "first_line": 1, "lines": ["…"]}],
//!   "skipped": 0,
//!   "steps": [{"thread": 0, "op": "lock", "object": 0, "text": "locks `a`",
//!              "location": {"file": "…", "line": 7}, "value": null,
//!              "blocks": false, "failed": false, "preempts": null, "choice": null,
//!              "holds": [[0, 0]], "waits": [[1, 0]]}],
//!   "coverage": {"interleavings": 12, "text": "12 interleavings, …"},
//!   "replay": "2x0.1"
//! }
//! ```
//!
//! `verdict.kind` is one of `panic`, `deadlock`, `self-deadlock`, `self-join`,
//! `missed-notification`, `no-notification`, `woken-in-vain`, `no-message`, `no-room`,
//! `forgotten-guard`, `one-after-another`, `never-unparked`, `barrier`,
//! `left-waiting`, `left-running`, `busy-wait`, `endless`, `too-many-threads`,
//! `nothing-to-explore`, `not-repeatable`, `hangs`, `dies`. `objects[].kind` is one of `mutex`, `rwlock`,
//! `condvar`, `barrier`, `once`, `channel`, `atomic`, `scope`, `rendezvous`.
//!
//! `file` is the one of the program, rather than of its test, that most steps are in:
//! a sentence that names a line without a file means this one.
//! `skipped` steps came before the first of `steps`.
//! `steps[].op` is a short name such as `lock`, `wait`, `notify-one`, `load`.
//! `blocks` says that the thread got no further than this line; its next step, if
//! there is one, ends the wait. `failed` marks a call that returned without success.
//! `preempts` is the thread that could have gone on instead. `choice` is `spurious`,
//! `time-out` or `stale-read` when the step depends on such a choice. `holds` and
//! `waits` are the situation after the step, as pairs of a thread and an object.

use serde::{Deserialize, Serialize};

/// A place in the reader's program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The file as the compiler calls it, but without detours.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl Place {
    pub(crate) fn new(file: &str, line: u32) -> Self {
        Self { file: direct(file), line }
    }
}

/// The path without `folder/..`, with which one begins that an attribute `#[path]` names.
pub(crate) fn direct(path: &str) -> String {
    if !path.contains("..") {
        return path.to_owned();
    }
    let mut parts = Vec::new();
    for part in path.split(['/', '\\']) {
        match (part, parts.last()) {
            ("..", Some(&last)) if last != ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// One of the names listed in the format.
    pub kind: String,
    /// The mistake in one sentence.
    pub sentence: String,
    /// More sentences: what the other threads do meanwhile.
    pub details: Vec<String>,
    /// What usually helps.
    pub hint: Option<String>,
}

/// A thread of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadInfo {
    /// Its number.
    pub id: usize,
    /// Its name, from its builder or its handle's variable, or `thread 2`.
    pub name: String,
    /// Where it was started.
    pub spawned_at: Place,
}

/// A lock, an atomic, a channel, …
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectInfo {
    /// Its number.
    pub id: usize,
    /// One of the kinds listed in the format.
    pub kind: String,
    /// The reader's name for it, or a description such as `the mutex of line 4`.
    pub name: String,
    /// Its type without module paths; empty when that says no more than the kind.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Where it was constructed.
    pub created_at: Place,
}

/// A piece of a source file that steps point to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The file, as in [`Place`].
    pub file: String,
    /// The number of the first line.
    pub first_line: u32,
    /// The lines, without their ends.
    pub lines: Vec<String>,
}

/// One step of the schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Who did it.
    pub thread: usize,
    /// What it was, in one word.
    pub op: String,
    /// What it was done with.
    pub object: Option<usize>,
    /// What it was, in words that continue the thread's name.
    pub text: String,
    /// Where.
    pub location: Place,
    /// The value read, written, or left behind.
    pub value: Option<String>,
    /// The thread got no further.
    pub blocks: bool,
    /// The call returned without success.
    pub failed: bool,
    /// The thread that could have gone on instead.
    pub preempts: Option<usize>,
    /// `spurious`, `time-out` or `stale-read`.
    pub choice: Option<String>,
    /// Who holds what after this step: pairs of thread and object.
    pub holds: Vec<(usize, usize)>,
    /// Who waits for what after this step: pairs of thread and object.
    pub waits: Vec<(usize, usize)>,
}

/// How much was explored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explored {
    /// Different interleavings that were run.
    pub interleavings: u64,
    /// The same in words.
    pub text: String,
}

/// A schedule with everything needed to show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The format's version, 1.
    pub version: u32,
    /// The test's name.
    pub title: String,
    /// The program's file: a line that is named without a file is in this one.
    #[serde(default)]
    pub file: String,
    /// What is wrong.
    pub verdict: Verdict,
    /// The threads, by number.
    pub threads: Vec<ThreadInfo>,
    /// The objects, by number.
    pub objects: Vec<ObjectInfo>,
    /// The source lines that the steps point to.
    pub sources: Vec<Source>,
    /// Steps before those, left out because there are too many.
    pub skipped: usize,
    /// The steps, in the order in which they happened.
    pub steps: Vec<Step>,
    /// How much was explored.
    pub coverage: Explored,
    /// The schedule, for `INTERLEAVINGS_REPLAY`.
    pub replay: String,
}

impl Trace {
    /// The trace as JSON, on one line.
    ///
    /// # Panics
    ///
    /// Never: the trace holds nothing that JSON cannot.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers are valid JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::direct;

    #[test]
    fn a_path_has_no_detours() {
        for (path, right) in [
            ("src/main.rs", "src/main.rs"),
            ("exercises/locks/../../tests/judge.rs", "tests/judge.rs"),
            (r"exercises\locks\../../tests/judge.rs", "tests/judge.rs"),
            ("../other/src/lib.rs", "../other/src/lib.rs"),
            ("/a/b/../c.rs", "/a/c.rs"),
        ] {
            assert_eq!(direct(path), right);
        }
    }
}
