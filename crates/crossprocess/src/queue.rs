//! Queues of messages, from many processes to many.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cell::{Cell, Kind, Shape};
use crate::raw::gate::Gate;
use crate::raw::mutex::RawMutex;
use crate::raw::ring::{Message, RawRing, Refused, Unfinished};
use crate::raw::shares::Shares;
use crate::raw::{Deadline, SLOTS};
use crate::segment::Inner;
use crate::{Error, Segment};

/// Where things are among the words; what senders and what receivers store is in
/// different cache lines.
mod at {
    use super::SLOTS;

    pub const TAIL: usize = 0;
    pub const HEAD_SEEN: usize = 1;
    pub const HEAD: usize = 8;
    pub const TAIL_SEEN: usize = 9;
    pub const DONE: usize = 10;
    pub const TAKEN_WORDS: usize = 11;
    pub const TAKEN: usize = 16;
    pub const RING: usize = TAKEN + SLOTS;
}

/// The same for the words of 32 bits.
mod half {
    pub const SEND_LOCK: usize = 0;
    pub const RECV_LOCK: usize = 16;
    pub const NOT_FULL: usize = 32;
    pub const NOT_EMPTY: usize = 48;
    pub const ALL_DONE: usize = 64;
    pub const CLOSED: usize = 80;
    pub const COUNT: usize = 81;
}

/// Words of the smallest ring.
const SMALLEST: usize = 8;

/// A bounded queue of byte strings, first in first out, from many processes to many.
///
/// A message is sent by one store, and taken by one store. A sender that is killed
/// before it has sent nothing, and after it everything; a receiver that is killed before
/// leaves the message to others, and after it takes it along. Nothing is ever torn,
/// repeated or out of order, and nobody waits more than a tick for the dead.
///
/// Messages that other processes wrote are checked: content that cannot be is
/// [`Error::Corrupt`].
///
/// Against `std::sync::mpsc` and crossbeam's channels: between processes, many
/// receivers, and any process can close it. A queue does not close by itself when
/// its senders are gone: new ones can come at any time. Python: `multiprocessing.Queue`
/// sends in the background, later, and blocks for ever after a killed reader or writer.
pub struct ByteQueue {
    cell: Cell,
}

impl ByteQueue {
    /// Creates a queue in a segment, under a name that nothing there has yet, for
    /// `capacity` bytes at least. Each message takes 8 bytes more than its length, and
    /// is rounded up to 8 bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for 16 GiB or more; otherwise as
    /// [`Lock::create`](crate::Lock::create).
    pub fn create(
        segment: &Segment,
        name: &str,
        capacity: usize,
    ) -> Result<Self, Error> {
        Self::create_as(Kind::Queue, 0, segment, name, capacity)
    }

    /// Opens a queue that another process has created.
    ///
    /// # Errors
    ///
    /// As [`Lock::open`](crate::Lock::open).
    pub fn open(segment: &Segment, name: &str) -> Result<Self, Error> {
        Self::open_as(Kind::Queue, 0, segment, name)
    }

    fn create_as(
        kind: Kind,
        content: u64,
        segment: &Segment,
        name: &str,
        capacity: usize,
    ) -> Result<Self, Error> {
        let ring = capacity.div_ceil(8).max(SMALLEST);
        if ring > 1 << 31 {
            let why = format!("queue `{name}` cannot hold {capacity} bytes");
            return Err(Error::Invalid(why));
        }
        let ring = ring.next_power_of_two();
        let shape = Shape {
            kind,
            content,
            words: at::RING + ring,
            halves: half::COUNT,
            parameter: ring as u64,
        };
        Ok(Self { cell: segment.create_cell(name, &shape, |_| Ok(()))? })
    }

