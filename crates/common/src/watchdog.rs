//! Turns a hang into a failing end that says who was last seen doing what.

use std::fmt::Write;
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::measure::duration;
use crate::{output, timeline};

/// Ends the process with exit code 1 when no [`Actor`](crate::Actor) did anything for
/// `limit`; dropping the value calls the watchdog off.
///
/// Every line said and every span or mark recorded, here or in a child process, counts
/// as doing something. So the limit bounds a silence, not the length of the work.
#[must_use = "a watchdog that is not kept is called off at once"]
#[derive(Debug)]
pub struct Watchdog {
    /// Never sent to: the watchdog's thread sees it closed when this value is dropped.
    _called_off: Sender<()>,
}

impl Watchdog {
    /// Starts watching; `what` is the subject of the diagnosis, such as "scene `race`".
    ///
    /// # Errors
    ///
    /// When the system refuses another thread.
    pub fn start(what: impl Into<String>, limit: Duration) -> io::Result<Self> {
        let what = what.into();
        let (called_off, calls) = mpsc::channel();
        let started = timeline::now();
        thread::Builder::new().name("watchdog".into()).spawn(move || {
            let mut wait = limit;
            // A value never comes, so a time-out is the only reason to go on.
            while calls.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                let silent_since = timeline::last_seen().at.max(started);
                let silent_for =
                    Duration::from_nanos(timeline::now().saturating_sub(silent_since));
                wait = limit.saturating_sub(silent_for);
                if wait.is_zero() {
                    output::complain(format_args!("{}", diagnosis(&what, silent_for)));
                    output::leave(1);
                }
            }
        })?;
        Ok(Self { _called_off: called_off })
    }
}

fn diagnosis(what: &str, silent_for: Duration) -> String {
    let silent_for = duration(silent_for.as_secs_f64());
    let mut text = format!("hung: {what} did nothing for {silent_for}");
    let actors = timeline::last_seen().actors;
    if !actors.is_empty() {
        text += "; last seen:";
    }
    for actor in actors {
        let _ = write!(text, "\n  {actor}");
    }
    text
}
