//! A queue that can be waited for until every job that was put is finished.
//!
//! In Python `get` and `task_done` are two calls, of which the second is forgotten or
//! made twice. Here a [`Task`] is a job together with its place in the count: however
//! it goes away, by its end, by a panic or because the queue was closed, its drop
//! counts it as done, once.
//! Source: Python's queue.Queue.join; crossbeam's WaitGroup, which can be used once.

use std::ops::Deref;
use std::sync::{Arc, Condvar, Mutex};

use crate::blocking_queue::{FifoQueue, PutError, TakeError};

/// First in, first out, without limit; counts what is not finished.
pub struct JoinableQueue<T> {
    queue: FifoQueue<Task<T>>,
    unfinished: Arc<Unfinished>,
}

/// A job that counts as unfinished until this is dropped.
#[derive(Debug)]
pub struct Task<T> {
    // Fields are dropped in this order: what the job's own drop does is part of it.
    job: T,
    _place: Place,
}

#[derive(Debug, Default)]
struct Unfinished {
    count: Mutex<usize>,
    /// Signalled to all when the count falls to zero.
    all_done: Condvar,
}

/// One of the unfinished.
#[derive(Debug)]
struct Place(Arc<Unfinished>);

impl<T> JoinableQueue<T> {
    pub fn new() -> Self {
        Self { queue: FifoQueue::unbounded(), unfinished: Arc::default() }
    }

    /// Puts a job, which counts as unfinished from now on.
    ///
    /// # Errors
    ///
    /// [`PutError::Closed`] gives the job back; then it does not count.
    pub fn put(&self, job: T) -> Result<(), PutError<T>> {
        let task = Task { job, _place: Place::take(&self.unfinished) };
        self.queue.put(task).map_err(|error| match error {
            PutError::Full(task) => PutError::Full(task.job),
            PutError::Closed(task) => PutError::Closed(task.job),
        })
    }

    /// Takes a job; blocks while there is none. Dropping the task says that it is done.
    ///
    /// # Errors
    ///
    /// [`TakeError::Closed`] when the queue is closed and empty.
    pub fn take(&self) -> Result<Task<T>, TakeError> {
        self.queue.take()
    }

    /// Blocks until no job is unfinished, whether it waits in the queue or is held.
    ///
    /// Jobs that a task puts before it is dropped are waited for too.
    pub fn join(&self) {
        let count = self.unfinished.count.lock().unwrap();
        drop(self.unfinished.all_done.wait_while(count, |count| *count > 0).unwrap());
    }

    /// How many jobs wait to be taken.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// How many jobs wait or are held.
    pub fn unfinished(&self) -> usize {
        *self.unfinished.count.lock().unwrap()
    }

    /// Closes the queue, drops the jobs nobody took and says how many they were.
    ///
    /// They count as done: whoever waits in `join` waits for the taken ones only.
    pub fn close_now(&self) -> usize {
        self.queue.close_now().len()
    }
}

impl<T> Deref for Task<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.job
    }
}

impl Place {
    fn take(unfinished: &Arc<Unfinished>) -> Self {
        *unfinished.count.lock().unwrap() += 1;
        Self(Arc::clone(unfinished))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut count = self.0.count.lock().unwrap();
        *count -= 1;
        if *count == 0 {
            self.0.all_done.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn join_waits_for_the_job_that_has_left_the_queue() {
        let queue = JoinableQueue::new();
        queue.put("job").unwrap();
        let task = queue.take().unwrap();
        assert_eq!((queue.len(), queue.unfinished()), (0, 1));
        thread::scope(|scope| {
            let (joined, when_joined) = mpsc::channel();
            let queue = &queue;
            scope.spawn(move || {
                queue.join();
                joined.send(()).unwrap();
            });
            assert!(when_joined.try_recv().is_err(), "join did not wait");
            drop(task);
            when_joined.recv().unwrap();
        });
    }

    #[test]
    fn join_waits_for_the_jobs_that_a_job_puts() {
        let queue = JoinableQueue::new();
        let (done, dones) = mpsc::channel();
        queue.put(10_u32).unwrap();
        thread::scope(|scope| {
            for _ in 0..3 {
                let (queue, done) = (&queue, done.clone());
                scope.spawn(move || {
                    while let Ok(task) = queue.take() {
                        if *task > 0 {
                            queue.put(*task - 1).unwrap();
                        }
                        done.send(*task).unwrap();
                    }
                });
            }
            queue.join();
            let mut done: Vec<_> = dones.try_iter().collect();
            done.sort_unstable();
            assert_eq!(done, (0..=10).collect::<Vec<_>>());
            queue.close_now();
        });
    }

    #[test]
    fn a_panic_counts_as_done() {
        let queue = JoinableQueue::new();
        queue.put(()).unwrap();
        let worker = || {
            let _task = queue.take();
            panic!("the job failed");
        };
        assert!(thread::scope(|scope| scope.spawn(worker).join()).is_err());
        queue.join();
    }

    #[test]
    fn closing_now_counts_dropped_jobs_as_done_but_not_the_held_one() {
        let queue = JoinableQueue::new();
        for number in 1..=3 {
            queue.put(number).unwrap();
        }
        let held = queue.take().unwrap();
        assert_eq!(queue.close_now(), 2);
        assert_eq!(queue.unfinished(), 1);
        assert_eq!(queue.put(4), Err(PutError::Closed(4)));
        assert_eq!(queue.unfinished(), 1, "a job that was refused counts");
        drop(held);
        queue.join();
    }

    #[test]
    fn join_of_an_unused_queue_does_not_wait() {
        JoinableQueue::<()>::new().join();
    }
}