    fn open_as(
        kind: Kind,
        content: u64,
        segment: &Segment,
        name: &str,
    ) -> Result<Self, Error> {
        let cell = segment.open_cell(name, kind, content)?;
        let ring = usize::try_from(cell.parameter).unwrap_or(0);
        if !ring.is_power_of_two() || !(SMALLEST..=1 << 31).contains(&ring) {
            return Err(cell.corrupt("its capacity cannot be"));
        }
        Ok(Self { cell: cell.expect(at::RING + ring, half::COUNT)? })
    }

    /// Sends a message; blocks while there is no room for it.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`], or [`Error::TooLong`] if it can never fit.
    pub fn send(&self, message: &[u8]) -> Result<(), Error> {
        self.send_until(message, Deadline::Never)
    }

    /// Sends a message if there is room for it, without blocking.
    ///
    /// # Errors
    ///
    /// [`Error::WouldBlock`]; otherwise as [`ByteQueue::send`].
    pub fn try_send(&self, message: &[u8]) -> Result<(), Error> {
        self.send_until(message, Deadline::Now)
    }

    /// Sends a message; blocks for `limit` at most.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`]; otherwise as [`ByteQueue::send`].
    pub fn send_timeout(&self, message: &[u8], limit: Duration) -> Result<(), Error> {
        self.send_until(message, Deadline::after(limit))
    }

    /// Receives a message; blocks until there is one, or the queue is closed and empty.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`], or [`Error::Corrupt`].
    pub fn recv(&self) -> Result<Vec<u8>, Error> {
        let mut message = Vec::new();
        self.recv_until(Deadline::Never, |_, bytes| bytes.copy_into(&mut message))?;
        Ok(message)
    }

    /// Receives a message if there is one, without blocking.
    ///
    /// # Errors
    ///
    /// [`Error::WouldBlock`]; otherwise as [`ByteQueue::recv`].
    pub fn try_recv(&self) -> Result<Vec<u8>, Error> {
        let mut message = Vec::new();
        self.recv_until(Deadline::Now, |_, bytes| bytes.copy_into(&mut message))?;
        Ok(message)
    }

    /// Receives a message; blocks for `limit` at most.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`]; otherwise as [`ByteQueue::recv`].
    pub fn recv_timeout(&self, limit: Duration) -> Result<Vec<u8>, Error> {
        let mut message = Vec::new();
        let until = Deadline::after(limit);
        self.recv_until(until, |_, bytes| bytes.copy_into(&mut message))?;
        Ok(message)
    }

    /// As [`ByteQueue::recv`], into a buffer that can be used again.
    ///
    /// # Errors
    ///
    /// As [`ByteQueue::recv`].
    pub fn recv_into(&self, message: &mut Vec<u8>) -> Result<(), Error> {
        self.recv_until(Deadline::Never, |_, bytes| bytes.copy_into(message))
    }

    /// As [`ByteQueue::recv_timeout`], into a buffer that can be used again.
    ///
    /// # Errors
    ///
    /// As [`ByteQueue::recv_timeout`].
    pub fn recv_timeout_into(
        &self,
        message: &mut Vec<u8>,
        limit: Duration,
    ) -> Result<(), Error> {
        let until = Deadline::after(limit);
        self.recv_until(until, |_, bytes| bytes.copy_into(message))
    }

    /// Receives a message and takes it out of the queue only after `work` is done: if
    /// this process dies in there, or `work` fails or panics, the message is the next
    /// one to be received. So it can be worked on twice, but is never lost. Other
    /// receivers wait meanwhile.
    ///
    /// # Errors
    ///
    /// Those of `work`, and those of [`ByteQueue::recv`].
    pub fn recv_with<R, E: From<Error>>(
        &self,
        work: impl FnOnce(&[u8]) -> Result<R, E>,
    ) -> Result<R, E> {
        self.recv_with_until(Deadline::Never, work)
    }

