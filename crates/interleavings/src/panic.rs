//! What [`mod@std::panic`] offers, aware of modelled threads.

pub use std::panic::*;

use crate::kernel::{active, threads};

/// Runs `f` and catches its panic, as [`std::panic::catch_unwind`].
///
/// # Errors
///
/// The panic's payload.
pub fn catch_unwind<F: FnOnce() -> R + UnwindSafe, R>(f: F) -> std::thread::Result<R> {
    let result = std::panic::catch_unwind(f);
    if result.is_err() && active() {
        threads::panic_handled();
    }
    result
}

/// Goes on with a panic that was caught, as [`std::panic::resume_unwind`].
pub fn resume_unwind(payload: Box<dyn std::any::Any + Send>) -> ! {
    if active() {
        threads::panic_resumed();
    }
    std::panic::resume_unwind(payload)
}

/// Sets the panic hook, as [`std::panic::set_hook`].
///
/// Panics inside explorations go to the report, not to the hook.
///
/// # Panics
///
/// Inside an exploration: the hook belongs to the whole process.
pub fn set_hook(hook: Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static>) {
    assert!(!active(), "the panic hook cannot be changed inside an exploration");
    crate::kernel::run::wrap_hook(hook);
}

/// Takes the panic hook, as [`std::panic::take_hook`].
///
/// # Panics
///
/// Inside an exploration: the hook belongs to the whole process.
#[must_use]
pub fn take_hook() -> Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static> {
    assert!(!active(), "the panic hook cannot be changed inside an exploration");
    crate::kernel::run::unwrap_hook()
}
