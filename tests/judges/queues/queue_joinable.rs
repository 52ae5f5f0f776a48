//! Judges `queue_joinable`: `join` returns when all is done, to all who wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;

/// Two workers do two tasks while two threads wait for the end.
fn two_workers_and_two_who_wait() {
    let queue = TaskQueue::new();
    let done = AtomicUsize::new(0);
    queue.put(1);
    queue.put(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                queue.take();
                done.fetch_add(1, Ordering::SeqCst);
                queue.task_done().unwrap();
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                queue.join();
                let done = done.load(Ordering::SeqCst);
                assert!(done == 2, "`join` returned when {done} of 2 tasks were done");
            });
        }
    });
}

/// A task that is put in while another is being done counts, too.
fn a_task_that_makes_another() {
    let queue = TaskQueue::new();
    let done = AtomicUsize::new(0);
    queue.put(1);
    thread::scope(|scope| {
        scope.spawn(|| {
            queue.take();
            queue.put(2);
            queue.task_done().unwrap();
            queue.take();
            done.fetch_add(1, Ordering::SeqCst);
            queue.task_done().unwrap();
        });
        queue.join();
        let done = done.load(Ordering::SeqCst);
        assert!(done == 1, "`join` missed a task that another task had put in");
    });
}

fn done_too_often() {
    let queue = TaskQueue::new();
    let refused = "a task too many was counted as done";
    assert!(queue.task_done() == Err(DoneTooOften), "{refused}");
    queue.put(1);
    queue.take();
    assert!(
        queue.task_done() == Ok(()),
        "a task that was taken was not counted as done"
    );
    assert!(queue.task_done() == Err(DoneTooOften), "{refused}");
    // The count is as it was: one more task is one more to wait for.
    queue.put(2);
    queue.take();
    assert!(queue.task_done() == Ok(()), "the refused call changed the count");
    queue.join();
}

fn takers_wait() {
    let queue = TaskQueue::new();
    let mut taken: Vec<u32> = thread::scope(|scope| {
        let takers = [(); 2].map(|()| scope.spawn(|| queue.take()));
        queue.put(1);
        queue.put(2);
        takers.into_iter().map(|taker| taker.join().unwrap()).collect()
    });
    taken.sort_unstable();
    assert!(taken == [1, 2], "1 and 2 were put in, {taken:?} were taken");
}

/// The clock goes on only when nobody can run, so who does not sleep is found out.
fn everything_takes_an_hour() {
    let hour = Duration::from_secs(3600);
    let queue = TaskQueue::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            queue.take();
            thread::sleep(hour);
            queue.task_done().unwrap();
        });
        thread::sleep(hour);
        queue.put(1);
        queue.join();
    });
}

#[test]
fn who_waits_sleeps() {
    let sleepers = interleavings::Checker::new().allow_busy_waits(false);
    sleepers.check(everything_takes_an_hour);
    interleavings::check(everything_takes_an_hour);
}

#[test]
fn join_returns_when_all_is_done() {
    interleavings::check(two_workers_and_two_who_wait);
    real_threads::run(two_workers_and_two_who_wait);
}

#[test]
fn join_waits_for_tasks_that_come_from_tasks() {
    interleavings::check(a_task_that_makes_another);
}

#[test]
fn done_too_often_is_an_error_and_changes_nothing() {
    interleavings::check(done_too_often);
}

#[test]
fn whoever_waits_for_a_task_is_told() {
    interleavings::check(takers_wait);
    real_threads::run(takers_wait);
}
