//! Who does not want to wait can try the lock, or wait for a limited time.
//!
//! A worker writes to a log that somebody else holds. `try_lock` never waits: the
//! worker keeps its lines and goes on. `try_lock_for` waits, but not for ever; std has
//! nothing like it, parking_lot has. Both are Python's `acquire(blocking, timeout)`,
//! with one difference: who did not get the lock has no guard to write with. A loop
//! that only tries again keeps a core busy with waiting.
//!
//! Run:     cargo run -p lock-demo -- try-lock
//! Expect:  three lines kept back, a wait given up, and all lines in the log
//! Chapter: book/src/locks.md
//! Source:  std::sync::Mutex::try_lock, parking_lot::Mutex::try_lock_for

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use common::{Actor, measure, println, timeline};
use parking_lot::Mutex;

const LIMIT: Duration = Duration::from_millis(30);
/// Beyond any delay of a busy machine: passed only if the lock is never released.
const PATIENCE: Duration = Duration::from_secs(10);
/// Stands for the work that a line tells of.
const WORK_TIME: Duration = Duration::from_millis(5);

pub fn run() -> anyhow::Result<()> {
    let log = Mutex::new(Vec::new());
    let [owner, me] = ["owner", "worker"].map(Actor::new);
    let (taken, is_taken) = mpsc::channel();
    let (release, may_release) = mpsc::channel::<()>();

    let gave_up_after = thread::scope(|scope| {
        let log = &log;
        scope.spawn(move || {
            let mut log = log.lock();
            let _holding = owner.holds("the log");
            log.push("the owner was here".to_owned());
            // An error says that the worker has gone, which ends the hold as well.
            let _ = taken.send(());
            let _ = may_release.recv();
        });
        is_taken.recv().context("the owner has ended without the lock")?;

        let mut kept_back = Vec::new();
        for number in 1..=3 {
            let _working = me.works(format!("job {number}"));
            thread::sleep(WORK_TIME);
            // ANCHOR: try
            match log.try_lock() {
                Some(mut log) => log.push(format!("job {number} done")),
                None => kept_back.push(format!("job {number} done")),
            }
            // ANCHOR_END: try
        }
        println!("try_lock: taken, so {} lines were kept back", kept_back.len());
        ensure!(kept_back.len() == 3, "a lock that was held was taken");

        let waiting = me.waits("the log");
        let started = Instant::now();
        let guard = log.try_lock_for(LIMIT);
        let waited = started.elapsed();
        drop(waiting);
        ensure!(guard.is_none(), "a lock that was held was taken");

        drop(release);
        let _waiting = me.waits("the log");
        let mut log =
            log.try_lock_for(PATIENCE).context("the lock was not released")?;
        log.append(&mut kept_back);
        Ok(waited)
    })?;

    let [limit, waited] = [LIMIT, gave_up_after].map(|it| it.as_secs_f64());
    let (limit, waited) = (measure::duration(limit), measure::duration(waited));
    println!("try_lock_for: with a limit of {limit} given up after {waited}");
    let log = log.into_inner();
    println!("released, and all {} lines are in the log\n", log.len());
    timeline::so_far().print();
    ensure!(gave_up_after >= LIMIT, "given up after {waited}, before the limit");
    ensure!(log.len() == 4, "the log has {} lines", log.len());
    println!("\nok: nobody waited longer than wanted, and no line was lost");
    Ok(())
}
