//! What [`std::thread`] offers, modelled inside an exploration.
//!
//! There, every thread is a coroutine, and all of them share one OS thread. So a
//! bare `thread_local!`, which the compiler takes from the real prelude, is one
//! value for all of them; `std::thread_local!` is modelled.

mod local;
mod scoped;

use std::any::Any;
use std::fmt;
use std::io;
use std::num::NonZero;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread as real;
use std::time::Duration;

pub use std::thread::{AccessError, Result};

pub use self::local::LocalKey;
pub use self::scoped::{Scope, ScopedJoinHandle, scope};
use crate::kernel::ids::{Loc, Obj, Tid};
use crate::kernel::record::Action;
use crate::kernel::{active, run, threads, with};

/// Starts a thread, as [`std::thread::spawn`].
///
/// # Panics
///
/// When the operating system refuses, outside an exploration.
#[track_caller]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn(f).expect("failed to spawn thread")
}

/// Offers the turn to other threads.
#[track_caller]
pub fn yield_now() {
    if active() {
        threads::give_way(Action::Yield, Location::caller());
    } else {
        real::yield_now();
    }
}

/// Whether this thread is unwinding because of a panic.
#[inline]
#[must_use]
pub fn panicking() -> bool {
    if active() { threads::panicking() } else { real::panicking() }
}

/// Blocks for at least `dur`; in an exploration only the virtual clock moves.
#[track_caller]
pub fn sleep(dur: Duration) {
    if active() {
        threads::sleep(nanos(dur), Location::caller());
    } else {
        real::sleep(dur);
    }
}

/// Blocks for at least `ms` milliseconds.
#[deprecated(note = "replaced by `std::thread::sleep`")]
#[track_caller]
pub fn sleep_ms(ms: u32) {
    sleep(Duration::from_millis(ms.into()));
}

/// Blocks until this thread's token is available (or for no reason) and takes it.
#[track_caller]
pub fn park() {
    if active() {
        threads::park(None, Location::caller());
    } else {
        real::park();
    }
}

/// As [`park`], for at most `dur`.
#[track_caller]
pub fn park_timeout(dur: Duration) {
    if active() {
        threads::park(Some(nanos(dur)), Location::caller());
    } else {
        real::park_timeout(dur);
    }
}

/// As [`park`], for at most `ms` milliseconds.
#[deprecated(note = "replaced by `std::thread::park_timeout`")]
#[track_caller]
pub fn park_timeout_ms(ms: u32) {
    park_timeout(Duration::from_millis(ms.into()));
}

/// How many threads can run at the same time; 2 in an exploration.
///
/// # Errors
///
/// When the system does not tell.
pub fn available_parallelism() -> io::Result<NonZero<usize>> {
    if active() {
        Ok(const { NonZero::new(2).unwrap() })
    } else {
        real::available_parallelism()
    }
}

/// The handle of the running thread.
#[must_use]
pub fn current() -> Thread {
    if !active() {
        return Thread(Inner::Real(real::current()));
    }
    with(|x| {
        let tid = x.current;
        let name = match &x.threads[tid].name {
            None if tid == 0 => Some(Arc::from("main")),
            name => name.clone(),
        };
        Thread(Inner::Model(Modelled { tid, epoch: x.epoch, name }))
    })
}

fn nanos(dur: Duration) -> u64 {
    u64::try_from(dur.as_nanos()).unwrap_or(u64::MAX)
}

/// What a thread can be given before it starts, as [`std::thread::Builder`].
#[must_use = "must eventually spawn the thread"]
#[derive(Debug)]
pub struct Builder {
    name: Option<String>,
    stack_size: Option<usize>,
}

impl Builder {
    /// Makes a builder without name or stack size.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { name: None, stack_size: None }
    }

    /// Names the thread.
    pub fn name(mut self, name: String) -> Self {
        self.name = Some(name);
        self
    }

    /// Asks for a stack of this size in bytes; the model's stacks are all equal.
    pub fn stack_size(mut self, size: usize) -> Self {
        self.stack_size = Some(size);
        self
    }

    fn real(self) -> real::Builder {
        let mut builder = real::Builder::new();
        if let Some(name) = self.name {
            builder = builder.name(name);
        }
        if let Some(size) = self.stack_size {
            builder = builder.stack_size(size);
        }
        builder
    }

    /// The name for a modelled thread, refused as std refuses it.
    fn checked_name(self) -> Option<Arc<str>> {
        let name = self.name?;
        assert!(
            !name.contains('\0'),
            "thread name may not contain interior null bytes"
        );
        Some(Arc::from(name))
    }

    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When the operating system refuses, outside an exploration.
    #[track_caller]
    pub fn spawn<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        if !active() {
            let handle = self.real().spawn(f)?;
            let thread = Thread(Inner::Real(handle.thread().clone()));
            return Ok(JoinHandle(Handle { thread, end: End::Real(handle) }));
        }
        let name = self.checked_name();
        let (packet, body) = Packet::new(f);
        let thread = start(name, None, Location::caller(), Box::new(body));
        Ok(JoinHandle(Handle { thread, end: End::Model(packet) }))
    }

    /// Starts a thread of a scope.
    ///
    /// # Errors
    ///
    /// When the operating system refuses, outside an exploration.
    #[track_caller]
    pub fn spawn_scoped<'scope, 'env, F, T>(
        self,
        scope: &'scope Scope<'scope, 'env>,
        f: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        scoped::spawn(self, scope, f, Location::caller())
    }
}

