//! Goal:   wait until enough has been done, but not longer than the caller allows.
//! Given:  a count that others raise; each time they notify.
//! Change: the body of `wait_for`.
//! Check:  cargo test --bin condition_timeout
//! Read:   book/src/conditions.md and std::sync::Condvar::wait_timeout

use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How far some work has come.
struct Progress {
    done: Mutex<u32>,
    /// Notified whenever something is done.
    advanced: Condvar,
}

impl Progress {
    fn new() -> Self {
        Self { done: Mutex::new(0), advanced: Condvar::new() }
    }

    fn advance(&self) {
        *self.done.lock().unwrap() += 1;
        self.advanced.notify_all();
    }

    /// Sleeps until at least `goal` is done, for at most `limit`.
    ///
    /// Returns how much is done: `Ok` if that is enough, also when it became enough in
    /// the last moment; `Err` when the time was up before.
    fn wait_for(&self, goal: u32, limit: Duration) -> Result<u32, u32> {
        // TODO: wait for `goal`, for `limit` in all.
        todo!("wait for the goal within the limit")
    }
}

fn main() {
    real_threads::end_if_stuck();
    let progress = Progress::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..5 {
                // Stands for work.
                thread::sleep(Duration::from_millis(10));
                progress.advance();
            }
        });
        println!("3 in time: {:?}", progress.wait_for(3, Duration::from_secs(5)));
        let start = Instant::now();
        let many = progress.wait_for(100, Duration::from_millis(60));
        println!("100 in time: {many:?} after {} ms", start.elapsed().as_millis());
    });
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn enough_or_not() {
        interleavings::check(|| {
            let progress = Progress::new();
            progress.advance();
            assert_eq!(progress.wait_for(1, Duration::from_secs(1)), Ok(1));
            assert_eq!(progress.wait_for(2, Duration::from_secs(1)), Err(1));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/conditions/condition_timeout.rs"]
mod judge;
