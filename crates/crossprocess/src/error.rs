//! What can go wrong, and who was to blame.

use std::fmt;
use std::io;

use crate::raw::{Missed, Owner};

/// A process that is, or was, attached to a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// Its process id, unless so many have used its place since that it is forgotten.
    pub pid: Option<u32>,
    /// Its place in the table of processes, 0 to 63.
    pub slot: usize,
    /// How many processes, itself included, have had this place.
    pub generation: u32,
}

impl Peer {
    pub(crate) fn new(owner: Owner, pid: Option<u32>) -> Self {
        let slot = owner.slot().unwrap_or(usize::MAX);
        Self { pid, slot, generation: owner.generation() }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid}"),
            None => write!(f, "process {} of slot {}", self.generation, self.slot),
        }
    }
}

/// How a holder was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Its process ended, by whatever cause, before it released what it held.
    Died,
    /// It panicked; its process may be alive.
    Panicked,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Died => "died",
            Self::Panicked => "panicked",
        })
    }
}

/// Why a round of a [`Barrier`](crate::Barrier) ended without everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakCause {
    /// A process that takes part is gone.
    Died,
    /// Somebody waited as long as it was allowed to.
    TimedOut,
    /// Somebody called `abort`, or the action panicked.
    Aborted,
    /// Somebody called `reset` while others were waiting.
    Reset,
}

impl fmt::Display for BreakCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Died => "died",
            Self::TimedOut => "waited too long",
            Self::Aborted => "aborted it",
            Self::Reset => "reset it",
        })
    }
}

/// Why an operation failed. Each names the object it is about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "the message of each variant shows what its fields are"
)]
pub enum Error {
    /// A process was lost while it held something; what it held can be used again.
    #[error("{peer} {loss} while it held {object}")]
    OwnerDied { object: String, peer: Peer, loss: Loss },
    /// The operation would have had to wait, and was not allowed to.
    #[error("{object} is not available at the moment")]
    WouldBlock { object: String },
    /// The time limit is over.
    #[error("gave up waiting for {object}")]
    TimedOut { object: String },
    /// A barrier's round has ended without everybody.
    #[error("{object} is broken: {peer} {cause}")]
    Broken { object: String, peer: Peer, cause: BreakCause },
    /// A pledge to count down a latch was not kept.
    #[error("{object} stays closed: {peer} {loss} before it counted down")]
    Abandoned { object: String, peer: Peer, loss: Loss },
    /// Processes died with tasks that they had taken.
    #[error("{count} tasks of {object} were lost: {} died with one", OrSomebody(*last))]
    Lost { object: String, count: u32, last: Option<Peer> },
    /// The queue accepts no more messages, and has none left.
    #[error("{object} is closed")]
    Closed { object: String },
    /// The message cannot fit, however long one waits.
    #[error("a message of {len} bytes is too long for {object}, which takes {longest}")]
    TooLong { object: String, len: usize, longest: usize },
    /// A message, payload or result could not be written as, or read from, bytes.
    #[error("cannot convert {what}")]
    Codec { what: String, source: postcard::Error },
    /// `task_done` was called more often than tasks were taken.
    #[error("this process has no unfinished task of {object}")]
    NoTask { object: String },
    /// More permits, readers or threads than can be counted.
    #[error("{object} cannot count any further")]
    Overflow { object: String },
    /// The segment has no object of this name.
    #[error("segment `{segment}` has no {object}")]
    NotFound { segment: String, object: String },
    /// The segment has an object of this name already.
    #[error("segment `{segment}` already has an object named `{name}`")]
    Exists { segment: String, name: String },
    /// The object of this name is of another kind, or holds another type.
    #[error("`{name}`: expected {expected}, found {found}")]
    WrongKind { name: String, expected: String, found: String },
    /// A name or a size that cannot be.
    #[error("{0}")]
    Invalid(String),
    /// No room for one more object, process or byte.
    #[error("segment `{segment}` is full: no room for {what}")]
    Full { segment: String, what: String },
    /// The system has not enough shared memory.
    #[error("not enough shared memory for {size} bytes")]
    NoMemory { size: usize, source: io::Error },
    /// The segment does not exist, or no longer.
    #[error("segment `{segment}` is gone")]
    Gone { segment: String },
    /// This process was not started with a segment.
    #[error("no segment was passed to this process in {variable}")]
    NoSegment { variable: &'static str },
    /// Shared memory holds what this crate did not write there.
    #[error("{object} is corrupt: {detail}")]
    Corrupt { object: String, detail: String },
    /// The operating system refused.
    #[error("cannot {action}")]
    Io { action: String, source: io::Error },
}

struct OrSomebody(Option<Peer>);

impl fmt::Display for OrSomebody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(peer) => peer.fmt(f),
            None => f.write_str("a process"),
        }
    }
}

