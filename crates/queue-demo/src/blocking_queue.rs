//! A queue that threads can wait for, from a mutex and two condition variables.
//!
//! Any number of threads put and take. One lock, two conditions, and three ways to
//! store: so Python's module `queue` is built too. What a channel lacks is
//! [`close`](BlockingQueue::close): one party ends it while others still hold it.
//! Source: CPython, Lib/queue.py; C. A. R. Hoare, "Monitors", CACM 17 (1974).

use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use crate::store::{Fifo, Lifo, Smallest, Store};

/// First in, first out.
pub type FifoQueue<T> = BlockingQueue<Fifo<T>>;
/// Last in, first out.
pub type LifoQueue<T> = BlockingQueue<Lifo<T>>;
/// Pairs, the smallest key first; of equal keys the one that came first.
pub type PriorityQueue<K, T> = BlockingQueue<Smallest<K, T>>;

pub struct BlockingQueue<S> {
    state: Mutex<State<S>>,
    /// No limit when `None`.
    capacity: Option<NonZeroUsize>,
    /// Signalled once for each item put, and to all when the queue is closed.
    not_empty: Condvar,
    /// Signalled once for each item taken, and to all when the queue is closed.
    not_full: Condvar,
}

#[derive(Default)]
struct State<S> {
    items: S,
    closed: bool,
}

/// Why an item was not put; it comes back.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PutError<T> {
    /// There was no room, also not until the time was up.
    #[error("the queue is full")]
    Full(T),
    #[error("the queue is closed")]
    Closed(T),
}

/// Why nothing was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TakeError {
    /// There was no item, also not until the time was up.
    #[error("the queue is empty")]
    Empty,
    /// The queue is closed and empty: no item will ever come.
    #[error("the queue is closed")]
    Closed,
}

impl<S: Store> BlockingQueue<S> {
    pub fn unbounded() -> Self {
        Self::with_capacity(None)
    }

    /// A queue that holds at most `capacity` items.
    pub fn bounded(capacity: NonZeroUsize) -> Self {
        Self::with_capacity(Some(capacity))
    }

    fn with_capacity(capacity: Option<NonZeroUsize>) -> Self {
        Self {
            state: Mutex::default(),
            capacity,
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
        }
    }

    /// Puts an item; blocks while the queue is full.
    ///
    /// # Errors
    ///
    /// [`PutError::Closed`] when the queue is closed, also while waiting.
    pub fn put(&self, item: S::Item) -> Result<(), PutError<S::Item>> {
        let state = self.not_full.wait_while(self.lock(), |state| self.is_full(state));
        self.push(state.unwrap(), item)
    }

    /// Puts an item if there is room within `limit`.
    ///
    /// # Errors
    ///
    /// [`PutError::Full`] when the time is up, [`PutError::Closed`] as in `put`.
    pub fn put_timeout(
        &self,
        item: S::Item,
        limit: Duration,
    ) -> Result<(), PutError<S::Item>> {
        let full = |state: &mut State<S>| self.is_full(state);
        let waited = self.not_full.wait_timeout_while(self.lock(), limit, full);
        self.push(waited.unwrap().0, item)
    }

    /// Puts an item if there is room now.
    ///
    /// # Errors
    ///
    /// As [`put_timeout`](Self::put_timeout).
    pub fn try_put(&self, item: S::Item) -> Result<(), PutError<S::Item>> {
        self.push(self.lock(), item)
    }

    /// Takes an item; blocks while the queue is empty.
    ///
    /// # Errors
    ///
    /// [`TakeError::Closed`] when the queue is closed and empty: items that were put
    /// before are still given out.
    pub fn take(&self) -> Result<S::Item, TakeError> {
        let state = self.not_empty.wait_while(self.lock(), |state| state.is_dry());
        self.pop(state.unwrap())
    }

    /// Takes an item if there is one within `limit`.
    ///
    /// # Errors
    ///
    /// [`TakeError::Empty`] when the time is up, [`TakeError::Closed`] as in `take`.
    pub fn take_timeout(&self, limit: Duration) -> Result<S::Item, TakeError> {
        let dry = |state: &mut State<S>| state.is_dry();
        let waited = self.not_empty.wait_timeout_while(self.lock(), limit, dry);
        self.pop(waited.unwrap().0)
    }

    /// Takes an item if there is one now.
    ///
    /// # Errors
    ///
    /// As [`take_timeout`](Self::take_timeout).
    pub fn try_take(&self) -> Result<S::Item, TakeError> {
        self.pop(self.lock())
    }

    /// How many items wait; may be out of date before the caller looks at it.
    pub fn len(&self) -> usize {
        self.lock().items.len()
    }

    /// Refuses what comes from now on; what is in the queue is still given out.
    ///
    /// Wakes whoever waits: `put` fails, `take` fails once the queue is empty.
    pub fn close(&self) {
        self.lock().closed = true;
        self.not_empty.notify_all();
        self.not_full.notify_all();
    }

    /// Closes the queue and returns what nobody took, in the order of leaving.
    pub fn close_now(&self) -> Vec<S::Item> {
        let mut state = self.lock();
        state.closed = true;
        let left = std::iter::from_fn(|| state.items.pop()).collect();
        drop(state);
        self.not_empty.notify_all();
        self.not_full.notify_all();
        left
    }

    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap()
    }

    /// A reason to wait with putting: closed is none, for that will never change.
    fn is_full(&self, state: &State<S>) -> bool {
        !state.closed
            && self.capacity.is_some_and(|capacity| state.items.len() >= capacity.get())
    }

    fn push(
        &self,
        mut state: MutexGuard<'_, State<S>>,
        item: S::Item,
    ) -> Result<(), PutError<S::Item>> {
        if state.closed {
            return Err(PutError::Closed(item));
        }
        if self.is_full(&state) {
            return Err(PutError::Full(item));
        }
        state.items.push(item);
        // Unlocked first: else the thread that wakes up runs into the lock.
        drop(state);
        self.not_empty.notify_one();
        Ok(())
    }

    fn pop(&self, mut state: MutexGuard<'_, State<S>>) -> Result<S::Item, TakeError> {
        let Some(item) = state.items.pop() else {
            return Err(if state.closed {
                TakeError::Closed
            } else {
                TakeError::Empty
            });
        };
        drop(state);
        self.not_full.notify_one();
        Ok(item)
    }
}

impl<S: Store> State<S> {
    /// A reason to wait with taking.
    fn is_dry(&self) -> bool {
        self.items.len() == 0 && !self.closed
    }
}

#[cfg(test)]
mod tests;
