//! A reentrant lock between processes belongs to one thread of one process.
//!
//! The thread that has it may lock it again; all others wait until its last guard is
//! gone, those of its own process too. A plain lock that is taken twice waits for itself:
//! here with a time limit. As several guards can exist, none gives out a `&mut`: the
//! value is read and replaced as a whole. Where methods call each other it is plainer to
//! lock once and pass the data on. In Python: `multiprocessing.RLock`.
//!
//! Run:     cargo run -p process-sync-demo -- reentrant
//! Expect:  a lock taken at four depths, and a process that is let in after the last
//! Chapter: book/src/process-locks.md
//! Source:  crossprocess::ReentrantLock; the twin is lock-demo's `reentrant`

use std::time::Duration;

use anyhow::{bail, ensure};
use common::{Actor, println, timeline};
use crossprocess::process::Entry;
use crossprocess::{Error, Lock, LockError, Queue, ReentrantLock, Segment};

use crate::child;

pub const COLLEAGUE: Entry<()> = Entry::new("colleague");

/// Numbers of a log, the newest in the last place.
type Log = [u32; 4];

const PATIENCE: Duration = Duration::from_millis(20);
/// No wait takes so long unless something is broken.
const LIMIT: Duration = Duration::from_secs(10);

pub fn run() -> anyhow::Result<()> {
    let Seen { plain, log, answers } = lock_in_depth()?;
    println!("a plain lock, taken twice: {plain}");
    println!("a reentrant one, at four depths: {log:?}");
    for (guards, let_in) in (1..=answers.len()).rev().zip(&answers) {
        let answer = if *let_in { "is let in" } else { "waits in vain" };
        println!("  guards left: {}; the colleague {answer}", guards - 1);
    }
    println!("");
    timeline::so_far().print();
    ensure!(log == [3, 2, 1, 0], "the log is {log:?}");
    ensure!(answers == [false, true], "the colleague's answers: {answers:?}");
    println!("\nok: the owner came in again, another process after the last guard");
    Ok(())
}

struct Seen {
    plain: Error,
    log: Log,
    /// Whether the colleague got in, after each guard that went.
    answers: Vec<bool>,
}

fn lock_in_depth() -> anyhow::Result<Seen> {
    let segment = Segment::create(1 << 16)?;
    let account = Lock::create(&segment, "account", 100)?;
    let first = account.lock().map_err(LockError::into_error)?;
    let Err(error) = account.lock_timeout(PATIENCE) else { bail!("locked twice") };
    let plain = error.into_error();
    drop(first);

    let log = ReentrantLock::create(&segment, "log", Log::default())?;
    let answers = Queue::<bool>::create(&segment, "answers", 64)?;
    let clerk = Actor::new("clerk");
    let outer = log.lock().map_err(LockError::into_error)?;
    let holding = clerk.holds("the log");
    count_down(&log, 3)?;
    let inner = log.lock().map_err(LockError::into_error)?;
    drop(outer);
    let child = child::start(&COLLEAGUE, &(), &segment)?;
    let mut seen = vec![answers.recv_timeout(LIMIT)?];
    drop((holding, inner));
    seen.push(answers.recv_timeout(LIMIT)?);
    child::join([child])?;
    let log = log.lock().map_err(LockError::into_error)?.get()?;
    Ok(Seen { plain, log, answers: seen })
}

/// Locks for each step, and calls itself while it holds the lock.
fn count_down(log: &ReentrantLock<Log>, from: u32) -> Result<(), Error> {
    let guard = log.lock()?;
    guard.update(|[_, second, third, last]| [second, third, last, from])?;
    if from > 0 {
        count_down(log, from - 1)?;
    }
    Ok(())
}

/// Comes too early, says so, and comes again.
pub fn colleague() -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let log = ReentrantLock::<Log>::open(&segment, "log")?;
    let answers = Queue::<bool>::open(&segment, "answers")?;
    let me = Actor::new("colleague");
    for patience in [PATIENCE, LIMIT] {
        let waiting = me.waits("the log");
        let guard = match log.lock_timeout(patience) {
            Err(LockError::TimedOut { .. }) => None,
            guard => Some(guard?),
        };
        drop(waiting);
        let _holding = guard.is_some().then(|| me.holds("the log"));
        answers.send(&guard.is_some())?;
    }
    Ok(())
}
