//! Goal:   `join` waits until every task is done, not only taken.
//! Given:  a queue of tasks with one mutex and two conditions.
//! Change: the bodies of `task_done` and `join`.
//! Check:  cargo test --bin queue_joinable
//! Read:   book/src/shutdown.md; Python's queue.Queue.join is the model

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};
use std::thread;

/// More tasks were done than put in.
#[derive(Debug, PartialEq, Eq)]
struct DoneTooOften;

struct TaskQueue {
    state: Mutex<State>,
    filled: Condvar,
    all_done: Condvar,
}

struct State {
    tasks: VecDeque<u32>,
    /// Tasks that are not done: in the queue, or taken and at work.
    unfinished: usize,
}

impl TaskQueue {
    fn new() -> Self {
        let state = Mutex::new(State { tasks: VecDeque::new(), unfinished: 0 });
        Self { state, filled: Condvar::new(), all_done: Condvar::new() }
    }

    fn put(&self, task: u32) {
        let mut state = self.state.lock().unwrap();
        state.tasks.push_back(task);
        state.unfinished += 1;
        self.filled.notify_one();
    }

    /// Takes the oldest task, waiting for one. Call `task_done` after it.
    fn take(&self) -> u32 {
        let state = self.state.lock().unwrap();
        let mut state = self.filled.wait_while(state, |s| s.tasks.is_empty()).unwrap();
        state.tasks.pop_front().expect("the queue is not empty")
    }

    /// Says that a task is done. Once too often changes nothing.
    fn task_done(&self) -> Result<(), DoneTooOften> {
        // TODO: count it, and tell those who wait for the last one.
        todo!("one task less")
    }

    /// Sleeps until all tasks that were put in are done.
    fn join(&self) {
        // TODO: wait until nothing is unfinished.
        todo!("wait for the last task")
    }
}

fn main() {
    real_threads::end_if_stuck();
    let queue = TaskQueue::new();
    (1..=3).for_each(|task| queue.put(task));
    thread::scope(|scope| {
        scope.spawn(|| {
            (1..=3).for_each(|_| println!("task {} is at work", queue.take()));
            (1..=3).for_each(|_| queue.task_done().unwrap());
        });
        queue.join();
    });
    println!("all are done");
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn one_task_is_put_taken_and_done() {
        interleavings::check(|| {
            let queue = TaskQueue::new();
            queue.put(7);
            assert_eq!((queue.take(), queue.task_done()), (7, Ok(())));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/queues/queue_joinable.rs"]
mod judge;
