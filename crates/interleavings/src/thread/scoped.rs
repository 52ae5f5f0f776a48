//! Scoped threads. This is one of the five modules that contain `unsafe`.
#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::panic::Location;
use std::ptr;
use std::thread as real;

use super::{Builder, End, Handle, Inner, Packet, Result, Thread, start};
use crate::kernel::ids::Loc;
use crate::kernel::{active, coroutine, run, threads, with};

/// A scope whose threads end before it does, as [`std::thread::Scope`].
///
/// It is the real scope with another name. An exploration opens one too, for its
/// lifetimes only, and keeps its own record of the threads under its address.
#[repr(transparent)]
pub struct Scope<'scope, 'env: 'scope>(real::Scope<'scope, 'env>);

/// Runs `f`, which may start threads that borrow what is outside of it, and waits
/// for all of them.
///
/// # Panics
///
/// When `f` panics, or a thread did that was not joined.
#[track_caller]
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let at = Location::caller();
    real::scope(|scope| {
        let scope = wrap(scope);
        if active() { run_modelled(scope, f, at) } else { f(scope) }
    })
}

fn wrap<'scope, 'env>(
    scope: &'scope real::Scope<'scope, 'env>,
) -> &'scope Scope<'scope, 'env> {
    // SAFETY: `Scope` is a transparent wrapper around the real type, so a
    // reference to the one is a reference to the other.
    unsafe { &*ptr::from_ref(scope).cast::<Scope<'scope, 'env>>() }
}

fn run_modelled<'scope, 'env, F, T>(
    scope: &'scope Scope<'scope, 'env>,
    f: F,
    at: Loc,
) -> T
where
    F: FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let key = ptr::from_ref(scope).addr();
    let object = threads::begin_scope(at);
    with(|x| x.scopes.push((key, object)));
    let result = run::catch(|| f(scope));
    let unjoined_panic = threads::end_scope(object, at);
    with(|x| x.scopes.retain(|&(_, o)| o != object));
    match result {
        Err(payload) => crate::panic::resume_unwind(payload),
        Ok(_) if unjoined_panic => panic!("a scoped thread panicked"),
        Ok(result) => result,
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a thread of the scope.
    ///
    /// # Panics
    ///
    /// When the operating system refuses, outside an exploration.
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        spawn(Builder::new(), self, f, Location::caller())
            .expect("failed to spawn thread")
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

pub(super) fn spawn<'scope, F, T>(
    builder: Builder,
    scope: &'scope Scope<'scope, '_>,
    f: F,
    at: Loc,
) -> io::Result<ScopedJoinHandle<'scope, T>>
where
    F: FnOnce() -> T + Send + 'scope,
    T: Send + 'scope,
{
    if !active() {
        let handle = builder.real().spawn_scoped(&scope.0, f)?;
        let thread = Thread(Inner::Real(handle.thread().clone()));
        let handle = Handle { thread, end: End::Real(handle) };
        return Ok(ScopedJoinHandle { handle, scope: PhantomData });
    }
    let name = builder.checked_name();
    let (packet, body) = Packet::new(f);
    let key = ptr::from_ref(scope).addr();
    let object = with(|x| x.scopes.iter().rfind(|s| s.0 == key).map(|s| s.1));
    let object = object.expect("a scope of this exploration");
    // SAFETY: `run_modelled` returns only after `end_scope`, which waits for every
    // thread of the scope; a thread ends after its closure has been consumed. If
    // that never happens the execution is given up: the waiting thread is never
    // resumed, so `'scope` does not end, and the closure is leaked with its thread.
    let body = unsafe { coroutine::erase(Box::new(body)) };
    let thread = start(name, Some(object), at, body);
    let handle = Handle { thread, end: End::Model(packet) };
    Ok(ScopedJoinHandle { handle, scope: PhantomData })
}

/// The right to wait for a scoped thread's end, as [`std::thread::ScopedJoinHandle`].
pub struct ScopedJoinHandle<'scope, T> {
    handle: Handle<real::ScopedJoinHandle<'scope, T>, T>,
    scope: PhantomData<&'scope ()>,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// The thread's handle.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.handle.thread
    }

    /// Blocks until the thread has ended and returns its result.
    ///
    /// # Errors
    ///
    /// The payload, when the thread panicked.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        if let End::Model(packet) = &self.handle.end {
            return self.handle.join_modelled(packet, Location::caller());
        }
        match self.handle.end {
            End::Real(handle) => handle.join(),
            End::Model(packet) => packet.take(),
        }
    }

    /// Whether the thread's closure has ended; never blocks.
    #[track_caller]
    pub fn is_finished(&self) -> bool {
        match &self.handle.end {
            End::Real(handle) => handle.is_finished(),
            End::Model(_) => {
                threads::is_finished(self.handle.tid(), Location::caller())
            }
        }
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}
