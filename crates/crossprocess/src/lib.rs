//! Locks, semaphores, conditions, barriers and queues between processes, which
//! survive that any of these processes is killed at any instruction.

mod barrier;
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
mod value;

pub use barrier::{Barrier, Passage};
pub use condition::{Condition, TimedWaitResult, WaitResult};
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