    /// As [`ByteQueue::recv_with`]; blocks for `limit` at most until there is a message.
    /// How long `work` takes is up to it.
    ///
    /// # Errors
    ///
    /// Those of `work`, and those of [`ByteQueue::recv_timeout`].
    pub fn recv_timeout_with<R, E: From<Error>>(
        &self,
        limit: Duration,
        work: impl FnOnce(&[u8]) -> Result<R, E>,
    ) -> Result<R, E> {
        self.recv_with_until(Deadline::after(limit), work)
    }

    fn recv_with_until<R, E: From<Error>>(
        &self,
        until: Deadline,
        work: impl FnOnce(&[u8]) -> Result<R, E>,
    ) -> Result<R, E> {
        enum Stop<E> {
            Refused(Refused),
            Work(E),
        }
        impl<E> From<Refused> for Stop<E> {
            fn from(refused: Refused) -> Self {
                Self::Refused(refused)
            }
        }
        let mut message = Vec::new();
        let result = self.raw().recv(self.cell.world(), until, |_, bytes| {
            bytes.copy_into(&mut message);
            work(&message).map_err(Stop::Work)
        });
        result.map_err(|stop| match stop {
            Stop::Refused(refused) => self.refused(refused, 0).into(),
            Stop::Work(error) => error,
        })
    }

    /// Accepts no more messages, from anybody; those that are in the queue can still be
    /// received. Wakes everybody who waits.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not say who is alive.
    pub fn close(&self) -> Result<(), Error> {
        let closed = self.raw().close(self.cell.world());
        closed.map_err(|missed| Error::missed(missed, || self.cell.object()))
    }

    /// True if no more messages are accepted.
    pub fn is_closed(&self) -> bool {
        self.raw().is_closed()
    }

    /// How many messages are in the queue at this moment.
    pub fn len(&self) -> usize {
        self.raw().len() as usize
    }

    /// True if there is no message in the queue at this moment.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The length of the longest message that fits, in bytes.
    pub fn longest(&self) -> usize {
        self.raw().longest()
    }

    fn send_until(&self, message: &[u8], until: Deadline) -> Result<(), Error> {
        self.raw()
            .send(self.cell.world(), message, until)
            .map_err(|refused| self.refused(refused, message.len()))
    }

    fn recv_until<R>(
        &self,
        until: Deadline,
        take: impl FnOnce(u32, Message<'_, Inner>) -> R,
    ) -> Result<R, Error> {
        let take = |number, message: Message<'_, Inner>| {
            Ok::<_, Refused>(take(number, message))
        };
        self.raw()
            .recv(self.cell.world(), until, take)
            .map_err(|refused| self.refused(refused, 0))
    }

    /// As [`ByteQueue::recv_timeout`] or `recv`; `before` gets the number of the message
    /// before it is taken.
    pub(crate) fn recv_numbered(
        &self,
        limit: Option<Duration>,
        message: &mut Vec<u8>,
        before: impl FnOnce(u32),
    ) -> Result<(), Error> {
        let until = limit.map_or(Deadline::Never, Deadline::after);
        self.recv_until(until, |number, bytes| {
            bytes.copy_into(message);
            before(number);
        })
    }

    /// How many messages were ever taken, modulo 2^32.
    pub(crate) fn taken(&self) -> u32 {
        self.raw().sent_and_taken().1
    }

    #[cold]
    fn refused(&self, refused: Refused, len: usize) -> Error {
        let object = self.cell.object();
        match refused {
            Refused::Closed => Error::Closed { object },
            Refused::TooLong => Error::TooLong { object, len, longest: self.longest() },
            Refused::Corrupt => self.cell.corrupt("a message that nobody sent"),
            Refused::Missed(missed) => Error::missed(missed, || object),
        }
    }

