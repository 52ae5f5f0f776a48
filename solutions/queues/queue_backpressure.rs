//! Goal:   a slow writer slows its producers down; no more than so many lines wait.
//! Given:  the log, a thread that writes the lines it is sent.
//! Answer: a channel of bounded size; `send` waits while it is full.
//! Check:  cargo test --bin queue_backpressure_sol
//! Read:   book/src/bounded-queues.md and std::sync::mpsc::sync_channel

use std::sync::mpsc::{self, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A log that is written by a thread of its own.
struct Log {
    lines: SyncSender<u32>,
    writer: JoinHandle<()>,
}

impl Log {
    /// Starts the writer. At most `room` lines wait for it, besides the one that it
    /// has in its hands.
    fn start(room: usize, write: impl FnMut(u32) + Send + 'static) -> Self {
        // The bound is what makes producers wait: an unbounded channel would take all
        // that memory holds, and the trouble would only show when that is full.
        let (lines, to_write) = mpsc::sync_channel(room);
        let writer = thread::spawn(move || to_write.into_iter().for_each(write));
        Self { lines, writer }
    }

    /// Hands over one line; sleeps as long as there is no room for it, and does not wait
    /// if there is. No line is lost.
    fn log(&self, line: u32) {
        // `try_send` would not wait: the line would be lost or tried again and again.
        self.lines.send(line).unwrap();
    }

    /// Waits until all lines are written.
    fn finish(self) {
        drop(self.lines);
        self.writer.join().unwrap();
    }
}

fn main() {
    real_threads::end_if_stuck();
    let log = Log::start(2, |line| {
        // Stands for a slow disk.
        thread::sleep(Duration::from_millis(20));
        println!("                         line {line} is written");
    });
    for line in 1..=6 {
        log.log(line);
        println!("line {line} is accepted");
    }
    log.finish();
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn it_writes_all_lines() {
        interleavings::check(|| {
            let (written, lines) = mpsc::channel();
            let log = Log::start(1, move |line| written.send(line).unwrap());
            log.log(7);
            log.log(8);
            log.finish();
            assert_eq!(lines.iter().collect::<Vec<_>>(), [7, 8]);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/queues/queue_backpressure.rs"]
mod judge;
