//! A pool is threads that take jobs from one queue, and two decisions.
//!
//! What does a panic cost? In the naive pool the worker: after two panics both workers
//! are gone, and the queue stays full. Caught, it costs that one job. What becomes of
//! the jobs in the queue when the pool is dropped? Here they are done first. rayon's
//! `ThreadPool` does not wait: what has not begun may not be done when the program ends.
//! Python's `with ThreadPoolExecutor()` waits, its `with Pool()` throws jobs away.
//!
//! Run:     cargo run -p pool-demo -- by-hand
//! Expect:  four lines about panics on standard error, then a pool that loses its
//!          workers, one that keeps them, and two ways to drop one
//! Chapter: book/src/pool-by-hand.md
//! Source:  The Rust Programming Language, 21.2 and 21.3; rayon::ThreadPool

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use common::{Actor, println, timeline};
use crossbeam::channel;
use rayon::ThreadPoolBuilder;

use crate::lanes_of;
use crate::thread_pool::ThreadPool;

const WORKERS: usize = 2;
/// After as many that panic as there are workers.
const JOBS: usize = 7;
const WORK_TIME: Duration = Duration::from_millis(15);

pub fn run() -> anyhow::Result<()> {
    let (done, left) = naive().context("the naive pool")?;
    println!(
        "naive:   {done} jobs done after {WORKERS} panics, {left} left in the queue"
    );
    ensure!((done, left) == (0, JOBS), "a worker outlived its panic");

    let main = Actor::new("main");
    let _lanes = lanes_of(WORKERS);
    let pool = ThreadPool::new(WORKERS).context("start the workers")?;
    let done = Arc::new(AtomicUsize::new(0));
    for _ in 0..WORKERS {
        pool.execute(panics);
    }
    for number in 1..=JOBS {
        let done = Arc::clone(&done);
        pool.execute(move || {
            let _working = Actor::current().works(format!("job {number}"));
            // Stands for work; all jobs get done however long they take.
            thread::sleep(WORK_TIME);
            // Relaxed: the drop joins the workers, which orders this before the reading.
            done.fetch_add(1, Ordering::Relaxed);
        });
    }
    let before = done.load(Ordering::Relaxed);
    let waiting = main.waits("the drop of the pool");
    drop(pool);
    drop(waiting);
    let done = done.load(Ordering::Relaxed);
    println!(
        "by hand: {before} jobs done before the drop of the pool, {done} after it"
    );
    ensure!(done == JOBS, "the drop of the pool forgot jobs");

    rayon_does_not_wait().context("rayon's pool")?;
    println!("rayon:   the drop returned while a job was at work\n");
    timeline::so_far().print();
    println!(
        "\nok: caught, {WORKERS} panics cost no worker, and the drop waited for {JOBS} jobs"
    );
    Ok(())
}

fn panics() {
    Actor::current().marks("panics");
    panic!("broken");
}

/// What becomes of workers that do not catch panics: jobs done, jobs left for ever.
fn naive() -> anyhow::Result<(usize, usize)> {
    // Made before the threads start, they have their lanes in order.
    let _lanes: Vec<_> =
        (1..=WORKERS).map(|number| Actor::new(format!("naive {number}"))).collect();
    let (sender, receiver) = channel::unbounded::<fn()>();
    for _ in 0..WORKERS {
        sender.send(panics)?;
    }
    for _ in 0..JOBS {
        sender.send(|| {})?;
    }
    let mut workers = Vec::new();
    for number in 1..=WORKERS {
        let jobs = receiver.clone();
        let worker = thread::Builder::new().name(format!("naive {number}"));
        workers.push(worker.spawn(move || jobs.iter().for_each(|job| job()))?);
    }
    // Each has begun with a broken job, and ends there, though the queue has more.
    let panicked = workers.into_iter().filter_map(|worker| worker.join().err()).count();
    ensure!(panicked == WORKERS, "only {panicked} workers panicked");
    Ok((JOBS - receiver.len(), receiver.len()))
}

/// Returns only if the drop of the pool returns first.
fn rayon_does_not_wait() -> anyhow::Result<()> {
    let pool = ThreadPoolBuilder::new().num_threads(1).build()?;
    let (begun, begins) = channel::bounded(1);
    let (let_go, may_go) = channel::bounded::<()>(1);
    let (ended, ends) = channel::bounded(1);
    pool.spawn(move || {
        // An error would say that the scene has ended without us.
        let _ = begun.send(());
        let _ = may_go.recv();
        let _ = ended.send(());
    });
    begins.recv()?;
    drop(pool);
    // Had the drop waited for the job, nobody would have come here to let it go.
    let_go.send(())?;
    ends.recv()?;
    Ok(())
}
