//! What happened in one execution, step by step, before names are known.

use super::ids::{Loc, Obj, Tid};

/// What a step did; the sentence is made from it when the report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Start,
    End,
    Panic,
    Spawn,
    Join,
    ScopeEnd,
    Yield,
    Spin,
    Sleep,
    Park,
    Unpark,
    Lock,
    TryLock,
    Unlock,
    LockRead,
    TryLockRead,
    UnlockRead,
    LockWrite,
    TryLockWrite,
    UnlockWrite,
    Downgrade,
    SeePoison,
    ClearPoison,
    Wait,
    WakeUp,
    NotifyOne,
    NotifyAll,
    BarrierWait,
    OnceRun,
    OnceDone,
    OnceSeen,
    Send,
    TrySend,
    Receive,
    TryReceive,
    SendersGone,
    ReceiverGone,
    Load,
    Store,
    Update,
    FailedUpdate,
    Fence,
    Meet,
}

/// Why a waiting thread went on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Woke {
    /// What it waited for happened.
    #[default]
    Normal,
    /// Its time-out ran out.
    TimedOut,
    /// For no reason, as std allows.
    Spurious,
}

/// One row of the schedule.
#[derive(Clone, Debug)]
pub(crate) struct RawStep {
    pub(crate) thread: Tid,
    pub(crate) at: Loc,
    pub(crate) action: Action,
    pub(crate) object: Option<Obj>,
    /// The value read, written or sent, when it can be shown.
    pub(crate) value: Option<String>,
    /// The thread that was joined, spawned, woken, unparked.
    pub(crate) other: Option<Tid>,
    /// The thread arrived here and could not go on.
    pub(crate) blocked: bool,
    /// The operation did not succeed: would block, empty, closed, timed out.
    pub(crate) failed: bool,
    /// The thread that ran before could have gone on.
    pub(crate) preempted: Option<Tid>,
    pub(crate) woke: Woke,
    /// A read that did not return the newest value: where that was stored, and
    /// where the returned one was, if not at the construction.
    pub(crate) stale: Option<(Loc, Option<Loc>)>,
    pub(crate) ordering: Option<&'static str>,
    /// A lock was given back, and its value may have been changed under it.
    pub(crate) wrote: bool,
    /// Who holds what after the step: pairs of thread and object; `None` until the
    /// step is over.
    pub(crate) holds: Option<Vec<(Tid, Obj)>>,
}
