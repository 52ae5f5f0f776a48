//! A barrier holds threads back until all have come; it should not do so for ever.
//!
//! std's barrier keeps three workers in step, but has no time limit: one worker that
//! never comes leaves the others waiting for good. The second barrier breaks instead,
//! for all of them, and can be reset: Python's `threading.Barrier`, with a `Result`
//! where Python raises `BrokenBarrierError`.
//!
//! Run:     cargo run -p condition-demo -- barrier
//! Expect:  workers in step, two broken rounds and one that passes, as lanes
//! Chapter: book/src/barriers.md
//! Source:  std::sync::Barrier; src/primitives/barrier.rs

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::{sync, time::Duration};

use anyhow::ensure;
use common::{Actor, println, timeline};

use crate::primitives::{Barrier, Broken};

const WORKERS: NonZero<usize> = NonZero::new(3).unwrap();
const ROUNDS: usize = 2;
/// The second worker works twice as long, the third three times.
const WORK_TIME: Duration = Duration::from_millis(10);
const LIMIT: Duration = Duration::from_millis(40);
/// Enough for three threads to start on the busiest machine.
const LONG: Duration = Duration::from_secs(15);

pub fn run() -> anyhow::Result<()> {
    let workers = ["worker 1", "worker 2", "worker 3"].map(Actor::new);
    keep_in_step(workers)?;
    println!("std's barrier: no worker began a round before all had ended the last");

    let barrier = Barrier::new(WORKERS, || println!("the action: all are here"));
    let too_few = meet(&barrier, &workers[..2], LIMIT);
    println!("worker 3 is late: the others get {too_few:?}");
    ensure!(too_few == [Err(Broken); 2], "two of three passed the barrier");
    let too_late = meet(&barrier, &workers[2..], LIMIT);
    println!("it comes at last: worker 3 gets {too_late:?}");
    ensure!(too_late == [Err(Broken)], "one of three passed the barrier");
    ensure!(barrier.is_broken(), "the barrier mended itself");

    barrier.reset();
    let mut all = meet(&barrier, &workers, LONG);
    println!("reset, all come:  they get {all:?}");
    all.sort_by_key(|index| index.ok());
    ensure!(all == [Ok(0), Ok(1), Ok(2)], "the three got {all:?}");

    let given_up = thread::scope(|scope| {
        let waiting = scope.spawn(|| meet(&barrier, &workers[..2], LONG));
        let working = workers[2].works("its part, in vain");
        thread::sleep(WORK_TIME);
        drop(working);
        barrier.abort();
        waiting.join().expect("waiting does not panic")
    });
    println!("worker 3 aborts:  the others get {given_up:?}\n");
    ensure!(given_up == [Err(Broken); 2], "two of three passed the barrier");

    timeline::so_far().print();
    println!("\nok: all three pass or none does, and none is left waiting");
    Ok(())
}

/// Ends each round of work with std's barrier.
fn keep_in_step(workers: [Actor; WORKERS.get()]) -> anyhow::Result<()> {
    let barrier = sync::Barrier::new(workers.len());
    let finished = [const { AtomicUsize::new(0) }; ROUNDS];
    // ANCHOR: round
    let work_a_round = |finished: &AtomicUsize, me: Actor, work_time| {
        let working = me.works("its part of the round");
        // Stands for work; they stay in step however long it takes.
        thread::sleep(work_time);
        // Relaxed, here and below: the barrier orders the one before the other.
        finished.fetch_add(1, Ordering::Relaxed);
        drop(working);
        let _waiting = me.waits("the others");
        let is_leader = barrier.wait().is_leader();
        (finished.load(Ordering::Relaxed), is_leader)
    };
    // ANCHOR_END: round
    let work =
        |me, time| finished.each_ref().map(|round| work_a_round(round, me, time));
    let seen: Vec<_> = thread::scope(|scope| {
        let work = &work;
        let start = |(n, me)| scope.spawn(move || work(me, WORK_TIME * n));
        let threads: Vec<_> = (1..).zip(workers).map(start).collect();
        let join = |thread: ScopedJoinHandle<_>| thread.join().expect("does not panic");
        threads.into_iter().flat_map(join).collect()
    });
    let in_step = seen.iter().all(|(finished, _)| *finished == workers.len());
    ensure!(in_step, "a worker passed the barrier too early");
    let leaders = seen.iter().filter(|(_, is_leader)| *is_leader).count();
    ensure!(leaders == ROUNDS, "{leaders} leaders in {ROUNDS} rounds");
    Ok(())
}

/// What the barrier answers to these workers when they come at the same time.
fn meet(
    barrier: &Barrier,
    workers: &[Actor],
    limit: Duration,
) -> Vec<Result<usize, Broken>> {
    thread::scope(|scope| {
        let wait = |me: &Actor| {
            let _waiting = me.waits("the others");
            barrier.wait(limit)
        };
        let start = |me| scope.spawn(move || wait(me));
        let threads: Vec<_> = workers.iter().map(start).collect();
        let join = |thread: ScopedJoinHandle<_>| thread.join().expect("does not panic");
        threads.into_iter().map(join).collect()
    })
}