impl Error {
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action: action.into(), source }
    }

    pub(crate) fn missed(missed: Missed, object: impl FnOnce() -> String) -> Self {
        match missed {
            Missed::Busy => Self::WouldBlock { object: object() },
            Missed::Expired => Self::TimedOut { object: object() },
            Missed::Failed(error) => error,
        }
    }
}

/// Why a lock was not got in the usual way: the counterpart of std's `LockResult`.
///
/// With [`LockError::OwnerDied`] the lock *is* held: the guard is inside. Otherwise it
/// is not.
///
/// As std's `PoisonError`, it borrows from the lock, and so cannot go through `?` into
/// `Box<dyn Error>` or `anyhow::Error`, which want what lives on its own. Into a
/// function that returns this crate's [`Error`] it goes as it is; elsewhere
/// [`LockError::into_error`] says the same without the guard:
///
/// ```
/// use crossprocess::{Lock, LockError, Segment};
///
/// // The same with `anyhow::Result<u64>`.
/// fn deposit(lock: &Lock<u64>) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
///     let mut balance = lock.lock().map_err(LockError::into_error)?;
///     *balance += 1;
///     Ok(*balance)
/// }
///
/// let segment = Segment::create(1 << 12)?;
/// let lock = Lock::create(&segment, "balance", 0)?;
/// assert_eq!(deposit(&lock)?, 1);
///
/// // Another one leaves while it holds the lock: it is missed, by name.
/// let other = Segment::attach(segment.address())?;
/// let leaver = other.me();
/// let lock_there = Lock::<u64>::open(&other, "balance")?;
/// std::mem::forget(lock_there.lock().map_err(LockError::into_error)?);
/// drop((lock_there, other));
/// let error = deposit(&lock).unwrap_err();
/// assert_eq!(error.to_string(), format!("{leaver} died while it held lock `balance`"));
///
/// // The lock was released by that, and stays poisoned until somebody clears it.
/// lock.clear_poison();
/// assert_eq!(deposit(&lock)?, 2);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[non_exhaustive]
pub enum LockError<G> {
    /// The lock was got, but a process was lost while it held it.
    OwnerDied(OwnerDied<G>),
    /// `try_lock` found the lock held by somebody who is alive.
    WouldBlock {
        /// Which lock.
        object: String,
    },
    /// The time limit is over.
    TimedOut {
        /// Which lock.
        object: String,
    },
    /// The segment or the operating system is in the way.
    Failed(Error),
}

/// A lock that was got after its holder was lost, with the guard inside.
pub struct OwnerDied<G> {
    pub(crate) guard: G,
    pub(crate) object: String,
    pub(crate) peer: Peer,
    pub(crate) loss: Loss,
}

impl<G> OwnerDied<G> {
    /// Who was lost.
    pub fn peer(&self) -> Peer {
        self.peer
    }

    /// Whether it died or panicked.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// The guard: look at the data, repair it, and clear the poison.
    pub fn into_inner(self) -> G {
        self.guard
    }

    /// The data that the lost holder has left.
    pub fn get_ref(&self) -> &G {
        &self.guard
    }

    /// Releases the lock, and keeps what can be told: [`Error::OwnerDied`].
    pub fn into_error(self) -> Error {
        let Self { guard, object, peer, loss } = self;
        drop(guard);
        Error::OwnerDied { object, peer, loss }
    }
}

impl<G> LockError<G> {
    /// The guard, if the lock is held.
    pub fn into_guard(self) -> Option<G> {
        match self {
            Self::OwnerDied(died) => Some(died.guard),
            _ => None,
        }
    }

    /// Releases the lock, if it is held, and keeps what can be told about it.
    pub fn into_error(self) -> Error {
        match self {
            Self::OwnerDied(died) => died.into_error(),
            Self::WouldBlock { object } => Error::WouldBlock { object },
            Self::TimedOut { object } => Error::TimedOut { object },
            Self::Failed(error) => error,
        }
    }

    pub(crate) fn missed(missed: Missed, object: impl FnOnce() -> String) -> Self {
        match missed {
            Missed::Busy => Self::WouldBlock { object: object() },
            Missed::Expired => Self::TimedOut { object: object() },
            Missed::Failed(error) => Self::Failed(error),
        }
    }
}

impl<G> From<LockError<G>> for Error {
    fn from(error: LockError<G>) -> Self {
        error.into_error()
    }
}

impl<G> fmt::Display for LockError<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnerDied(OwnerDied { object, peer, loss, .. }) => {
                write!(f, "{peer} {loss} while it held {object}")
            }
            Self::WouldBlock { object } => {
                write!(f, "{object} is not available at the moment")
            }
            Self::TimedOut { object } => write!(f, "gave up waiting for {object}"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl<G> fmt::Debug for LockError<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LockError({self})")
    }
}

impl<G> fmt::Debug for OwnerDied<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "OwnerDied({} {} while it held {})",
            self.peer, self.loss, self.object
        )
    }
}

impl<G> std::error::Error for LockError<G> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed(error) => error.source(),
            _ => None,
        }
    }
}
