//! What [`std::sync::mpsc`] offers, modelled inside an exploration.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

pub use std::sync::mpsc::{
    RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError,
};

use crate::kernel::channel::{self, Ends, Passed};
use crate::kernel::ids::{Loc, ModelId};
use crate::kernel::{active, threads};

/// What the two ends of a channel share.
struct Shared<T> {
    id: ModelId,
    capacity: Option<usize>,
    senders: AtomicUsize,
    receiver: AtomicBool,
    /// The messages on their way inside an exploration.
    queue: Mutex<VecDeque<T>>,
}

impl<T> Shared<T> {
    fn new(capacity: Option<usize>, made_at: Loc) -> Arc<Self> {
        let shared = Arc::new(Self {
            id: ModelId::made_at(made_at),
            capacity,
            senders: AtomicUsize::new(1),
            receiver: AtomicBool::new(true),
            queue: Mutex::new(VecDeque::new()),
        });
        if active() {
            channel::register(&shared.ends());
        }
        shared
    }

    fn ends(&self) -> Ends<'_> {
        Ends {
            id: &self.id,
            type_name: std::any::type_name::<T>(),
            capacity: self.capacity,
            // Relaxed: outside an exploration the counts are not used.
            senders: self.senders.load(Ordering::Relaxed),
            receiver: self.receiver.load(Ordering::Relaxed),
        }
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, message: T, at: Loc) -> Result<(), SendError<T>> {
        match channel::send(&self.ends(), at) {
            Passed::Yes => self.queue().push_back(message),
            _ => return Err(SendError(message)),
        }
        if self.capacity == Some(0)
            && channel::await_taken(&self.ends(), at) != Passed::Yes
        {
            let message = self.queue().pop_front();
            return message.map_or(Ok(()), |message| Err(SendError(message)));
        }
        Ok(())
    }

    fn clone_sender(&self) {
        self.senders.fetch_add(1, Ordering::Relaxed);
        if active() {
            channel::sender_cloned(&self.ends());
        }
    }

    fn drop_sender(&self) {
        if active() {
            channel::sender_dropped(&self.ends(), threads::here());
        }
        self.senders.fetch_sub(1, Ordering::Relaxed);
    }

    fn take(&self) -> T {
        let message = self.queue().pop_front();
        message.expect("the model counts the messages in the queue")
    }
}

/// Makes a channel that never blocks its senders.
#[must_use]
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Shared::new(None, Location::caller());
    let (sender, receiver) = mpsc::channel();
    (
        Sender { real: sender, shared: shared.clone() },
        Receiver { real: receiver, shared },
    )
}

/// Makes a channel for at most `bound` messages; senders wait for room.
///
/// With a bound of 0 a sender waits until its message is received.
#[must_use]
#[track_caller]
pub fn sync_channel<T>(bound: usize) -> (SyncSender<T>, Receiver<T>) {
    let shared = Shared::new(Some(bound), Location::caller());
    let (sender, receiver) = mpsc::sync_channel(bound);
    (
        SyncSender { real: sender, shared: shared.clone() },
        Receiver { real: receiver, shared },
    )
}

/// The sending end of a [`channel()`].
pub struct Sender<T> {
    real: mpsc::Sender<T>,
    shared: Arc<Shared<T>>,
}

impl<T> UnwindSafe for Sender<T> {}
impl<T> RefUnwindSafe for Sender<T> {}

impl<T> Sender<T> {
    /// Sends a message; never blocks.
    ///
    /// # Errors
    ///
    /// Gives the message back when the receiver is gone.
    #[inline]
    #[track_caller]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        if active() {
            self.shared.send(message, Location::caller())
        } else {
            self.real.send(message)
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.clone_sender();
        Self { real: self.real.clone(), shared: self.shared.clone() }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.shared.drop_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// The sending end of a [`sync_channel`].
pub struct SyncSender<T> {
    real: mpsc::SyncSender<T>,
    shared: Arc<Shared<T>>,
}

impl<T> UnwindSafe for SyncSender<T> {}
impl<T> RefUnwindSafe for SyncSender<T> {}

impl<T> SyncSender<T> {
    /// Sends a message; blocks while the channel is full.
    ///
    /// # Errors
    ///
    /// Gives the message back when the receiver is gone.
    #[inline]
    #[track_caller]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        if active() {
            self.shared.send(message, Location::caller())
        } else {
            self.real.send(message)
        }
    }

    /// Sends a message if nobody has to wait for it.
    ///
    /// # Errors
    ///
    /// Gives the message back when the channel is full or the receiver is gone.
    #[track_caller]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        if !active() {
            return self.real.try_send(message);
        }
        match channel::try_send(&self.shared.ends(), Location::caller()) {
            Passed::Yes => {
                self.shared.queue().push_back(message);
                Ok(())
            }
            Passed::Closed => Err(TrySendError::Disconnected(message)),
            _ => Err(TrySendError::Full(message)),
        }
    }
}

