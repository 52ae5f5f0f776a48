//! An empty queue does not mean that the work is done; `wait` waits for what does.
//!
//! A task counts from `send` until the process that has it says `done`: also while it is
//! being worked on, and one that makes more tasks sends them before it is done itself.
//! A task that is dropped undone, or whose process dies, is not forgotten: `wait` tells
//! how many were lost, see the scene `die-sending`. In Python `JoinableQueue.join` waits
//! for ever then, and a `task_done` too many raises `ValueError`.
//!
//! Run:     cargo run -p process-sync-demo -- joinable
//! Expect:  one task pending in an empty queue, then a sum by tasks that make tasks
//! Chapter: book/src/process-queues.md
//! Source:  crossprocess::JoinableQueue; the twin is queue-demo's `joinable`

use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use common::{Actor, println, timeline};
use crossprocess::process::Entry;
use crossprocess::{Error, JoinableQueue, Segment, Value};

use crate::child;

pub const WORKER: Entry<u32> = Entry::new("joinable-worker");

const WORKERS: u32 = 3;
/// Added up by tasks that halve their range until it is small.
const NUMBERS: u64 = 1000;
const SMALL: u64 = 64;
const WORK_TIME: Duration = Duration::from_millis(4);
/// For all tasks at once: a worker that waited for room would wait for itself.
const CAPACITY: usize = 1 << 12;

type Range = (u64, u64);

pub fn run() -> anyhow::Result<()> {
    let [during, after] = empty_but_not_done().context("one task")?;
    println!("while somebody has the task: {during}");
    println!("after `done`:                {after}\n");
    ensure!(during == Counts { inside: 0, pending: 1 }, "during: {during}");
    ensure!(after == Counts { inside: 0, pending: 0 }, "after: {after}");

    let sum = add_up().context("tasks that make tasks")?;
    timeline::so_far().print();
    println!("\nwhen `wait` returned, 1 + … + {NUMBERS} was {sum}");
    ensure!(sum == NUMBERS * (NUMBERS + 1) / 2, "returned too early: {sum}");
    println!("ok: `wait` returned when every task was done, those of other tasks too");
    Ok(())
}

#[derive(PartialEq, Eq)]
struct Counts {
    inside: usize,
    pending: u32,
}

impl Counts {
    fn of(tasks: &JoinableQueue<Range>) -> Result<Self, Error> {
        Ok(Self { inside: tasks.len(), pending: tasks.pending()? })
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in the queue, {} pending", self.inside, self.pending)
    }
}

fn empty_but_not_done() -> Result<[Counts; 2], Error> {
    let segment = Segment::create(1 << 16)?;
    let tasks = JoinableQueue::create(&segment, "tasks", CAPACITY)?;
    tasks.send(&(1, 1))?;
    let task = tasks.recv()?;
    let during = Counts::of(&tasks)?;
    task.done()?;
    tasks.wait()?;
    Ok([during, Counts::of(&tasks)?])
}

/// Returns the sum as it was when the last task was done.
fn add_up() -> anyhow::Result<u64> {
    let segment = Segment::create(1 << 16)?;
    let tasks = JoinableQueue::<Range>::create(&segment, "tasks", CAPACITY)?;
    let sum = Value::create(&segment, "sum", 0_u64)?;
    let main = Actor::new("main");
    let _lanes: Vec<_> = (1..=WORKERS).map(lane).collect();
    let workers = (1..=WORKERS).map(|number| child::start(&WORKER, &number, &segment));
    let workers = workers.collect::<Result<Vec<_>, _>>()?;

    tasks.send(&(1, NUMBERS))?;
    let waiting = main.waits("the end of all tasks");
    tasks.wait()?;
    drop(waiting);
    let sum = sum.get()?;
    // The workers wait for more, and would do so for ever.
    tasks.close()?;
    child::join(workers)?;
    Ok(sum)
}

fn lane(number: u32) -> Actor {
    Actor::new(format!("worker {number}"))
}

/// Takes until the queue is closed and empty.
pub fn worker(number: u32) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let tasks = JoinableQueue::<Range>::open(&segment, "tasks")?;
    let sum = Value::<u64>::open(&segment, "sum")?;
    let me = lane(number);
    loop {
        let waiting = me.waits("a task");
        let task = match tasks.recv() {
            Err(Error::Closed { .. }) => return Ok(()),
            task => task?,
        };
        drop(waiting);
        let (first, last) = *task;
        let _working = me.works(format_args!("{first} to {last}"));
        // Stands for work; the sum is right however long it takes.
        thread::sleep(WORK_TIME);
        if last - first < SMALL {
            sum.update(|sum| *sum += (first..=last).sum::<u64>())?;
        } else {
            let middle = u64::midpoint(first, last);
            tasks.send(&(first, middle))?;
            tasks.send(&(middle + 1, last))?;
        }
        task.done()?;
    }
}