    fn raw(&self) -> RawRing<'_, Inner> {
        let cell = &self.cell;
        let gate = |at| Gate { seq: cell.half(at), sleepers: cell.half(at + 1) };
        RawRing {
            send_lock: RawMutex { word: cell.half(half::SEND_LOCK) },
            recv_lock: RawMutex { word: cell.half(half::RECV_LOCK) },
            tail: cell.word(at::TAIL),
            head: cell.word(at::HEAD),
            head_seen: cell.word(at::HEAD_SEEN),
            tail_seen: cell.word(at::TAIL_SEEN),
            taken_words: cell.word(at::TAKEN_WORDS),
            closed: cell.half(half::CLOSED),
            not_full: gate(half::NOT_FULL),
            not_empty: gate(half::NOT_EMPTY),
            ring: cell.words(at::RING..at::RING + cell.parameter as usize),
        }
    }

    fn unfinished(&self) -> Unfinished<'_, Inner> {
        let cell = &self.cell;
        Unfinished {
            done: cell.word(at::DONE),
            taken: Shares { words: cell.words(at::TAKEN..at::RING) },
            all_done: Gate {
                seq: cell.half(half::ALL_DONE),
                sleepers: cell.half(half::ALL_DONE + 1),
            },
        }
    }
}

impl fmt::Debug for ByteQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteQueue")
            .field("name", &self.cell.name())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// A bounded queue of messages of one type, from many processes to many.
///
/// Messages are written by serde, in the format of `postcard`, at the moment of `send`:
/// what happens to the value afterwards changes nothing. All else is as with
/// [`ByteQueue`], which is faster for what is bytes already.
pub struct Queue<T> {
    bytes: ByteQueue,
    _message: PhantomData<fn(T) -> T>,
}

impl<T: Serialize + DeserializeOwned> Queue<T> {
    /// Creates a queue in a segment, under a name that nothing there has yet, for
    /// `capacity` bytes at least.
    ///
    /// # Errors
    ///
    /// As [`ByteQueue::create`].
    pub fn create(
        segment: &Segment,
        name: &str,
        capacity: usize,
    ) -> Result<Self, Error> {
        let content = crate::plain::content_of::<T>();
        let bytes =
            ByteQueue::create_as(Kind::Queue, content, segment, name, capacity)?;
        Ok(Self { bytes, _message: PhantomData })
    }

    /// Opens a queue that another process has created.
    ///
    /// # Errors
    ///
    /// As [`Lock::open`](crate::Lock::open).
    pub fn open(segment: &Segment, name: &str) -> Result<Self, Error> {
        let content = crate::plain::content_of::<T>();
        let bytes = ByteQueue::open_as(Kind::Queue, content, segment, name)?;
        Ok(Self { bytes, _message: PhantomData })
    }

    /// Sends a message; blocks while there is no room for it.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`], [`Error::TooLong`] if it can never fit, or [`Error::Codec`].
    pub fn send(&self, message: &T) -> Result<(), Error> {
        encoded(message, |bytes| self.bytes.send(bytes))
    }

    /// Sends a message if there is room for it, without blocking.
    ///
    /// # Errors
    ///
    /// [`Error::WouldBlock`]; otherwise as [`Queue::send`].
    pub fn try_send(&self, message: &T) -> Result<(), Error> {
        encoded(message, |bytes| self.bytes.try_send(bytes))
    }

    /// Sends a message; blocks for `limit` at most.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`]; otherwise as [`Queue::send`].
    pub fn send_timeout(&self, message: &T, limit: Duration) -> Result<(), Error> {
        encoded(message, |bytes| self.bytes.send_timeout(bytes, limit))
    }

    /// Receives a message; blocks until there is one, or the queue is closed and empty.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`], [`Error::Corrupt`], or [`Error::Codec`] if the bytes are no
    /// message of this type; it has been taken then.
    pub fn recv(&self) -> Result<T, Error> {
        self.recv_until(Deadline::Never, |_| {})
    }

    /// Receives a message if there is one, without blocking.
    ///
    /// # Errors
    ///
    /// [`Error::WouldBlock`]; otherwise as [`Queue::recv`].
    pub fn try_recv(&self) -> Result<T, Error> {
        self.recv_until(Deadline::Now, |_| {})
    }

