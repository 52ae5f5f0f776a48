//! A thread that repeats a job until it is asked to stop, and that is never left behind.
//!
//! The request is a closed channel: nothing has to be sent, so a request cannot get
//! lost, and a thread that waits for it between two turns wakes at once.

use std::convert::Infallible;
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Repeats a job with a pause after each turn; dropping it stops the thread and waits
/// until it has ended.
///
/// A turn that has begun is finished first: no thread can be ended from outside.
pub struct Repeater {
    /// `None` once the thread has been joined.
    running: Option<Running>,
}

struct Running {
    /// Never used for sending; the thread stops when it is dropped.
    stop: Sender<Infallible>,
    thread: JoinHandle<()>,
}

impl Repeater {
    /// Starts a thread of this name with its first turn.
    ///
    /// # Errors
    ///
    /// When the system refuses another thread.
    pub fn start(
        name: &str,
        pause: Duration,
        mut job: impl FnMut() + Send + 'static,
    ) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            loop {
                job();
                if stopped.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
                    break;
                }
            }
        })?;
        Ok(Self { running: Some(Running { stop, thread }) })
    }

    /// Asks the thread to stop and waits until it has ended.
    ///
    /// # Errors
    ///
    /// The payload of the panic, if the job has panicked.
    pub fn stop(mut self) -> thread::Result<()> {
        self.ask_and_join()
    }

    fn ask_and_join(&mut self) -> thread::Result<()> {
        let Some(Running { stop, thread }) = self.running.take() else { return Ok(()) };
        // In this order: joining first would wait for ever.
        drop(stop);
        thread.join()
    }
}

impl Drop for Repeater {
    fn drop(&mut self) {
        // The panic hook has told of a panic; one more, while another may be on its
        // way, would abort the process. Who needs the payload calls `stop`.
        let _ = self.ask_and_join();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Long enough to tell a wake-up from the end of a pause.
    const AN_HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn the_job_is_repeated() {
        let (turn, turns) = mpsc::channel();
        let repeater =
            Repeater::start("test", Duration::ZERO, move || _ = turn.send(())).unwrap();
        assert_eq!(turns.iter().take(3).count(), 3);
        repeater.stop().unwrap();
    }

    #[test]
    fn a_stop_ends_the_pause() {
        let (turn, turns) = mpsc::channel();
        let repeater =
            Repeater::start("test", AN_HOUR, move || _ = turn.send(())).unwrap();
        turns.recv().unwrap();
        repeater.stop().unwrap();
        assert!(turns.recv().is_err(), "there was another turn");
    }

    #[test]
    fn dropping_waits_for_the_end() {
        let (turn, turns) = mpsc::channel();
        drop(Repeater::start("test", AN_HOUR, move || _ = turn.send(())).unwrap());
        turns.try_recv().expect("the turn that had begun is finished");
        let gone = turns.try_recv().unwrap_err();
        assert_eq!(gone, mpsc::TryRecvError::Disconnected, "the job is still there");
    }

    #[test]
    fn stop_hands_over_the_panic_and_drop_does_not() {
        let failing =
            || Repeater::start("test", AN_HOUR, || panic!("no paper")).unwrap();
        let payload = failing().stop().unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"no paper"));
        drop(failing());
    }
}
