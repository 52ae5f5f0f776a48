//! A queue with room for so many items, which can be closed.
//!
//! Source: C. A. R. Hoare, "Monitors: An Operating System Structuring Concept", 1974,
//! section 4; the closing is an addition.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::{Condvar, Mutex};

/// Hands items over in order, and evens out what comes in bursts.
pub struct BoundedBuffer<T> {
    state: Mutex<State<T>>,
    capacity: usize,
    /// Signalled once for each item taken: one place, so one producer goes on.
    not_full: Condvar,
    /// Signalled once for each item put: one item, so one consumer goes on.
    ///
    /// With two conditions `notify_one` cannot wake the wrong kind of thread.
    not_empty: Condvar,
}

struct State<T> {
    /// Never more than the capacity.
    items: VecDeque<T>,
    closed: bool,
}

/// The buffer was closed; the item comes back.
#[derive(Debug, PartialEq, Eq)]
pub struct Closed<T>(pub T);

impl<T> BoundedBuffer<T> {
    pub fn new(capacity: NonZero<usize>) -> Self {
        Self {
            state: Mutex::new(State { items: VecDeque::new(), closed: false }),
            capacity: capacity.get(),
            not_full: Condvar::new(),
            not_empty: Condvar::new(),
        }
    }

    /// Puts an item in, blocking while the buffer is full; returns how many are in it.
    ///
    /// # Errors
    ///
    /// [`Closed`] when the buffer is closed, before the call or while it waits.
    pub fn put(&self, item: T) -> Result<usize, Closed<T>> {
        let state = self.state.lock().unwrap();
        let full =
            |state: &mut State<T>| state.items.len() == self.capacity && !state.closed;
        let mut state = self.not_full.wait_while(state, full).unwrap();
        if state.closed {
            return Err(Closed(item));
        }
        state.items.push_back(item);
        self.not_empty.notify_one();
        Ok(state.items.len())
    }

    /// Takes the oldest item, blocking while there is none.
    ///
    /// `None` says that the buffer is closed and that nothing is left in it.
    pub fn take(&self) -> Option<T> {
        let state = self.state.lock().unwrap();
        let empty = |state: &mut State<T>| state.items.is_empty() && !state.closed;
        let mut state = self.not_empty.wait_while(state, empty).unwrap();
        let item = state.items.pop_front()?;
        self.not_full.notify_one();
        Some(item)
    }

    /// Lets nothing more in; what is in the buffer can still be taken.
    pub fn close(&self) {
        self.state.lock().unwrap().closed = true;
        // This concerns everybody, now and for good.
        self.not_full.notify_all();
        self.not_empty.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::primitives::must_end;

    const TWO: NonZero<usize> = NonZero::new(2).unwrap();

    #[test]
    fn items_come_out_in_order_and_never_exceed_the_capacity() {
        let _watchdog = must_end();
        let buffer = BoundedBuffer::new(TWO);
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..1000 {
                    assert!(buffer.put(number).unwrap() <= 2, "more than the capacity");
                }
                buffer.close();
            });
            let taken = std::iter::from_fn(|| buffer.take());
            assert!(taken.eq(0..1000));
        });
    }

    #[test]
    fn many_producers_and_consumers_lose_nothing() {
        let _watchdog = must_end();
        let buffer = BoundedBuffer::new(TWO);
        let sum: usize = thread::scope(|scope| {
            let take_all = || std::iter::from_fn(|| buffer.take()).sum::<usize>();
            let consumers = [(); 3].map(|()| scope.spawn(take_all));
            let put_all = || (1..=500).try_for_each(|n| buffer.put(n).map(drop));
            let producers = [(); 3].map(|()| scope.spawn(put_all));
            producers.into_iter().for_each(|it| it.join().unwrap().unwrap());
            buffer.close();
            consumers.into_iter().map(|consumer| consumer.join().unwrap()).sum()
        });
        assert_eq!(sum, 3 * (500 * 501) / 2);
    }

    #[test]
    fn closing_ends_every_wait() {
        let _watchdog = must_end();
        // A thread that begins to wait after the closing tells nothing, so try often.
        for _ in 0..200 {
            let (full, empty) =
                (BoundedBuffer::new(TWO), BoundedBuffer::<u8>::new(TWO));
            full.put(1).unwrap();
            full.put(2).unwrap();
            thread::scope(|scope| {
                let producers = [(); 2].map(|()| scope.spawn(|| full.put(3)));
                let consumers = [(); 2].map(|()| scope.spawn(|| empty.take()));
                thread::yield_now();
                full.close();
                empty.close();
                for producer in producers {
                    assert_eq!(producer.join().unwrap(), Err(Closed(3)));
                }
                for consumer in consumers {
                    assert_eq!(consumer.join().unwrap(), None);
                }
            });
        }
    }

    #[test]
    fn what_is_in_a_closed_buffer_can_be_taken() {
        let _watchdog = must_end();
        let buffer = BoundedBuffer::new(TWO);
        buffer.put("last").unwrap();
        buffer.close();
        assert_eq!(buffer.put("late"), Err(Closed("late")));
        assert_eq!(buffer.take(), Some("last"));
        assert_eq!(buffer.take(), None);
    }
}
