//! Judges `pool_rayon_map` on rayon's real threads: in parallel, by position, once.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use super::*;

const LINES: [&str; 4] = ["0", "1", "2", "3"];

/// Runs the answer on four threads, however many processors there are.
fn on_four_threads(
    parse: impl Fn(&str) -> Result<u64, String> + Sync + Send + 'static,
) -> Result<Vec<u64>, String> {
    real_threads::run(|| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build();
        let pool = pool.expect("four threads can be started");
        pool.install(|| parse_all(&LINES, parse))
    })
}

/// The lines that were parsed, in the order in which that began.
#[derive(Default)]
struct Begun {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

impl Begun {
    fn note(&self, line: &str) {
        self.lines.lock().unwrap().push(line.to_owned());
        self.more.notify_all();
    }

    /// Waits for a time at most: the answer may never do what is waited for.
    fn wait_until(&self, so: impl Fn(&[String]) -> bool, seconds: u64) {
        let limit = Duration::from_secs(seconds);
        let lines = self.lines.lock().unwrap();
        let wait = self.more.wait_timeout_while(lines, limit, |lines| !so(lines));
        drop(wait.unwrap());
    }
}

#[test]
fn lines_are_parsed_at_the_same_time() {
    let _ = on_four_threads(|line| {
        interleavings::rendezvous(2);
        parse_number(line)
    });
}

#[test]
fn the_first_wrong_line_counts() {
    let begun = Begun::default();
    let result = on_four_threads(move |line| {
        begun.note(line);
        match line {
            "0" => {
                // The last line is wrong too, and is known to be first. Whoever keeps
                // that error leaves out the rest; else all lines are begun.
                begun.wait_until(|lines| lines.iter().any(|line| line == "3"), 3);
                begun.wait_until(|lines| lines.len() == 4, 1);
                Err("line 0".into())
            }
            "3" => Err("line 3".into()),
            _ => parse_number(line),
        }
    });
    assert!(
        result == Err("line 0".into()),
        "lines 0 and 3 were wrong, in time 3 before 0, and what came out is {result:?}"
    );
}

#[test]
fn the_values_are_in_the_order_of_the_lines() {
    let begun = Begun::default();
    let result = on_four_threads(move |line| {
        if line == "0" {
            begun.wait_until(|lines| lines.len() == 3, 3);
        }
        begun.note(line);
        parse_number(line)
    });
    assert!(
        result == Ok(vec![0, 1, 2, 3]),
        "the values are not in the order of the lines: {result:?}"
    );
}

#[test]
fn a_line_is_parsed_once() {
    let begun = std::sync::Arc::new(Begun::default());
    let theirs = std::sync::Arc::clone(&begun);
    let result = on_four_threads(move |line| {
        theirs.note(line);
        if line == "2" { Err("line 2".into()) } else { parse_number(line) }
    });
    assert!(
        result == Err("line 2".into()),
        "line 2 was wrong, and that made {result:?}"
    );
    let mut lines = begun.lines.lock().unwrap().clone();
    let calls = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert!(
        lines.len() == calls,
        "lines: {}, calls made for them: {calls}",
        lines.len()
    );
}

#[test]
fn a_good_line_is_parsed_once() {
    let begun = std::sync::Arc::new(Begun::default());
    let theirs = std::sync::Arc::clone(&begun);
    let result = on_four_threads(move |line| {
        theirs.note(line);
        parse_number(line)
    });
    assert!(
        result == Ok(vec![0, 1, 2, 3]),
        "no line was wrong, and that made {result:?}"
    );
    let calls = begun.lines.lock().unwrap().len();
    assert!(calls == 4, "lines: 4, calls made for them: {calls}");
}