    /// Receives a message; blocks for `limit` at most.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`]; otherwise as [`Queue::recv`].
    pub fn recv_timeout(&self, limit: Duration) -> Result<T, Error> {
        self.recv_until(Deadline::after(limit), |_| {})
    }

    /// Receives a message and takes it out of the queue only after `work` is done: see
    /// [`ByteQueue::recv_with`].
    ///
    /// # Errors
    ///
    /// Those of `work`, and those of [`Queue::recv`]; the message stays then, also if it
    /// is none of this type.
    pub fn recv_with<R, E: From<Error>>(
        &self,
        work: impl FnOnce(T) -> Result<R, E>,
    ) -> Result<R, E> {
        self.bytes.recv_with(|bytes| work(self.message(bytes)?))
    }

    /// As [`Queue::recv_with`]; blocks for `limit` at most until there is a message.
    ///
    /// # Errors
    ///
    /// Those of `work`, and those of [`Queue::recv_timeout`]; the message stays then.
    pub fn recv_timeout_with<R, E: From<Error>>(
        &self,
        limit: Duration,
        work: impl FnOnce(T) -> Result<R, E>,
    ) -> Result<R, E> {
        self.bytes.recv_timeout_with(limit, |bytes| work(self.message(bytes)?))
    }

    /// Messages until the queue is closed and empty; ends at the first error as well.
    pub fn iter(&self) -> impl Iterator<Item = T> {
        std::iter::from_fn(|| self.recv().ok())
    }

    /// See [`ByteQueue::close`].
    ///
    /// # Errors
    ///
    /// As [`ByteQueue::close`].
    pub fn close(&self) -> Result<(), Error> {
        self.bytes.close()
    }

    /// True if no more messages are accepted.
    pub fn is_closed(&self) -> bool {
        self.bytes.is_closed()
    }

