//! Each worker has a queue of its own, and who has nothing left steals from another.
//!
//! The owner takes its newest task, a thief the oldest, which is often the largest; so
//! they seldom meet, and no queue is a bottleneck. A worker must not leave because all
//! queues are empty: a task in somebody's hands may still make new ones. It leaves when
//! the count of unfinished tasks is zero. rayon is built in this way.
//!
//! Run:     cargo run -p queue-demo -- stealing
//! Expect:  all tasks begin with worker 1, and yet every worker is busy
//! Chapter: book/src/work-stealing.md
//! Source:  D. Chase, Y. Lev, "Dynamic Circular Work-Stealing Deque", SPAA 2005

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::ensure;
use common::measure::duration;
use common::{Actor, println, timeline};
use crossbeam::deque::{Steal, Stealer, Worker};
use crossbeam::utils::Backoff;

use crate::queens::Board;

const WORKERS: usize = 3;
/// Queens on a board of as many rows; known to have so many solutions.
const SIZE: u32 = 12;
const SOLUTIONS: u64 = 14_200;
/// Boards with fewer queens make new tasks, the others are solved in one go.
const SPLIT: u32 = 2;

pub fn run() -> anyhow::Result<()> {
    let start = Instant::now();
    let alone = Board::new(SIZE).solutions();
    let time_alone = start.elapsed();

    let start = Instant::now();
    let reports = solve_together();
    let time = start.elapsed();
    timeline::so_far().print();
    println!("");
    for (number, report) in (1..).zip(&reports) {
        let Report { tasks, stolen, found_nothing, .. } = report;
        println!(
            "worker {number}: {tasks:2} tasks, {stolen:2} of them stolen; \
             {found_nothing:2} times nothing found, yet stayed"
        );
    }
    let (time_alone, time) = (time_alone.as_secs_f64(), time.as_secs_f64());
    let (time_alone, time) = (duration(time_alone), duration(time));
    println!("{SIZE} queens, {alone} ways: alone {time_alone}, together {time}");
    let together: u64 = reports.iter().map(|report| report.solutions).sum();
    ensure!(alone == SOLUTIONS, "{alone} solutions, not {SOLUTIONS}");
    ensure!(together == alone, "{together} of {alone} solutions found together");
    // All began in worker 1's queue, and nobody went on before each had a task.
    ensure!(reports[1..].iter().all(|report| report.stolen > 0), "nothing was stolen");
    println!("ok: who had no task stole one, and nobody left before the last was done");
    Ok(())
}

#[derive(Default)]
struct Report {
    solutions: u64,
    tasks: usize,
    stolen: usize,
    /// How often all queues were empty although tasks were unfinished.
    found_nothing: usize,
}

struct Shared {
    stealers: Vec<Stealer<Board>>,
    /// Tasks in the queues and in the workers' hands.
    unfinished: AtomicUsize,
    /// Where all meet in the middle of their first task: proves that they overlap.
    meeting: Barrier,
}

fn solve_together() -> Vec<Report> {
    let deques: Vec<_> = (0..WORKERS).map(|_| Worker::new_lifo()).collect();
    deques[0].push(Board::new(SIZE));
    let shared = Shared {
        stealers: deques.iter().map(Worker::stealer).collect(),
        unfinished: AtomicUsize::new(1),
        meeting: Barrier::new(WORKERS),
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (1..)
            .zip(deques)
            .map(|(number, own)| {
                let me = Actor::new(format!("worker {number}"));
                let shared = &shared;
                scope.spawn(move || work(me, &own, shared))
            })
            .collect();
        workers.into_iter().map(|w| w.join().expect("working does not panic")).collect()
    })
}

fn work(me: Actor, own: &Worker<Board>, shared: &Shared) -> Report {
    let mut report = Report::default();
    let backoff = Backoff::new();
    let mut waiting = None;
    // Acquire: pairs with the Release below, so that who sees zero sees all results.
    while shared.unfinished.load(Ordering::Acquire) > 0 {
        let stolen = || steal(&shared.stealers).inspect(|_| report.stolen += 1);
        let Some(board) = own.pop().or_else(stolen) else {
            report.found_nothing += 1;
            waiting.get_or_insert_with(|| me.waits("a task"));
            // Leaves the core to others; a real pool would go to sleep in the end.
            backoff.snooze();
            continue;
        };
        backoff.reset();
        drop(waiting.take());
        let _working = me.works(format!("{} queens", board.queens()));
        if board.queens() < SPLIT {
            for next in board.next() {
                // Relaxed: this task is not finished, so zero is not reached meanwhile.
                shared.unfinished.fetch_add(1, Ordering::Relaxed);
                own.push(next);
            }
        } else {
            report.solutions += board.solutions();
        }
        report.tasks += 1;
        if report.tasks == 1 {
            // Proves that all are at work at once; the result does not need it.
            shared.meeting.wait();
        }
        shared.unfinished.fetch_sub(1, Ordering::Release);
    }
    report
}

/// The oldest task of the first worker that has one.
fn steal(stealers: &[Stealer<Board>]) -> Option<Board> {
    loop {
        // A success if there is one, else "retry" if some theft was disturbed: that
        // is no sign of an empty queue.
        match stealers.iter().map(Stealer::steal).collect() {
            Steal::Success(board) => return Some(board),
            Steal::Empty => return None,
            Steal::Retry => {}
        }
    }
}
