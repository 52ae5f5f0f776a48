//! An empty queue does not mean that the work is done; `join` waits for what does.
//!
//! A job counts from `put` until its task is dropped: while it waits, while a worker
//! has it, and a job that makes more jobs puts them before it ends. In Python the
//! worker calls `task_done`, and forgets it on some path or calls it twice; here the
//! drop does it, also in a panic.
//!
//! Run:     cargo run -p queue-demo -- joinable
//! Expect:  one job unfinished in an empty queue, then a sum by jobs that make jobs
//! Chapter: book/src/shutdown.md
//! Source:  Python's queue.Queue.task_done and join

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::{Actor, println, timeline};

use crate::joinable_queue::JoinableQueue;

const WORKERS: usize = 3;
/// Added up by jobs that halve their range until it is small.
const NUMBERS: u64 = 1000;
const SMALL: u64 = 64;
const WORK_TIME: Duration = Duration::from_millis(4);

pub fn run() -> anyhow::Result<()> {
    empty_but_not_done()?;

    let queue = JoinableQueue::new();
    let sum = AtomicU64::new(0);
    let main = Actor::new("main");
    let left = thread::scope(|scope| {
        for number in 1..=WORKERS {
            let me = Actor::new(format!("worker {number}"));
            let (queue, sum) = (&queue, &sum);
            scope.spawn(move || work(me, queue, sum));
        }
        queue.put((1, NUMBERS))?;
        let waiting = main.waits("the end of all jobs");
        queue.join();
        drop(waiting);
        main.marks("joined");
        // The workers wait for more; nothing is left to take away from them.
        anyhow::Ok((queue.close_now(), sum.load(Ordering::Relaxed)))
    })?;
    println!("");
    timeline::so_far().print();
    println!("\nwhen `join` returned, 1 + … + {NUMBERS} was {}", left.1);
    ensure!(left == (0, NUMBERS * (NUMBERS + 1) / 2), "joined too early: {left:?}");
    println!("ok: `join` returned when every job was done, those of other jobs too");
    Ok(())
}

fn empty_but_not_done() -> anyhow::Result<()> {
    let queue = JoinableQueue::new();
    queue.put("a job")?;
    let meeting = Barrier::new(2);
    let waiting_and_unfinished = thread::scope(|scope| {
        scope.spawn(|| {
            let _task = queue.take();
            // Between the two meetings the job is being done.
            meeting.wait();
            meeting.wait();
        });
        meeting.wait();
        let counts = (queue.len(), queue.unfinished());
        meeting.wait();
        counts
    });
    let (waiting, unfinished) = waiting_and_unfinished;
    println!(
        "while a worker has the job: {waiting} in the queue, {unfinished} unfinished"
    );
    ensure!(waiting_and_unfinished == (0, 1));
    queue.join();
    let (waiting, unfinished) = (queue.len(), queue.unfinished());
    println!(
        "after `join`:               {waiting} in the queue, {unfinished} unfinished"
    );
    ensure!((waiting, unfinished) == (0, 0));
    Ok(())
}

fn work(me: Actor, queue: &JoinableQueue<(u64, u64)>, sum: &AtomicU64) {
    loop {
        let waiting = me.waits("a job");
        let Ok(task) = queue.take() else { return };
        drop(waiting);
        let (first, last) = *task;
        let _working = me.works(format!("{first} to {last}"));
        // Stands for work; the sum is right however long it takes.
        thread::sleep(WORK_TIME);
        if last - first < SMALL {
            // Relaxed: the task's drop and `join` use one mutex, which orders this.
            sum.fetch_add((first..=last).sum(), Ordering::Relaxed);
        } else {
            let middle = u64::midpoint(first, last);
            for half in [(first, middle), (middle + 1, last)] {
                queue.put(half).expect("closed only when all jobs are done");
            }
        }
    }
}