/// Starts a modelled thread and makes its handle.
fn start(
    name: Option<Arc<str>>,
    scope: Option<Obj>,
    at: Loc,
    body: Box<dyn FnOnce() -> bool>,
) -> Thread {
    let main = Box::new(move || run::thread_main(body));
    let tid = threads::spawn(name.clone(), scope, at, main);
    let epoch = with(|x| x.epoch);
    Thread(Inner::Model(Modelled { tid, epoch, name }))
}

/// Where a modelled thread leaves its result.
struct Packet<T>(Mutex<Option<Result<T>>>);

impl<T> Packet<T> {
    /// The packet, and the closure that runs `f` and fills it.
    fn new<F: FnOnce() -> T>(f: F) -> (Arc<Self>, impl FnOnce() -> bool) {
        let packet = Arc::new(Self(Mutex::new(None)));
        let theirs = packet.clone();
        let body = move || {
            let result = run::catch(f);
            let panicked = result.is_err();
            *theirs.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            // If nobody is going to join, the result is dropped here.
            drop(theirs);
            panicked
        };
        (packet, body)
    }

    fn take(&self) -> Result<T> {
        let result = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        result.expect("a thread that has ended left its result")
    }
}

/// A thread's end, real or modelled, to be waited for.
struct Handle<R, T> {
    thread: Thread,
    end: End<R, T>,
}

enum End<R, T> {
    Real(R),
    Model(Arc<Packet<T>>),
}

impl<R, T> Handle<R, T> {
    fn tid(&self) -> Tid {
        let Inner::Model(thread) = &self.thread.0 else {
            unreachable!("a modelled end belongs to a modelled thread")
        };
        let same = active() && with(|x| x.epoch) == thread.epoch;
        assert!(same, "a thread of an exploration cannot be joined after its end");
        thread.tid
    }

    fn join_modelled(&self, packet: &Packet<T>, at: Loc) -> Result<T> {
        threads::join(self.tid(), at);
        packet.take()
    }
}

/// The right to wait for a thread's end, as [`std::thread::JoinHandle`].
pub struct JoinHandle<T>(Handle<real::JoinHandle<T>, T>);

impl<T> JoinHandle<T> {
    /// The thread's handle.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.0.thread
    }

    /// Blocks until the thread has ended and returns its result.
    ///
    /// # Errors
    ///
    /// The payload, when the thread panicked.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        if let End::Model(packet) = &self.0.end {
            return self.0.join_modelled(packet, Location::caller());
        }
        match self.0.end {
            End::Real(handle) => handle.join(),
            End::Model(packet) => packet.take(),
        }
    }

    /// Whether the thread's closure has ended; never blocks.
    #[track_caller]
    pub fn is_finished(&self) -> bool {
        match &self.0.end {
            End::Real(handle) => handle.is_finished(),
            End::Model(_) => threads::is_finished(self.0.tid(), Location::caller()),
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Modelled {
    tid: Tid,
    epoch: u32,
    name: Option<Arc<str>>,
}

#[derive(Clone)]
enum Inner {
    Real(real::Thread),
    Model(Modelled),
}

/// A handle of a thread, as [`std::thread::Thread`].
#[derive(Clone)]
pub struct Thread(Inner);

impl Thread {
    /// Makes the thread's token available and so ends its [`park`].
    #[track_caller]
    pub fn unpark(&self) {
        match &self.0 {
            Inner::Real(thread) => thread.unpark(),
            Inner::Model(thread) => {
                // A handle kept from an earlier execution has nobody to wake.
                if active() && with(|x| x.epoch) == thread.epoch {
                    threads::unpark(thread.tid, Location::caller());
                }
            }
        }
    }

    /// The number of the thread, unique while the program runs.
    #[must_use]
    pub fn id(&self) -> ThreadId {
        match &self.0 {
            Inner::Real(thread) => ThreadId(Number::Real(thread.id())),
            Inner::Model(thread) => ThreadId(Number::Model(thread.tid)),
        }
    }

    /// The thread's name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.0 {
            Inner::Real(thread) => thread.name(),
            Inner::Model(thread) => thread.name.as_deref(),
        }
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread")
            .field("id", &self.id())
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Number {
    Real(real::ThreadId),
    Model(Tid),
}

/// The number of a thread, as [`std::thread::ThreadId`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThreadId(Number);

impl fmt::Debug for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Number::Real(id) => id.fmt(f),
            Number::Model(tid) => f.debug_tuple("ThreadId").field(&(tid + 1)).finish(),
        }
    }
}

/// The text of a panic's payload, if it is text.
pub(crate) fn payload_text(payload: &dyn Any) -> Option<String> {
    if let Some(text) = payload.downcast_ref::<&str>() {
        return Some((*text).to_owned());
    }
    payload.downcast_ref::<String>().cloned()
}
