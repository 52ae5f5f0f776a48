//! A time limit is one deadline for the whole call, however often the waiter wakes up.
//!
//! A waiter that is woken without getting a permit goes back to sleep. If it sleeps for
//! the full limit again, a few wake-ups make it wait many times too long. The deadline
//! must be fixed before the first sleep.
//!
//! Run:     cargo run -p semaphore-demo -- timeout
//! Expect:  one waiter gives up after about 50 ms, the other much later
//! Chapter: book/src/semaphores.md
//! Source:  std::sync::Condvar::wait_timeout_while

use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use common::{Actor, measure, println, timeline};

const LIMIT: Duration = Duration::from_millis(50);
/// Wake-ups come more often than the limit, and for longer.
const WAKE_UPS: u32 = 20;
const BETWEEN_WAKE_UPS: Duration = Duration::from_millis(10);

pub fn run() -> anyhow::Result<()> {
    let restarted = waited("restarts", Semaphore::acquire_restarting);
    println!("limit restarted:  gave up after {}", measure::duration(restarted));

    let deadline = waited("one deadline", Semaphore::acquire_timeout);
    println!("one deadline:     gave up after {}\n", measure::duration(deadline));
    timeline::so_far().print();

    ensure!(deadline >= LIMIT.as_secs_f64(), "gave up before the limit");
    let limit = measure::duration(LIMIT.as_secs_f64());
    println!("\nok: no permit came, and neither call gave up before {limit}");
    Ok(())
}

/// Seconds until `acquire` gave up on a semaphore without permits.
fn waited(name: &str, acquire: fn(&Semaphore, Duration) -> bool) -> f64 {
    let waiter = Actor::new(name);
    let disturber = Actor::new("disturber");
    let semaphore = Semaphore::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..WAKE_UPS {
                thread::sleep(BETWEEN_WAKE_UPS);
                disturber.marks("wakes the waiter");
                // A permit that somebody else took first looks just like this.
                semaphore.released.notify_all();
            }
        });
        let start = Instant::now();
        let waiting = waiter.waits("a permit");
        let acquired = acquire(&semaphore, LIMIT);
        drop(waiting);
        assert!(!acquired, "there are no permits");
        start.elapsed().as_secs_f64()
    })
}

struct Semaphore {
    available: Mutex<usize>,
    released: Condvar,
}

impl Semaphore {
    fn new(permits: usize) -> Self {
        Self { available: Mutex::new(permits), released: Condvar::new() }
    }

    /// Takes a permit within `limit`, or gives up and returns `false`.
    fn acquire_timeout(&self, limit: Duration) -> bool {
        let available = self.available.lock().unwrap();
        // It works out the time left at every wake-up, and it looks once more after
        // the last one: a permit that arrives with the time-out is not lost.
        let (mut available, _) =
            self.released.wait_timeout_while(available, limit, |n| *n == 0).unwrap();
        let acquired = *available > 0;
        *available -= usize::from(acquired);
        acquired
    }

    /// The mistake: every wake-up starts the limit again.
    fn acquire_restarting(&self, limit: Duration) -> bool {
        let mut available = self.available.lock().unwrap();
        while *available == 0 {
            let result = self.released.wait_timeout(available, limit).unwrap();
            available = result.0;
            if result.1.timed_out() {
                return false;
            }
        }
        *available -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_that_is_there_is_taken_at_once() {
        let semaphore = Semaphore::new(1);
        assert!(semaphore.acquire_timeout(Duration::ZERO));
        assert!(!semaphore.acquire_timeout(Duration::ZERO));
    }

    #[test]
    fn giving_up_takes_at_least_the_limit() {
        let start = Instant::now();
        assert!(!Semaphore::new(0).acquire_timeout(Duration::from_millis(20)));
        assert!(start.elapsed() >= Duration::from_millis(20));
    }
}
