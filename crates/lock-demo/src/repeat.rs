//! Lets threads do the same again and again for a while, and counts how often.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

/// Several time slices of the scheduler, so that all threads get their turn.
const RUN_TIME: Duration = Duration::from_millis(30);

/// What the threads did together.
pub struct Repeated {
    pub times: u64,
    /// From the start of the first thread to the end of the last.
    pub took: Duration,
}

impl Repeated {
    pub fn per_second(&self) -> f64 {
        self.times as f64 / self.took.as_secs_f64()
    }
}

/// Lets `threads` threads call `act` with their number for a while, and each of them once
/// at least, however busy the machine.
///
/// # Errors
///
/// When the system refuses a thread.
pub fn for_a_while(
    threads: usize,
    act: impl Fn(usize) + Sync,
) -> anyhow::Result<Repeated> {
    let enough = AtomicBool::new(false);
    let started = Instant::now();
    let times = thread::scope(|scope| {
        // Also when the system refuses a thread: the others must come to an end.
        let stop = StopOnDrop(&enough);
        let acting = (0..threads)
            .map(|number| {
                let (act, enough) = (&act, &enough);
                let act_until_enough = move || {
                    let mut times = 0_u64;
                    loop {
                        act(number);
                        times += 1;
                        // Relaxed: the flag says nothing about other data.
                        if enough.load(Ordering::Relaxed) {
                            return times;
                        }
                    }
                };
                let builder = thread::Builder::new().name(format!("thread {number}"));
                let started = builder.spawn_scoped(scope, act_until_enough);
                started.with_context(|| format!("start thread {number} of {threads}"))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        thread::sleep(RUN_TIME);
        drop(stop);
        anyhow::Ok(acting.into_iter().map(|thread| thread.join().unwrap()).sum::<u64>())
    })?;
    Ok(Repeated { times, took: started.elapsed() })
}

/// Tells the threads to stop when it goes, whatever the reason.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