    /// How many messages are in the queue at this moment.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// True if there is no message in the queue at this moment.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn recv_until(
        &self,
        until: Deadline,
        before: impl FnOnce(u32),
    ) -> Result<T, Error> {
        with_buffer(|buffer| {
            self.bytes.recv_until(until, |number, bytes| {
                bytes.copy_into(buffer);
                before(number);
            })?;
            self.message(buffer)
        })
    }

    fn message(&self, bytes: &[u8]) -> Result<T, Error> {
        decoded(bytes, || format!("a message of {}", self.bytes.cell.object()))
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("name", &self.bytes.cell.name())
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// A [`Queue`] that knows which of its messages have been worked on.
///
/// [`JoinableQueue::recv`] gives a [`Task`]; who has done it says so, and
/// [`JoinableQueue::wait`] returns when all are done. Tasks that were taken by a process
/// which died, or that were dropped undone, are *lost*, and `wait` says how many, once
/// nothing else is left to wait for.
///
/// Python: `multiprocessing.JoinableQueue`, whose `join` hangs when a process dies
/// between `get` and `task_done`.
pub struct JoinableQueue<T> {
    queue: Queue<T>,
}

impl<T: Serialize + DeserializeOwned> JoinableQueue<T> {
    /// Creates a queue in a segment, under a name that nothing there has yet, for
    /// `capacity` bytes at least.
    ///
    /// # Errors
    ///
    /// As [`ByteQueue::create`].
    pub fn create(
        segment: &Segment,
        name: &str,
        capacity: usize,
    ) -> Result<Self, Error> {
        let content = crate::plain::content_of::<T>();
        let bytes = ByteQueue::create_as(
            Kind::JoinableQueue,
            content,
            segment,
            name,
            capacity,
        )?;
        Ok(Self { queue: Queue { bytes, _message: PhantomData } })
    }

    /// Opens a queue that another process has created.
    ///
    /// # Errors
    ///
    /// As [`Lock::open`](crate::Lock::open).
    pub fn open(segment: &Segment, name: &str) -> Result<Self, Error> {
        let content = crate::plain::content_of::<T>();
        let bytes = ByteQueue::open_as(Kind::JoinableQueue, content, segment, name)?;
        Ok(Self { queue: Queue { bytes, _message: PhantomData } })
    }

    /// Sends a task; blocks while there is no room for it.
    ///
    /// # Errors
    ///
    /// As [`Queue::send`].
    pub fn send(&self, task: &T) -> Result<(), Error> {
        self.queue.send(task)
    }

    /// Sends a task if there is room for it, without blocking.
    ///
    /// # Errors
    ///
    /// As [`Queue::try_send`].
    pub fn try_send(&self, task: &T) -> Result<(), Error> {
        self.queue.try_send(task)
    }

    /// Sends a task; blocks for `limit` at most.
    ///
    /// # Errors
    ///
    /// As [`Queue::send_timeout`].
    pub fn send_timeout(&self, task: &T, limit: Duration) -> Result<(), Error> {
        self.queue.send_timeout(task, limit)
    }

    /// Receives a task; blocks until there is one, or the queue is closed and empty.
    ///
    /// # Errors
    ///
    /// As [`Queue::recv`].
    pub fn recv(&self) -> Result<Task<'_, T>, Error> {
        self.recv_until(Deadline::Never)
    }

    /// Receives a task if there is one, without blocking.
    ///
    /// # Errors
    ///
    /// As [`Queue::try_recv`].
    pub fn try_recv(&self) -> Result<Task<'_, T>, Error> {
        self.recv_until(Deadline::Now)
    }

    /// Receives a task; blocks for `limit` at most.
    ///
    /// # Errors
    ///
    /// As [`Queue::recv_timeout`].
    pub fn recv_timeout(&self, limit: Duration) -> Result<Task<'_, T>, Error> {
        self.recv_until(Deadline::after(limit))
    }

    fn recv_until(&self, until: Deadline) -> Result<Task<'_, T>, Error> {
        let bytes = &self.queue.bytes;
        let mut open = OpenTask { bytes, taken: false };
        let result = self.queue.recv_until(until, |_| {
            // Ours before it is taken: killed in between, it is nobody's, and stays.
            open.taken = bytes.unfinished().taken.add(bytes.cell.world(), 1);
        });
        Ok(Task { task: result?, open })
    }

    /// Blocks until every task that was sent is done, or lost. Python's `join`.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`] if tasks were lost: again and again, until
    /// [`JoinableQueue::write_off`].
    pub fn wait(&self) -> Result<(), Error> {
        self.wait_until(Deadline::Never)
    }

    /// Blocks for `limit` at most.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`]; otherwise as [`JoinableQueue::wait`].
    pub fn wait_timeout(&self, limit: Duration) -> Result<(), Error> {
        self.wait_until(Deadline::after(limit))
    }

    fn wait_until(&self, until: Deadline) -> Result<(), Error> {
        let bytes = &self.queue.bytes;
        let world = bytes.cell.world();
        let unfinished = bytes.unfinished();
        let object = || bytes.cell.object();
        match unfinished.wait(world, &bytes.raw(), until) {
            Ok(0) => Ok(()),
            Ok(count) => {
                let last = unfinished.taken.gone(world);
                let last = last.map(|owner| bytes.cell.peer(owner));
                Err(Error::Lost { object: object(), count, last })
            }
            Err(missed) => Err(Error::missed(missed, object)),
        }
    }

    /// Counts the tasks that were lost as done. Returns how many that were.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not say who is alive.
    pub fn write_off(&self) -> Result<u32, Error> {
        let bytes = &self.queue.bytes;
        bytes
            .unfinished()
            .write_off(bytes.cell.world(), &bytes.raw())
            .map_err(|missed| Error::missed(missed, || bytes.cell.object()))
    }

    /// How many tasks are in the queue, or taken by somebody who may still do them.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not say who is alive.
    pub fn pending(&self) -> Result<u32, Error> {
        let bytes = &self.queue.bytes;
        let open = bytes.unfinished().open(bytes.cell.world(), &bytes.raw());
        let open =
            open.map_err(|missed| Error::missed(missed, || bytes.cell.object()))?;
        Ok(open.pending)
    }

    /// See [`ByteQueue::close`].
    ///
    /// # Errors
    ///
    /// As [`ByteQueue::close`].
    pub fn close(&self) -> Result<(), Error> {
        self.queue.close()
    }

    /// True if no more tasks are accepted.
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// How many tasks are in the queue at this moment.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// True if there is no task in the queue at this moment.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

