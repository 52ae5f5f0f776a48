//! Sleeping on a word of shared memory, and waking those who do.
//!
//! On Linux by the futex calls, without the flag for private memory: std's own locks
//! set it, which is why they never wake another process. Elsewhere by looking again,
//! in steps that grow to a millisecond. Source: futex(2).

use std::time::{Duration, Instant};

use crate::raw::{Deadline, Parked};

#[cfg(all(target_os = "linux", not(feature = "polling")))]
pub(crate) use by_futex::{park, wake};
#[cfg(not(all(target_os = "linux", not(feature = "polling"))))]
pub(crate) use by_polling::{park, wake};

/// How long to sleep at most, and what it means when that is over.
fn limit(tick: Duration, until: Deadline) -> (Duration, Parked) {
    match until {
        Deadline::Now => (Duration::ZERO, Parked::Expired),
        Deadline::Never => (tick, Parked::Tick),
        Deadline::At(deadline) => {
            let left = deadline.saturating_duration_since(Instant::now());
            if left <= tick { (left, Parked::Expired) } else { (tick, Parked::Tick) }
        }
    }
}

#[cfg(all(target_os = "linux", not(feature = "polling")))]
mod by_futex {
    use std::sync::atomic::AtomicU32;
    use std::time::Duration;

    use rustix::io::Errno;
    use rustix::thread::futex::{self, Flags, Timespec};

    use super::limit;
    use crate::raw::{Deadline, Parked};

    pub(crate) fn park(
        word: &AtomicU32,
        expected: u32,
        tick: Duration,
        until: Deadline,
    ) -> Parked {
        let (limit, over) = limit(tick, until);
        let timeout = Timespec {
            tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: limit.subsec_nanos().into(),
        };
        match futex::wait(word, Flags::empty(), expected, Some(&timeout)) {
            Err(Errno::TIMEDOUT) => over,
            // Woken; the word had changed already (AGAIN); or a signal came (INTR).
            _ => Parked::Changed,
        }
    }

    pub(crate) fn wake(word: &AtomicU32, count: u32) {
        // The kernel takes the count as a signed number.
        let count = count.min(i32::MAX as u32);
        // It fails for addresses that are not mapped only, and this one is.
        let _ = futex::wake(word, Flags::empty(), count);
    }
}

#[cfg(not(all(target_os = "linux", not(feature = "polling"))))]
mod by_polling {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::limit;
    use crate::raw::{Deadline, Parked};

    const FIRST_STEP: Duration = Duration::from_micros(20);
    const LONGEST_STEP: Duration = Duration::from_millis(1);

    pub(crate) fn park(
        word: &AtomicU32,
        expected: u32,
        tick: Duration,
        until: Deadline,
    ) -> Parked {
        let (limit, over) = limit(tick, until);
        let start = Instant::now();
        let mut step = FIRST_STEP;
        loop {
            // Acquire: what the change announces is looked at next.
            if word.load(Ordering::Acquire) != expected {
                return Parked::Changed;
            }
            let Some(left) = limit.checked_sub(start.elapsed()) else { return over };
            if left.is_zero() {
                return over;
            }
            // Not a wait for luck: the loop ends by the word or by the limit.
            thread::sleep(step.min(left));
            step = (step * 2).min(LONGEST_STEP);
        }
    }

    pub(crate) fn wake(_word: &AtomicU32, _count: u32) {
        // A sleeper looks for itself.
    }
}
