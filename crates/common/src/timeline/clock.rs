//! A clock that only goes forward and that all processes of a machine share.

/// Nanoseconds since some moment before this program began.
///
/// Follows `CLOCK_MONOTONIC` of clock_gettime(2).
#[cfg(unix)]
pub(crate) fn now() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    // Both parts are positive, and 2^64 nanoseconds are 584 years.
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000
        + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// Nanoseconds since 1970 as they were when the process began, then monotonic.
///
/// Two processes disagree by as much as the wall clock was adjusted in between.
#[cfg(not(unix))]
pub(crate) fn now() -> u64 {
    use std::sync::LazyLock;
    use std::time::{Duration, Instant, SystemTime};

    static START: LazyLock<(Instant, Duration)> = LazyLock::new(|| {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        (Instant::now(), since_1970.unwrap_or_default())
    });
    let now = START.1 + START.0.elapsed();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}
