//! Runs ordinary std code under every interleaving and explains the one that breaks it.
//!
//! A test of threads that passes has shown one interleaving of millions. [`check`]
//! runs the same closure under *all* of them, within a bound, and when one fails it
//! says in a sentence what is wrong and shows the simplest schedule that does it:
//!
//! ```
//! use interleavings::Checker;
//! use interleavings::sync::{Arc, Mutex};
//! use interleavings::thread;
//!
//! let failure = Checker::new()
//!     .explore(|| {
//!         let a = Arc::new(Mutex::new(0));
//!         let b = Arc::new(Mutex::new(0));
//!         let (a2, b2) = (a.clone(), b.clone());
//!         let other = thread::spawn(move || {
//!             let _b = b2.lock().unwrap();
//!             let _a = a2.lock().unwrap();
//!         });
//!         let first = a.lock().unwrap();
//!         let second = b.lock().unwrap();
//!         drop((first, second));
//!         other.join().unwrap();
//!     })
//!     .unwrap_err();
//! assert_eq!(failure.kind(), "deadlock");
//! assert!(failure.sentence().contains("waits at line"));
//! ```
//!
//! # Code that says `std`
//!
//! The code under test need not name this crate. The package `interleavings-std` is
//! std with the modules [`sync`], [`thread`], [`time`], [`hint`] and [`mod@panic`] of this
//! crate in place, and cargo can give it the name `std` for tests:
//!
//! ```toml
//! [dev-dependencies]
//! interleavings = "0.1"
//! std = { package = "interleavings-std", version = "0.1" }
//!
//! [profile.dev.package.interleavings]
//! opt-level = 2
//! ```
//!
//! Outside of an exploration every type is std's, in behaviour and in cost, so the
//! same tests can use real threads too.
//!
//! # What is explored
//!
//! Every lock, wait, notification, message, atomic access, spawn and join is a point
//! at which another thread may go on. The search runs all schedules without a
//! preemption, then all with one, then all with two ([`Checker::preemptions`]). To
//! switch where a thread blocks, ends, yields or sleeps is no preemption. A wake-up
//! for no reason, a time-out that comes early, a notification that wakes another
//! than the longest waiter, and a load that returns an old value count as one each.
//! So the first failure is among the simplest, and a pass says something:
//! [`Coverage`] reads "all 4,554 interleavings with at most 2 preemptions". When a
//! limit of number or time is reached, random schedules follow, and the coverage
//! says so. Exploring is deterministic unless the time limit is reached.
//!
//! Schedules that lead to a state known from before are cut short: see
//! [`Checker::pruning`]. Two prefixes lead to the same state when they have the same
//! happens-before graph (Musuvathi and Qadeer, PLDI 2007).
//!
//! # Memory orderings
//!
//! An atomic keeps the history of its stores. A load may return any store that its
//! ordering and what its thread knows allow, so a `Relaxed` that should be an
//! `Acquire` fails like any other mistake. The model is C++20's, which is Rust's, with
//! two limits. A load never returns a value that is stored only later because of it
//! (load buffering), as in RC11. And `SeqCst` operations take effect in the order in
//! which they are executed: C++20 allows a `SeqCst` load after a `Relaxed` one to come
//! before it in their order, so a program that mixes the two on different atomics may
//! have outcomes that are not shown. Nothing is shown that C++20 forbids. Both are
//! tested against the axioms (`tests/memory_model`).
//!
//! # Time
//!
//! Nothing waits for real. A sleep or a time-out ends when nobody else can run, on a
//! virtual clock that jumps ahead ([`time::Instant`] shows it), or early at the cost
//! of a preemption.
//!
//! # What a body must keep to
//!
//! It is run thousands of times and must do the same each time. So it takes no time,
//! random number or file from outside, and makes what it uses inside.
//!
//! Statics of the modelled types start afresh in each run of an exploration. Every lock
//! is free, without poison and without anybody who waits, however the run before has
//! ended. Atomics, `OnceLock` and `LazyLock` have their first value, and so has a lock
//! whose value is a number, a text or a list of such. A value of another type is the
//! reader's own and cannot be put back: it keeps what the run before has left in it,
//! and [`Coverage::notes`] names the lock. A program that differs from run to run, for
//! this reason or for another, is noticed and told.
//!
//! Nothing of a run may be kept in statics of the real std for the next one, least of
//! all a reference that was leaked out of a guard.
//!
//! # What is not seen
//!
//! * `Arc` is std's own: its counts are no scheduling points.
//! * A bare `thread_local!` is the prelude's, and all threads of an exploration share
//!   one OS thread; [`thread_local!`] of this crate, `std::thread_local!` under the
//!   stand-in, is modelled.
//! * Plain data races need `unsafe` in Rust; what `unsafe` code does is run, not judged.
//! * Types of other crates (`crossbeam`, `parking_lot`) are not seen, and blocking in
//!   one is reported as an endless loop.
//!
//! # How it works
//!
//! Every modelled thread is a coroutine with a stack of its own, and all of them run
//! on one OS thread, so a switch costs nanoseconds. Each modelled type holds the
//! real std type: the checker decides who gets a lock, and then takes the real one,
//! which is free. [`check`] runs the exploration in a child process of the test, so
//! an endless loop, an abort or a stack overflow becomes a sentence too, and what the
//! program prints is shown for the failing schedule only.
//!
//! The environment variable `INTERLEAVINGS_REPLAY` makes [`check`] run the one
//! schedule that a report names, in the test's own process, for a debugger.

#![deny(unsafe_code)]

mod api;
mod child;
pub mod hint;
mod judge;
mod kernel;
mod meeting;
mod names;
mod page;
pub mod panic;
mod report;
mod search;
pub mod sync;
pub mod thread;
pub mod time;
pub mod trace;
mod values;
mod verdict;

pub use crate::api::{
    Checker, Coverage, Failure, Outcomes, check, outcomes, rendezvous,
};

/// For judges of other kinds, which call a place in the same way.
#[doc(hidden)]
pub use crate::verdict::is_test;

#[doc(hidden)]
pub mod __real {
    pub use std::thread_local;
}
