//! A condition variable lets a thread sleep until somebody says: look again.
//!
//! Main waits until three workers are done, in three ways: it asks without a pause,
//! it asks every millisecond, and it sleeps in `wait_while` until it is notified.
//! Coming from Python, mind the sense: `wait_for` takes what must become true,
//! `wait_while` takes what must become false.
//!
//! Run:     cargo run -p condition-demo -- wait-while
//! Expect:  100,000s of looks, then about 40, then a handful
//! Chapter: book/src/conditions.md
//! Source:  C. A. R. Hoare, "Monitors: An Operating System Structuring Concept", 1974

use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use common::measure::duration;
use common::{Actor, println, timeline};

const WORKERS: usize = 3;
/// The second worker works twice as long, the third three times.
const WORK_TIME: Duration = Duration::from_millis(15);
const PAUSE: Duration = Duration::from_millis(1);

pub fn run() -> anyhow::Result<()> {
    println!("main waits until {WORKERS} workers are done:");
    watch("asks without a pause", ask_without_pause)?;
    watch("asks every millisecond", ask_every_millisecond)?;
    watch("sleeps until notified", sleep_until_notified)?;
    println!();
    timeline::so_far().print();
    println!("\nok: whenever main went on, all {WORKERS} workers were done");
    Ok(())
}

fn watch(how: &str, wait: fn(&Progress, Actor) -> Seen) -> anyhow::Result<()> {
    let main = Actor::new("main");
    let progress = Progress {
        done: Mutex::new(Done { workers: 0, at: Instant::now() }),
        changed: Condvar::new(),
    };
    thread::scope(|scope| {
        for number in 1..=WORKERS {
            let (me, progress) = (Actor::new(format!("worker {number}")), &progress);
            scope.spawn(move || {
                let _working = me.works("its part");
                // Stands for work; the end is the same however long it takes.
                thread::sleep(WORK_TIME * number as u32);
                let mut done = progress.done.lock().unwrap();
                *done = Done { workers: done.workers + 1, at: Instant::now() };
                progress.changed.notify_one();
            });
        }
        let Seen { done, looks } = wait(&progress, main);
        let late = duration(done.at.elapsed().as_secs_f64());
        println!("  {how:<22}  looks {looks:>8} times, goes on {late:>6} later");
        ensure!(done.workers == WORKERS, "only {} workers were done", done.workers);
        Ok(())
    })
}

/// What the workers tell main.
struct Progress {
    done: Mutex<Done>,
    /// Signalled after each change of `done`.
    changed: Condvar,
}

#[derive(Clone, Copy)]
struct Done {
    workers: usize,
    /// The moment of the last change.
    at: Instant,
}

/// What main saw when it went on, and how often it had to look.
struct Seen {
    done: Done,
    looks: usize,
}

/// Keeps a core busy with asking, and the mutex with it.
fn ask_without_pause(progress: &Progress, me: Actor) -> Seen {
    let _asking = me.works("asking");
    ask(progress, || {})
}

/// Leaves the core alone, but goes on up to a pause too late.
fn ask_every_millisecond(progress: &Progress, me: Actor) -> Seen {
    let _asking = me.waits("the next time to ask");
    // The pause between two looks is what this version is about.
    ask(progress, || thread::sleep(PAUSE))
}

fn ask(progress: &Progress, pause: fn()) -> Seen {
    let mut looks = 0;
    loop {
        looks += 1;
        let done = *progress.done.lock().unwrap();
        if done.workers == WORKERS {
            return Seen { done, looks };
        }
        pause();
    }
}

/// Sleeps; each notification is a reason to look once more.
fn sleep_until_notified(progress: &Progress, me: Actor) -> Seen {
    let _waiting = me.waits("the workers");
    let mut looks = 0;
    let done = progress.done.lock().unwrap();
    // Gives the mutex back while it sleeps and has it again when it looks.
    let done = progress.changed.wait_while(done, |done| {
        looks += 1;
        done.workers < WORKERS
    });
    Seen { done: *done.unwrap(), looks }
}
