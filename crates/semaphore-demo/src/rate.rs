//! Permits that come back with time: a rate limit is a semaphore that a clock refills.
//!
//! The bucket holds a few permits for a burst, and a new one every 20 ms. Nobody gives
//! a permit back; time does. A waiter knows when its permit will be there and sleeps
//! until then, so no thread is needed for the refilling.
//!
//! Run:     cargo run -p semaphore-demo -- rate
//! Expect:  three requests at once, then one every 20 ms
//! Chapter: book/src/permits.md
//! Source:  the token bucket, as in RFC 2697 section 3

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use common::measure::duration;
use common::{Actor, println, timeline};

const BURST: u32 = 3;
const INTERVAL: Duration = Duration::from_millis(20);
const CLIENTS: usize = 3;
const REQUESTS_EACH: usize = 4;

pub fn run() -> anyhow::Result<()> {
    let bucket = Bucket::new(BURST, INTERVAL);
    let granted = Mutex::new(Vec::new());

    thread::scope(|scope| {
        for number in 1..=CLIENTS {
            let me = Actor::new(format!("client {number}"));
            let (bucket, granted) = (&bucket, &granted);
            scope.spawn(move || {
                for _ in 0..REQUESTS_EACH {
                    let waiting = me.waits("its turn");
                    let moment = bucket.acquire();
                    drop(waiting);
                    me.marks("sends a request");
                    granted.lock().unwrap().push(moment);
                }
            });
        }
    });

    let mut granted = granted.into_inner().unwrap();
    granted.sort();
    let offsets: Vec<_> =
        granted.iter().map(|at| (*at - granted[0]).as_millis().to_string()).collect();
    println!("{} requests, granted at {} ms\n", granted.len(), offsets.join(", "));
    timeline::so_far().print();

    for (index, first) in granted.iter().enumerate() {
        let after_burst = granted.get(index + BURST as usize);
        let enough = after_burst.is_none_or(|later| *later - *first >= INTERVAL);
        ensure!(enough, "more than {BURST} requests within {INTERVAL:?}");
    }
    let interval = duration(INTERVAL.as_secs_f64());
    println!("\nok: after {BURST} at once, never more than one each {interval}");
    Ok(())
}

/// A bucket of permits that fills up by one each `interval`, to at most `burst`.
struct Bucket {
    burst: u32,
    interval: Duration,
    /// When the bucket will be full if nobody takes anything more.
    ///
    /// This one moment says how many permits there are: `burst` less one for each
    /// whole or begun interval until then.
    full_at: Mutex<Instant>,
}

impl Bucket {
    fn new(burst: u32, interval: Duration) -> Self {
        Self { burst, interval, full_at: Mutex::new(Instant::now()) }
    }

    /// Takes a permit; sleeps until there is one. Returns the moment it was granted.
    fn acquire(&self) -> Instant {
        let now = Instant::now();
        let mut full_at = self.full_at.lock().unwrap();
        // A bucket that was full long ago is not fuller than full.
        *full_at = (*full_at).max(now) + self.interval;
        // This permit is there once the bucket lacks at most `burst`.
        let granted = (*full_at - self.interval * self.burst).max(now);
        // The place in line is taken: nobody need wait for the lock while we sleep.
        drop(full_at);
        thread::sleep(granted.saturating_duration_since(Instant::now()));
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_granted_at_once_and_the_next_must_wait() {
        let bucket = Bucket::new(2, Duration::from_millis(30));
        let granted: Vec<_> = (0..4).map(|_| bucket.acquire()).collect();
        let gaps: Vec<_> = granted.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            gaps[0] < Duration::from_millis(30),
            "the burst needs no waiting: {gaps:?}"
        );
        assert!(granted[2] - granted[0] >= Duration::from_millis(30), "{gaps:?}");
        assert!(granted[3] - granted[1] >= Duration::from_millis(30), "{gaps:?}");
    }
}
