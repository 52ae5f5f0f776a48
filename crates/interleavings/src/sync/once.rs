use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync;

use crate::kernel::ids::{Loc, ModelId};
use crate::kernel::locks::{self, Initialised};
use crate::kernel::record::Action;
use crate::kernel::{active, threads};

/// Runs an initialisation once, as [`std::sync::Once`].
pub struct Once {
    id: ModelId,
    real: sync::Once,
}

impl UnwindSafe for Once {}
impl RefUnwindSafe for Once {}

/// What [`Once::call_once_force`] tells its closure.
pub struct OnceState {
    poisoned: bool,
}

/// A [`Once`] that has not run.
#[deprecated(note = "the `Once::new()` function is now preferred")]
#[allow(clippy::declare_interior_mutable_const)]
pub const ONCE_INIT: Once = Once::new();

#[allow(clippy::new_without_default)] // std's has none either.
impl Once {
    /// Makes a `Once` that has not run.
    #[must_use]
    #[inline]
    #[track_caller]
    pub const fn new() -> Self {
        Self { id: ModelId::new(), real: sync::Once::new() }
    }

    /// Runs `f` unless it has run before; waits for a thread that is running it.
    ///
    /// # Panics
    ///
    /// When an earlier attempt panicked.
    #[inline]
    #[track_caller]
    pub fn call_once<F: FnOnce()>(&self, f: F) {
        if active() {
            self.run(false, Location::caller(), |_| f());
        } else {
            self.real.call_once(f);
        }
    }

    /// As [`Once::call_once`], also after an attempt that panicked.
    #[inline]
    #[track_caller]
    pub fn call_once_force<F: FnOnce(&OnceState)>(&self, f: F) {
        if active() {
            self.run(true, Location::caller(), f);
        } else {
            self.real.call_once_force(|state| {
                f(&OnceState { poisoned: state.is_poisoned() });
            });
        }
    }

    fn run(&self, ignore_poison: bool, at: Loc, f: impl FnOnce(&OnceState)) {
        let done = self.real.is_completed();
        let attempt = begin(&self.id, "", done, ignore_poison, at);
        if let Some(attempt) = attempt {
            f(&OnceState { poisoned: attempt.poisoned });
            attempt.succeeded();
        }
    }

    /// Whether the initialisation has run to its end.
    #[inline]
    #[track_caller]
    pub fn is_completed(&self) -> bool {
        let done = self.real.is_completed();
        if active() {
            locks::once_is_done(&self.id, "", done, Location::caller())
        } else {
            done
        }
    }

    /// Blocks until the initialisation has run.
    ///
    /// # Panics
    ///
    /// When an attempt panicked.
    #[track_caller]
    pub fn wait(&self) {
        if active() {
            let done = self.real.is_completed();
            if !locks::once_wait(&self.id, done, Location::caller()) {
                panic!("Once instance has previously been poisoned");
            }
        } else {
            self.real.wait();
        }
    }

    /// As [`Once::wait`], also after an attempt that panicked.
    #[track_caller]
    pub fn wait_force(&self) {
        if active() {
            let at = Location::caller();
            // A failed attempt is no end: another thread may make one that works.
            while !locks::once_wait(&self.id, self.real.is_completed(), at) {
                threads::give_way(Action::Yield, at);
            }
        } else {
            self.real.wait_force();
        }
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}

impl OnceState {
    /// Whether an earlier attempt panicked.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }
}

impl fmt::Debug for OnceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceState").field("poisoned", &self.is_poisoned()).finish()
    }
}

/// An initialisation that this thread has begun; dropped early, it has failed.
pub(super) struct Attempt<'a> {
    id: &'a ModelId,
    at: Loc,
    pub(super) poisoned: bool,
    poisons: bool,
    open: bool,
}

/// Begins the initialisation, or returns `None` when it is done.
pub(super) fn begin<'a>(
    id: &'a ModelId,
    name: &'static str,
    done: bool,
    ignore_poison: bool,
    at: Loc,
) -> Option<Attempt<'a>> {
    match locks::once_begin(id, name, done, ignore_poison, at) {
        Initialised::Yes => None,
        Initialised::ByUs { poisoned } => {
            Some(Attempt { id, at, poisoned, poisons: true, open: true })
        }
        Initialised::Poisoned => {
            panic!("Once instance has previously been poisoned")
        }
    }
}

impl Attempt<'_> {
    pub(super) fn succeeded(mut self) {
        self.open = false;
        locks::once_end(self.id, true, false, self.at);
    }

    /// A failed attempt of this kind leaves no poison.
    pub(super) fn without_poison(mut self) -> Self {
        self.poisons = false;
        self
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.open && active() {
            locks::once_end(self.id, false, self.poisons, self.at);
        }
    }
}
