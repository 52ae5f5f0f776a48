//! Who waits with a limit of an hour: what can come, whenever the answer is sent?

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::outcomes::{self, Table};

const MINUTE: Duration = Duration::from_secs(60);

/// A row for each moment at which the answer may be sent.
///
/// # Errors
///
/// When there are too many interleavings to run all of them.
pub fn results() -> Table {
    let mut rows = Vec::new();
    for minutes in [30, 90] {
        let name = format!("answer sent after {minutes} minutes");
        rows.push((name, outcomes::all(move || ask(minutes * MINUTE))?));
    }
    // Nobody gives up before the hour is over: that would have no column, an error.
    outcomes::table(&["answered", "gave up after 1 h"], &rows)
}

fn ask(answer_takes: Duration) -> &'static str {
    let (answer, answers) = mpsc::channel();
    let asked = Instant::now();
    thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(answer_takes);
            // Who has given up hears nothing.
            let _ = answer.send(());
        });
        let answered = answers.recv_timeout(60 * MINUTE).is_ok();
        match asked.elapsed() >= 60 * MINUTE {
            _ if answered => "answered",
            true => "gave up after 1 h",
            false => "gave up before",
        }
    })
}
