//! A future is a job's result before it is there: to wait for, to give up, to cancel.
//!
//! `submit` returns at once. What can be waited for can also be waited for at most so
//! long; the job goes on all the same. A job that has not begun can be cancelled, a
//! running one cannot, here as in Python. `as_completed` gives results in the order in
//! which they come; to stop at the first error is to cancel the rest, and to wait for
//! those at work. A panic that nobody waits for would go unnoticed: futures are asked.
//!
//! Run:     cargo run -p pool-demo -- futures
//! Expect:  six things to do with a future, and as lanes who was at work meanwhile
//! Chapter: book/src/futures.md
//! Source:  Python's concurrent.futures; crates/pool-demo/src/future.rs

use std::thread;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use common::{Actor, println, timeline};
use crossbeam::channel::{self, Sender};

use crate::future::{Failure, Future, as_completed};
use crate::lanes_of;
use crate::thread_pool::ThreadPool;

const WORKERS: usize = 3;
const PATIENCE: Duration = Duration::from_millis(10);
const WORK_TIME: Duration = Duration::from_millis(5);

pub fn run() -> anyhow::Result<()> {
    let main = Actor::new("main");
    let _lanes = lanes_of(WORKERS);
    let pool = ThreadPool::new(WORKERS).context("start the workers")?;

    let answer = pool.submit(|| 6 * 7).wait()?;
    println!("submit, wait        6 × 7 = {answer}");
    ensure!(answer == 42);

    let (slow, let_go) = held_job(&pool, 1);
    let waiting = main.waits(format!("job 1, at most {PATIENCE:?}"));
    let early = slow.wait_at_most(PATIENCE);
    drop(waiting);
    let_go.send(())?;
    let late = slow.wait()?;
    println!("wait at most {PATIENCE:?}   {early:?}, and later {late}");
    ensure!((early, late) == (None, 1));

    cancel(&pool).context("cancel")?;
    by_completion(&pool).context("as completed")?;
    first_error(&pool).context("first error")?;
    drop(pool);
    println!("");
    timeline::so_far().print();
    println!("\nok: every future told the truth: a value, a reason, or not yet");
    Ok(())
}

/// Submits a job that has begun, and ends when it is told to.
fn held_job(pool: &ThreadPool, number: u32) -> (Future<u32>, Sender<()>) {
    let (begun, begins) = channel::bounded(1);
    let (let_go, may_go) = channel::bounded(1);
    let future = pool.submit(move || {
        let _working = Actor::current().works(format!("job {number}"));
        // An error would say that the scene has failed and is gone.
        let _ = begun.send(());
        let _ = may_go.recv();
        // Stands for work; who is first does not hang on it.
        thread::sleep(WORK_TIME);
        number
    });
    // An error would show as a job that has not begun.
    let _ = begins.recv();
    (future, let_go)
}

fn cancel(pool: &ThreadPool) -> anyhow::Result<()> {
    // All workers are busy, so what comes next stays in the queue.
    let running: Vec<_> = (2..).map(|n| held_job(pool, n)).take(WORKERS).collect();
    let queued = pool.submit(|| 5);
    let cancelled = (queued.cancel(), running[0].0.cancel());
    println!("cancel              queued: {}, running: {}", cancelled.0, cancelled.1);
    ensure!(cancelled == (true, false));
    ensure!(queued.wait() == Err(Failure::Cancelled), "a cancelled job was done");
    for (_, let_go) in running {
        let_go.send(())?;
    }
    Ok(())
}

fn by_completion(pool: &ThreadPool) -> anyhow::Result<()> {
    let (futures, let_go): (Vec<_>, Vec<_>) =
        (6..).map(|number| held_job(pool, number)).take(WORKERS).unzip();
    // The last may go first; each that is completed lets the one before it go.
    let mut next = let_go.iter().rev();
    let mut order = Vec::new();
    next.next().context("a job")?.send(())?;
    for index in as_completed(&futures) {
        order.push(futures[index].wait()?);
        if let Some(let_go) = next.next() {
            let_go.send(())?;
        }
    }
    println!("as completed        jobs 6, 7, 8 came as {order:?}");
    ensure!(order == [8, 7, 6]);
    Ok(())
}

fn first_error(pool: &ThreadPool) -> anyhow::Result<()> {
    let (mut futures, let_go): (Vec<_>, Vec<_>) =
        (9..).map(|number| held_job(pool, number)).take(WORKERS - 1).unzip();
    // For the last worker, which goes on with 12 and keeps that one until the end.
    futures.push(pool.submit(|| {
        Actor::current().marks("panics");
        panic!("job 11 broke")
    }));
    let (end, until_end) = channel::bounded::<()>(0);
    for number in 12..=15 {
        let until_end = until_end.clone();
        futures.push(pool.submit(move || {
            let _working = Actor::current().works(format!("job {number}"));
            // Returns when `end` is dropped.
            let _ = until_end.recv();
            number
        }));
    }
    let first = as_completed(&futures).next().context("nothing was completed")?;
    let Err(failure) = futures[first].wait() else { bail!("job 11 did not fail") };
    let cancelled = futures.iter().filter(|future| future.cancel()).count();
    for let_go in let_go {
        let_go.send(())?;
    }
    drop(end);
    let values: Vec<_> =
        futures.iter().filter_map(|future| future.wait().ok()).collect();
    println!("first error         {failure}");
    println!("                    then {cancelled} cancelled, {values:?} still done");
    // Whether job 12 had begun by then is the scheduler's affair.
    ensure!(
        values.starts_with(&[9, 10]) && cancelled + values.len() == 6,
        "{values:?}"
    );
    ensure!(!values.iter().any(|number| *number > 12), "a job began after the error");
    Ok(())
}
