//! Locks, semaphores, conditions, barriers, queues and pools between processes, which
//! survive that any of these processes is killed at any instruction.
//!
//! ```
//! use std::process::ExitCode;
//!
//! use crossprocess::process::{Entry, child_role};
//! use crossprocess::{Error, Lock, Segment};
//!
//! const DEPOSIT: Entry<u64> = Entry::new("deposit");
//!
//! fn deposit(amount: u64) -> Result<(), Error> {
//!     let segment = Segment::from_env()?;
//!     let balance = Lock::<u64>::open(&segment, "balance")?;
//!     *balance.lock()? += amount;
//!     Ok(())
//! }
//!
//! fn main() -> ExitCode {
//!     if let Some(role) = child_role() {
//!         return role.on(&DEPOSIT, deposit).finish();
//!     }
//!     let segment = Segment::create(1 << 16).unwrap();
//!     let balance = Lock::create(&segment, "balance", 0_u64).unwrap();
//!     let mut children: Vec<_> = (1..=3)
//!         .map(|amount| DEPOSIT.with(&amount).unwrap().segment(&segment).spawn().unwrap())
//!         .collect();
//!     assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
//!     assert_eq!(*balance.lock().unwrap(), 6);
//!     ExitCode::SUCCESS
//! }
//! ```
//!
//! # What there is
//!
//! | | Python's `multiprocessing` | std, between threads |
//! |---|---|---|
//! | [`Lock`], [`RwLock`], [`ReentrantLock`] | `Lock`, none, `RLock` | `Mutex`, `RwLock`, unstable |
//! | [`Condition`] | `Condition` | `Condvar` |
//! | [`Semaphore`], [`BoundedSemaphore`] | the same | none |
//! | [`Event`] | `Event` | none that can be cleared |
//! | [`Barrier`], [`Latch`] | `Barrier`, none | `Barrier`, none |
//! | [`Value`], [`Array`] | `Value`, `Array` | atomics |
//! | [`Queue`], [`ByteQueue`], [`JoinableQueue`] | `Queue`, `SimpleQueue`, `JoinableQueue` | `mpsc` |
//! | [`process`], [`pool`] | `Process`, `Pool` | `thread::spawn`, none |
//! | [`Segment`] | hidden | none |
//!
//! # What happens when a process dies
//!
//! It may be killed, crash, or call `exit` in the middle of anything. The others go on,
//! at most a tick later (50 ms unless [`Options::tick`] says otherwise):
//!
//! | it dies | the others |
//! |---|---|
//! | holding a [`Lock`], writing under an [`RwLock`] | get [`LockError::OwnerDied`] with the guard; the value is the one before |
//! | reading under an [`RwLock`] | notice nothing |
//! | waiting for anything | notice nothing |
//! | with permits of a [`Semaphore`] | get the permits |
//! | between its change and [`Condition::notify_one`] | wake by their tick and look again |
//! | as one who takes part in a [`Barrier`] | get [`Error::Broken`], which says who |
//! | with a [`Pledge`] to a [`Latch`] | get [`Error::Abandoned`], which says who |
//! | changing a [`Value`] or an [`Array`] | see the value before, or the value after |
//! | sending | get the whole message, or none |
//! | receiving | get the message, or it has gone with the dead; see [`ByteQueue::recv_with`] |
//! | with a [`Task`] of a [`JoinableQueue`] | get [`Error::Lost`] from `wait`, with the number |
//! | as a worker of a [`pool`] | get [`pool::JobError::WorkerDied`] for one job |
//! | as the last one attached | leave it to the next [`Segment::create`] to free the memory |
//!
//! One death costs one tick: a waiter sleeps that long, asks who is alive, and from then
//! on nobody waits for the dead, whatever else they held. To this comes the time until
//! the system lets the waiter run. Several deaths in a row cost a tick each: who takes a
//! lock over from the dead may be killed as well. [`Segment::reap`] asks at once, for
//! who is told of a death by other means.
//!
//! # How it works
//!
//! All state is in one segment of shared memory, in atomic words. A process that
//! attaches takes a slot in a table there, and locks a file, its *token*, that the
//! kernel unlocks when the process ends. Words name their holder by slot and generation,
//! which never come again; what each process holds of a semaphore or has taken from a
//! queue is in a word of its own, and counts while the process is in the table. Every
//! change is committed by one store. Every sleep is a futex wait that ends by a tick;
//! then the sleeper tries the token of whoever it waits for.
//!
//! # Left out on purpose
//!
//! * A time limit for [`Value::get`], [`Value::set`] and their like: nobody holds a value
//!   longer than a change takes. [`Value::update_timeout`] is for changes that may.
//! * A [`Condition`] over an [`RwLock`]: see [`Guard`].
//! * Slices of an [`Array`]: [`Array::update`] changes several elements at once.
//! * Call-backs of a pool: its results are iterators.
//! * Pipes: std has them, and `ipc-channel` has typed ones, that can be sent along.
//! * Managers: a process that owns data and answers requests is a loop around a queue.
//! * Starting a child by `fork`, which copies one thread of several, and all locks.
//!
//! # Limits
//!
//! * 64 processes at a time and 256 objects in a segment; 4 million attachments to one
//!   slot. Objects are not freed before the segment.
//! * A process that is stopped, or never releases what it holds, is alive: the others
//!   wait, as long as their time limit says.
//! * `fork` without `exec` copies the token; see [`Segment`].
//! * Content that a process scribbles over gives [`Error::Corrupt`], or an error of its
//!   own; a process that forges the name of a living holder can make others wait, and
//!   one that shrinks the memory ends them with SIGBUS: share a segment with processes
//!   you trust to be faulty, not hostile.
//! * Where there is no `/dev/shm`, tokens are in the temporary directory, which must be
//!   local, as they are locked there.
//! * One directory for each user stays, with an empty file in it.
//!
//! # Systems
//!
//! Complete on Linux. Elsewhere waiters look again every millisecond instead of
//! sleeping on a futex (the feature `polling` does so on Linux too, for tests), and
//! memory is not reserved when a segment is created. On Windows a segment is a file in
//! the temporary directory, and a signal ends the child alone: what it has started ends
//! by the leash. The tests pass there under Wine, but for those that need Unix; macOS is
//! checked by the compiler only.

mod barrier;
mod cell;
mod condition;
mod error;
mod event;
mod latch;
mod lock;
mod mapping;
mod park;
mod plain;
pub mod pool;
pub mod process;
mod queue;
mod raw;
mod reentrant;
mod rwlock;
mod segment;
mod semaphore;
mod tokens;
mod value;

pub use barrier::{Barrier, Passage};
pub use condition::{Condition, Guard, TimedWaitResult, WaitResult};
pub use error::{BreakCause, Error, LockError, Loss, OwnerDied, Peer};
pub use event::Event;
pub use latch::{Latch, Pledge};
pub use lock::{Lock, LockGuard};
pub use plain::Plain;
pub use queue::{ByteQueue, JoinableQueue, Queue, Task};
pub use reentrant::{ReentrantGuard, ReentrantLock, ReentrantResult};
pub use rwlock::{ReadGuard, ReadResult, RwLock, WriteGuard, WriteResult};
pub use segment::{DEFAULT_TICK, Options, SEGMENT_VARIABLE, Segment};
pub use semaphore::{BoundedPermit, BoundedSemaphore, Permit, Semaphore};
pub use value::{Array, Value};

/// Runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
