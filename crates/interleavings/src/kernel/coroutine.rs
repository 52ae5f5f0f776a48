//! The coroutines that modelled threads run on, with pooled stacks.
//!
//! This is one of the five modules that contain `unsafe`. A coroutine is
//! never unwound from outside: what a failed run leaves unfinished is leaked,
//! because running a reader's `Drop` in the middle of a deadlock would block again.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::mem;
use std::panic::Location;
use std::ptr;

use corosensei::stack::DefaultStack;
use corosensei::{CoroutineResult, Yielder};

thread_local! {
    /// The yielder of the coroutine that runs on this thread, null between runs.
    static YIELDER: Cell<*const Yielder<(), ()>> = const { Cell::new(ptr::null()) };
}

/// One modelled thread's stack and the point it has reached.
pub(crate) struct Coroutine(corosensei::Coroutine<(), (), (), DefaultStack>);

impl Coroutine {
    /// Prepares `body` to run on `stack`; nothing runs before [`Coroutine::resume`].
    pub(crate) fn new(stack: DefaultStack, body: Box<dyn FnOnce()>) -> Self {
        Self(corosensei::Coroutine::with_stack(stack, move |yielder, ()| {
            YIELDER.set(yielder);
            body();
        }))
    }

    /// Runs until the body suspends or ends; true means that it ended.
    pub(crate) fn resume(&mut self) -> bool {
        let outer = YIELDER.get();
        let result = self.0.resume(());
        YIELDER.set(outer);
        matches!(result, CoroutineResult::Return(()))
    }

    /// The stack of a coroutine that has ended.
    pub(crate) fn into_stack(self) -> DefaultStack {
        self.0.into_stack()
    }

    /// Gives the coroutine up where it stands, without running its destructors.
    pub(crate) fn leak(self) {
        mem::forget(self);
    }
}

/// Goes back to whoever resumed the running coroutine.
pub(crate) fn suspend() {
    let yielder = YIELDER.get();
    assert!(!yielder.is_null(), "only a modelled thread can be suspended");
    // SAFETY: the pointer was taken from the reference that corosensei hands to
    // the body of the coroutine which runs now: `resume` puts the outer value
    // back whenever another one gets control, and the line below restores ours.
    // That reference lives on the coroutine's own stack until its body returns,
    // and we are called from inside that body.
    unsafe { (*yielder).suspend(()) };
    YIELDER.set(yielder);
}

/// Reads back a place that was stored in an atomic pointer.
pub(crate) fn location(
    at: *const Location<'static>,
) -> Option<&'static Location<'static>> {
    // SAFETY: the pointer is null or was made from a `&'static Location<'static>`
    // by the only caller, and a reference that is valid for ever stays so.
    unsafe { at.as_ref() }
}

/// Lets a thread's closure outlive the borrow checker's view of it.
///
/// # Safety
///
/// The caller must make sure that the closure is called and dropped, or leaked
/// for ever, before `'scope` ends.
pub(crate) unsafe fn erase<'scope>(
    body: Box<dyn FnOnce() -> bool + 'scope>,
) -> Box<dyn FnOnce() -> bool + 'static> {
    // SAFETY: the two types differ in a lifetime only, so their layout is the
    // same; that the closure is not used after `'scope` is the caller's promise.
    unsafe {
        mem::transmute::<Box<dyn FnOnce() -> bool + 'scope>, Box<dyn FnOnce() -> bool>>(
            body,
        )
    }
}

/// Lets the body of an exploration run on a coroutine although it borrows.
///
/// Sound for the one caller, [`super::run::Runner::execute_borrowed`]: the body is
/// the first coroutine of an execution, and `execute` returns only when that has
/// ended, which consumes the body, or when it is leaked and so never runs again.
pub(super) fn erase_body<'a>(
    body: Box<dyn FnOnce() -> bool + 'a>,
) -> Box<dyn FnOnce() -> bool + 'static> {
    // SAFETY: see above: the closure is consumed, or leaked for ever, before the
    // borrow that the caller holds can end.
    unsafe { erase(body) }
}