impl<T> Clone for SyncSender<T> {
    fn clone(&self) -> Self {
        self.shared.clone_sender();
        Self { real: self.real.clone(), shared: self.shared.clone() }
    }
}

impl<T> Drop for SyncSender<T> {
    fn drop(&mut self) {
        self.shared.drop_sender();
    }
}

impl<T> fmt::Debug for SyncSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncSender").finish_non_exhaustive()
    }
}

/// The receiving end of a channel.
pub struct Receiver<T> {
    real: mpsc::Receiver<T>,
    shared: Arc<Shared<T>>,
}

impl<T> UnwindSafe for Receiver<T> {}
impl<T> RefUnwindSafe for Receiver<T> {}

impl<T> Receiver<T> {
    /// Blocks until a message comes.
    ///
    /// # Errors
    ///
    /// When the channel is empty and all senders are gone.
    #[inline]
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        if !active() {
            return self.real.recv();
        }
        match channel::receive(&self.shared.ends(), None, Location::caller()) {
            Passed::Yes => Ok(self.shared.take()),
            _ => Err(RecvError),
        }
    }

    /// Takes a message if one is there.
    ///
    /// # Errors
    ///
    /// When the channel is empty, and whether all senders are gone.
    #[inline]
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        if !active() {
            return self.real.try_recv();
        }
        match channel::try_receive(&self.shared.ends(), Location::caller()) {
            Passed::Yes => Ok(self.shared.take()),
            Passed::Closed => Err(TryRecvError::Disconnected),
            _ => Err(TryRecvError::Empty),
        }
    }

    /// Blocks until a message comes, for at most `timeout`.
    ///
    /// # Errors
    ///
    /// When the time has run out, or all senders are gone.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        if !active() {
            return self.real.recv_timeout(timeout);
        }
        let nanos = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        let at = Location::caller();
        match channel::receive(&self.shared.ends(), Some(nanos), at) {
            Passed::Yes => Ok(self.shared.take()),
            Passed::Closed => Err(RecvTimeoutError::Disconnected),
            _ => Err(RecvTimeoutError::Timeout),
        }
    }

    /// Receives until all senders are gone.
    #[track_caller]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { receiver: self, at: Location::caller() }
    }

    /// Receives what is there.
    #[track_caller]
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter { receiver: self, at: Location::caller() }
    }

    fn next(&self, at: Loc) -> Option<T> {
        if !active() {
            return self.real.recv().ok();
        }
        match channel::receive(&self.shared.ends(), None, at) {
            Passed::Yes => Some(self.shared.take()),
            _ => None,
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if active() {
            channel::receiver_dropped(&self.shared.ends(), threads::here());
            // A sender of a rendezvous channel takes its own message back.
            if self.shared.capacity != Some(0) {
                let messages = std::mem::take(&mut *self.shared.queue());
                drop(messages);
            }
        }
        self.shared.receiver.store(false, Ordering::Relaxed);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

/// Receives from a borrowed [`Receiver`] until all senders are gone.
#[derive(Debug)]
pub struct Iter<'a, T: 'a> {
    receiver: &'a Receiver<T>,
    at: Loc,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.next(self.at)
    }
}

/// Receives from a [`Receiver`] what is there.
#[derive(Debug)]
pub struct TryIter<'a, T: 'a> {
    receiver: &'a Receiver<T>,
    at: Loc,
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if !active() {
            return self.receiver.real.try_recv().ok();
        }
        match channel::try_receive(&self.receiver.shared.ends(), self.at) {
            Passed::Yes => Some(self.receiver.shared.take()),
            _ => None,
        }
    }
}

/// Receives from a [`Receiver`] of its own until all senders are gone.
#[derive(Debug)]
pub struct IntoIter<T> {
    receiver: Receiver<T>,
    at: Loc,
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.next(self.at)
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    #[track_caller]
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    #[track_caller]
    fn into_iter(self) -> IntoIter<T> {
        IntoIter { receiver: self, at: Location::caller() }
    }
}