impl<T> fmt::Debug for JoinableQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinableQueue")
            .field("name", &self.queue.bytes.cell.name())
            .finish_non_exhaustive()
    }
}

/// A task of a [`JoinableQueue`]. Dropped without [`Task::done`], it is lost.
#[must_use = "a task that is dropped counts as lost"]
pub struct Task<'a, T> {
    task: T,
    open: OpenTask<'a>,
}

impl<T> Task<'_, T> {
    /// Says that the task is done. Returns its message. Python's `task_done`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not say who is alive.
    pub fn done(self) -> Result<T, Error> {
        let Self { task, mut open } = self;
        let bytes = open.bytes;
        let done = bytes
            .unfinished()
            .done(bytes.cell.world(), &bytes.raw(), 1)
            .map_err(|missed| Error::missed(missed, || bytes.cell.object()))?;
        open.taken = false;
        if done { Ok(task) } else { Err(Error::NoTask { object: bytes.cell.object() }) }
    }
}

impl<T> Deref for Task<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.task
    }
}

impl<T: fmt::Debug> fmt::Debug for Task<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Task").field(&self.task).finish()
    }
}

/// This process's share of what is not done yet.
struct OpenTask<'a> {
    bytes: &'a ByteQueue,
    taken: bool,
}

impl Drop for OpenTask<'_> {
    fn drop(&mut self) {
        if self.taken {
            let unfinished = self.bytes.unfinished();
            let world = self.bytes.cell.world();
            unfinished.taken.sub(world, 1);
            unfinished.all_done.notify(world, u32::MAX);
        }
    }
}

/// Messages up to this length are written without asking for memory.
const SHORT: usize = 256;

/// Writes a message as bytes and passes them on.
pub(crate) fn encoded<T: Serialize, R>(
    message: &T,
    pass_on: impl FnOnce(&[u8]) -> Result<R, Error>,
) -> Result<R, Error> {
    let mut short = [0; SHORT];
    match postcard::to_slice(message, &mut short) {
        Ok(bytes) => pass_on(bytes),
        Err(postcard::Error::SerializeBufferFull) => with_buffer(|buffer| {
            buffer.clear();
            let written = postcard::to_extend(message, std::mem::take(buffer));
            *buffer = written.map_err(cannot_encode)?;
            pass_on(buffer)
        }),
        Err(error) => Err(cannot_encode(error)),
    }
}

fn cannot_encode(source: postcard::Error) -> Error {
    Error::Codec { what: "a message to bytes".into(), source }
}

pub(crate) fn decoded<T: DeserializeOwned>(
    bytes: &[u8],
    what: impl FnOnce() -> String,
) -> Result<T, Error> {
    postcard::from_bytes(bytes).map_err(|source| Error::Codec { what: what(), source })
}

/// Lends a buffer that this thread uses again and again.
fn with_buffer<R>(work: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    /// A buffer larger than this is not kept.
    const KEPT: usize = 1 << 20;
    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    let mut buffer = BUFFER.with(RefCell::take);
    let result = work(&mut buffer);
    if buffer.capacity() <= KEPT {
        BUFFER.with(|place| place.replace(buffer));
    }
    result
}
