//! Workers that share one receiver work one after another if they hold its lock.
//!
//! std's receiver belongs to one thread; behind a mutex many can take turns. In
//! `while let Ok(job) = receiver.lock().unwrap().recv() { … }` the guard is a temporary
//! of the loop's header and lives until the end of the body: nobody else can take a
//! job while one is being done. A `let` of its own drops the guard at its semicolon.
//! A receiver of crossbeam is cloned and needs no lock.
//!
//! Run:     cargo run -p queue-demo -- workers
//! Expect:  lanes that take turns like stairs, then lanes that work side by side
//! Chapter: book/src/pipelines.md
//! Source:  The Rust Programming Language, 21.2; the Reference, "Temporary scopes"

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::{Actor, Span, println, timeline};

const WORKERS: usize = 3;
/// A multiple of the workers, so that all of them meet in every round of the fix.
const JOBS: usize = 2 * WORKERS;
const WORK_TIME: Duration = Duration::from_millis(20);

pub fn run() -> anyhow::Result<()> {
    // Nobody has to meet anybody: a meeting of three would never take place here.
    let wrong = peak_at_work(&Barrier::new(1), |receiver, mut worker| {
        while let Ok(job) = receiver.lock().unwrap().recv() {
            worker.work(job);
        }
    });
    println!("guard kept while working: at most {wrong} of {WORKERS} worked at once");

    // ANCHOR: right
    let right = peak_at_work(&Barrier::new(WORKERS), |receiver, mut worker| {
        loop {
            let Ok(job) = receiver.lock().unwrap().recv() else { return };
            worker.work(job);
        }
    });
    // ANCHOR_END: right
    println!("guard dropped before it:  at most {right} of {WORKERS} worked at once\n");
    timeline::so_far().print();

    ensure!(wrong == 1, "{wrong} workers were at work under one lock");
    ensure!(right == WORKERS, "only {right} of {WORKERS} workers met at work");
    println!(
        "\nok: without the guard all {WORKERS} workers met in the middle of their jobs"
    );
    Ok(())
}

type Jobs = Mutex<Receiver<usize>>;

/// Returns the largest number of workers that had a job in hand at the same moment.
fn peak_at_work(meeting: &Barrier, run: fn(&Jobs, Worker)) -> usize {
    let (at_work, peak) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (sender, receiver) = mpsc::channel();
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        for number in 1..=WORKERS {
            let me = Actor::new(format!("worker {number}"));
            let (receiver, at_work, peak) = (&receiver, &at_work, &peak);
            scope.spawn(move || {
                let waiting = Some(me.waits("a job"));
                run(receiver, Worker { me, waiting, meeting, at_work, peak });
            });
        }
        for job in 1..=JOBS {
            sender.send(job).expect("the receiver outlives the workers");
        }
        drop(sender);
    });
    peak.into_inner()
}

struct Worker<'a> {
    me: Actor,
    /// Between two jobs.
    waiting: Option<Span>,
    /// Jobs go on when so many of them are being done: proves that they overlap.
    meeting: &'a Barrier,
    at_work: &'a AtomicUsize,
    peak: &'a AtomicUsize,
}

impl Worker<'_> {
    fn work(&mut self, job: usize) {
        self.waiting = None;
        let working = self.me.works(format!("job {job}"));
        // Relaxed: under the lock the mutex orders the counting, and the meeting does
        // where there is no lock.
        let now = self.at_work.fetch_add(1, Ordering::Relaxed) + 1;
        self.peak.fetch_max(now, Ordering::Relaxed);
        // Stands for work; the peaks are the same however long it takes.
        thread::sleep(WORK_TIME);
        self.meeting.wait();
        self.at_work.fetch_sub(1, Ordering::Relaxed);
        drop(working);
        self.waiting = Some(self.me.waits("a job"));
    }
}
