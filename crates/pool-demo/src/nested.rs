//! A job that waits for another job of its own pool may wait for ever.
//!
//! Both workers have a job that asks for another one and waits for it; there is nobody
//! left to do it. More workers only hide this until there are more such jobs. By hand,
//! the cure is not to wait in a worker but to hand the future on. In rayon a thread that
//! waits in `join` or `scope` does other jobs meanwhile; so do not hold a lock across
//! them, one of those jobs may want it. Python's executors hang as the naive pool does.
//!
//! Run:     cargo run -p pool-demo -- nested
//! Expect:  a hang that the watchdog ends after a second, then two cures and their lanes
//! Chapter: book/src/futures.md
//! Source:  Python's concurrent.futures, "ThreadPoolExecutor"; rayon::join

use std::collections::BTreeMap;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use common::{Actor, println, timeline, trial};
use rayon::ThreadPoolBuilder;

use crate::future::Future;
use crate::thread_pool::ThreadPool;
use crate::{lanes_of, rayon_worker};

const WORKERS: usize = 2;
const WORK_TIME: Duration = Duration::from_millis(10);

pub fn run() -> anyhow::Result<()> {
    // First, as beside a second of silence their lanes would be too short to see.
    let _lanes = lanes_of(WORKERS);
    let handed_on = handed_on().context("by hand")?;
    let helped = in_rayon().context("rayon")?;
    let lanes = timeline::so_far();

    println!("{WORKERS} workers, and {WORKERS} jobs that wait for another one each:");
    let hung = trial("nested-waits")?;
    hung.show();
    ensure!(!hung.status.success(), "somebody did the inner jobs");

    println!("by hand, `main` waits instead:   values {handed_on:?}");
    ensure!(handed_on == [1, 4], "{handed_on:?}");
    println!("in rayon, whoever waits, works:  inner jobs by worker {helped:?}\n");
    lanes.print();
    let mut jobs: Vec<_> = helped.into_values().flatten().collect();
    jobs.sort_unstable();
    ensure!(jobs == [1, 1, 2, 2], "inner jobs that were done: {jobs:?}");
    println!("\nok: the naive pool starved, and both cures got all inner jobs done");
    Ok(())
}

/// Goes wrong: each worker waits for a job that waits for a worker.
pub fn waits() -> anyhow::Result<()> {
    let _lanes = lanes_of(WORKERS);
    let pool = Arc::new(ThreadPool::new(WORKERS)?);
    let outer = outer_jobs(&pool, |inner| {
        let _waiting = Actor::current().waits("its inner job");
        inner.wait()
    });
    for outer in outer {
        outer.wait()??;
    }
    Ok(())
}

/// The cure by hand: each `wait` is in a thread that is no worker.
fn handed_on() -> anyhow::Result<Vec<usize>> {
    let pool = Arc::new(ThreadPool::new(WORKERS).context("start the workers")?);
    let outer = outer_jobs(&pool, |inner| inner);
    let values = outer.into_iter().map(|outer| outer.wait()?.wait());
    Ok(values.collect::<Result<_, _>>()?)
}

/// One job a worker; each submits an inner job and goes on with the future of that.
fn outer_jobs<T: Clone + Send + 'static>(
    pool: &Arc<ThreadPool>,
    go_on: fn(Future<usize>) -> T,
) -> Vec<Future<T>> {
    // Every worker has an outer job before the first of them asks for an inner one.
    let meeting = Arc::new(Barrier::new(WORKERS));
    let submit = |number: usize| {
        let (same_pool, meeting) = (Arc::clone(pool), Arc::clone(&meeting));
        pool.submit(move || {
            let _working = Actor::current().works(format!("outer job {number}"));
            meeting.wait();
            let inner = same_pool.submit(move || {
                let _working = Actor::current().works(format!("inner job {number}"));
                // Stands for work; the value is the same however long it takes.
                thread::sleep(WORK_TIME);
                number * number
            });
            go_on(inner)
        })
    };
    (1..=WORKERS).map(submit).collect()
}

/// The cure of rayon: to wait in `join` is to do jobs. Returns who did which of them.
fn in_rayon() -> anyhow::Result<BTreeMap<usize, Vec<usize>>> {
    let pool = ThreadPoolBuilder::new().num_threads(WORKERS).build()?;
    let meeting = Barrier::new(WORKERS);
    let done = Mutex::new(BTreeMap::<_, Vec<_>>::new());
    let inner = |number: usize| {
        let _working = rayon_worker().works(format!("inner job of {number}"));
        // Stands for work; all are done however long it takes.
        thread::sleep(WORK_TIME);
        let worker = rayon::current_thread_index().map_or(0, |index| index + 1);
        done.lock().unwrap().entry(worker).or_default().push(number);
    };
    pool.scope(|scope| {
        for number in 1..=WORKERS {
            let (meeting, inner) = (&meeting, &inner);
            scope.spawn(move |_| {
                let _waiting = rayon_worker().waits(format!("inner jobs of {number}"));
                // From here on both workers wait, and nobody else is there to help.
                meeting.wait();
                rayon::join(|| inner(number), || inner(number));
            });
        }
    });
    Ok(done.into_inner().unwrap())
}
