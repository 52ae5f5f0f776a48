//! What [`std::time`] offers; [`Instant`] follows the virtual clock in an exploration.

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::panic::Location;
use std::sync::OnceLock;
use std::time as real;

pub use std::time::*;

use crate::kernel::{active, threads};

/// A moment of a clock that never goes back, as [`std::time::Instant`].
///
/// Inside an exploration the clock is virtual: it stands still while anybody can
/// run and jumps to the next deadline when nobody can.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(real::Instant);

impl Instant {
    /// The current moment.
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn now() -> Self {
        if !active() {
            return Self(real::Instant::now());
        }
        // One origin for all executions keeps them the same.
        static ORIGIN: OnceLock<real::Instant> = OnceLock::new();
        let origin = *ORIGIN.get_or_init(real::Instant::now);
        Self(origin + Duration::from_nanos(threads::clock(Location::caller())))
    }

    /// The time since `earlier`, or zero.
    #[must_use]
    pub fn duration_since(&self, earlier: Self) -> Duration {
        self.0.duration_since(earlier.0)
    }

    /// The time since `earlier`, unless that is later.
    #[must_use]
    pub fn checked_duration_since(&self, earlier: Self) -> Option<Duration> {
        self.0.checked_duration_since(earlier.0)
    }

    /// The time since `earlier`, or zero.
    #[must_use]
    pub fn saturating_duration_since(&self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    /// The time since this moment.
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn elapsed(&self) -> Duration {
        Self::now().duration_since(*self)
    }

    /// The moment `duration` later, if the clock can tell it.
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<Self> {
        self.0.checked_add(duration).map(Self)
    }

    /// The moment `duration` earlier, if the clock can tell it.
    #[must_use]
    pub fn checked_sub(&self, duration: Duration) -> Option<Self> {
        self.0.checked_sub(duration).map(Self)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, other: Duration) -> Self {
        Self(self.0 + other)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, other: Duration) {
        self.0 += other;
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, other: Duration) -> Self {
        Self(self.0 - other)
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, other: Duration) {
        self.0 -= other;
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;

    fn sub(self, other: Instant) -> Duration {
        self.duration_since(other)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
