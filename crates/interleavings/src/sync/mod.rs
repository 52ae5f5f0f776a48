//! What [`std::sync`] offers, modelled inside an exploration.
//!
//! Each type holds the real one. Outside an exploration every method calls it
//! and nothing else; inside, the checker decides first who may go on. `Arc` and
//! `Weak` are std's own: their counts are not scheduling points, so code that
//! decides by `Arc::strong_count` is run, but not in all its interleavings.

pub mod atomic;
mod barrier;
mod condvar;
mod fresh;
mod lazy_lock;
pub mod mpsc;
mod mutex;
mod once;
mod once_lock;
mod rwlock;
mod spare;

use std::fmt;
use std::ops::Deref;

pub use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult, Weak};

pub use self::barrier::{Barrier, BarrierWaitResult};
pub use self::condvar::{Condvar, WaitTimeoutResult};
pub use self::lazy_lock::LazyLock;
pub use self::mutex::{Mutex, MutexGuard};
#[allow(deprecated)]
pub use self::once::ONCE_INIT;
pub use self::once::{Once, OnceState};
pub use self::once_lock::OnceLock;
pub use self::rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub(crate) use self::spare::Spare;

/// Wraps `value` as std does: an error when the lock is poisoned.
#[inline]
fn poisonable<G>(poisoned: bool, value: G) -> LockResult<G> {
    if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
}

/// Prints a lock as std does. To print the value is to look at it, so the caller has
/// tried to take the lock, at the place that prints.
fn fmt_lock<G>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    taken: TryLockResult<G>,
    is_poisoned: impl FnOnce() -> bool,
) -> fmt::Result
where
    G: Deref<Target: fmt::Debug>,
{
    let mut text = f.debug_struct(name);
    let poisoned = match taken {
        Ok(guard) => {
            text.field("data", &&*guard);
            false
        }
        Err(TryLockError::Poisoned(e)) => {
            text.field("data", &&**e.get_ref());
            true
        }
        Err(TryLockError::WouldBlock) => {
            text.field("data", &format_args!("<locked>"));
            is_poisoned()
        }
    };
    text.field("poisoned", &poisoned).finish_non_exhaustive()
}
