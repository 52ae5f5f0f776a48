//! Goal:   wait for a thread's result, but not for ever, and lose nothing.
//! Given:  a thread that sends its result when it is done.
//! Change: the body of `join_timeout`.
//! Check:  cargo test --bin thread_join_timeout
//! Read:   book/src/stopping.md and std::sync::mpsc::Receiver::recv_timeout

use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Work on a thread of its own.
struct Task<T> {
    thread: JoinHandle<()>,
    /// The thread's result; without one the sender is dropped when the thread panics.
    result: Receiver<T>,
}

impl<T: Send + 'static> Task<T> {
    fn start(work: impl FnOnce() -> T + Send + 'static) -> Self {
        let (sender, result) = mpsc::channel();
        let thread = thread::spawn(move || {
            // Nobody receives when the task was dropped; the result is lost then.
            let _ = sender.send(work());
        });
        Self { thread, result }
    }

    /// Waits for the result, at most for `limit`.
    ///
    /// When the result is returned, the thread has ended. When the time is up, the task
    /// comes back to be waited for again. A panic of the work goes on in the caller.
    fn join_timeout(self, limit: Duration) -> Result<T, Self> {
        // TODO: wait for the result or the end of the time, whichever is first.
        todo!("wait for the result")
    }
}

fn main() {
    real_threads::end_if_stuck();
    let mut task = Task::start(|| {
        // Stands for work.
        thread::sleep(Duration::from_millis(50));
        42
    });
    let answer = loop {
        match task.join_timeout(Duration::from_millis(20)) {
            Ok(answer) => break answer,
            Err(same) => task = same,
        }
        println!("not yet");
    };
    println!("the answer is {answer}");
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_result_comes_in_time() {
        interleavings::check(|| {
            let mut task = Task::start(|| 42);
            // Any wait may end early, on a busy machine.
            while let Err(same) = task.join_timeout(Duration::from_secs(1)) {
                task = same;
            }
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/threads/thread_join_timeout.rs"]
mod judge;
