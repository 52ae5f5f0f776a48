//! A bounded semaphore has as many permits as it was made with, whatever happens.
//!
//! A permit gives itself back when it is dropped. A plain semaphore can be given more:
//! `add_permits` is for permits that nobody has taken, and who calls it after a drop, in
//! an error path, say, lets one too many in. A bounded one has no such call: what
//! Python's `BoundedSemaphore` refuses with `ValueError` cannot be written. A process
//! that is killed with its permit gives it back too, and once.
//!
//! Run:     cargo run -p process-sync-demo -- bounded
//! Expect:  3 processes inside a semaphore of 2, then 2 in spite of everything
//! Chapter: book/src/process-semaphores.md
//! Source:  crossprocess::BoundedSemaphore; the twin is semaphore-demo's `bounded`

use std::time::Duration;

use anyhow::ensure;
use common::{Actor, println, timeline};
use crossprocess::process::{Child, Entry};
use crossprocess::{BoundedSemaphore, Error, Event, Queue, Segment, Semaphore};

use crate::child;

/// Given its name, and whether the semaphore is a bounded one.
pub const VISITOR: Entry<(String, bool)> = Entry::new("bounded-visitor");

const PERMITS: u32 = 2;
const VISITORS: [&str; 3] = ["visitor 1", "visitor 2", "visitor 3"];
/// Who is not inside by then goes home.
const PATIENCE: Duration = Duration::from_millis(30);
/// No wait takes so long unless something is broken.
const LIMIT: Duration = Duration::from_secs(10);

pub fn run() -> anyhow::Result<()> {
    let inside = given_back_twice()?;
    println!("plain:   one permit is dropped, and then given back once more");
    println!("         {inside} processes are inside, {PERMITS} permits were made");
    ensure!(inside == VISITORS.len(), "{inside} processes were inside");

    let inside = killed_with_a_permit()?;
    println!("bounded: one permit is dropped, the holder of another is killed");
    println!("         {inside} processes are inside, {PERMITS} permits were made\n");
    timeline::so_far().print();
    ensure!(inside == PERMITS as usize, "{inside} processes shared {PERMITS} permits");
    println!("\nok: no permit was lost, and none was made by giving one back");
    Ok(())
}

fn given_back_twice() -> anyhow::Result<usize> {
    let segment = segment()?;
    let semaphore = Semaphore::create(&segment, "permits", PERMITS)?;
    drop(semaphore.acquire()?);
    // The drop has given it back. This makes a new one.
    semaphore.add_permits(1)?;
    all_come(&segment, false)
}

fn killed_with_a_permit() -> anyhow::Result<usize> {
    let segment = segment()?;
    let semaphore = BoundedSemaphore::create(&segment, "permits", PERMITS)?;
    drop(semaphore.acquire()?);
    let (mut victims, inside) = come(&segment, &["victim"], true)?;
    ensure!(inside == 1, "the victim found no permit");
    victims[0].kill()?;
    Actor::new("victim").dies("killed");
    // Both are there again, a tick later at most.
    let both = [semaphore.acquire_timeout(LIMIT)?, semaphore.acquire_timeout(LIMIT)?];
    drop(both);
    all_come(&segment, true)
}

/// What visitors need besides a semaphore: where to answer, and when to leave.
fn segment() -> Result<Segment, Error> {
    let segment = Segment::create(1 << 16)?;
    Queue::<bool>::create(&segment, "answers", 64)?;
    Event::create(&segment, "leave")?;
    Ok(segment)
}

/// How many of the visitors are inside at the same time.
fn all_come(segment: &Segment, bounded: bool) -> anyhow::Result<usize> {
    let (visitors, inside) = come(segment, &VISITORS, bounded)?;
    Event::open(segment, "leave")?.set();
    child::join(visitors)?;
    Ok(inside)
}

/// Starts visitors, and waits until each is inside or gives up. Who is inside stays.
fn come(
    segment: &Segment,
    names: &[&str],
    bounded: bool,
) -> Result<(Vec<Child>, usize), Error> {
    let answers = Queue::<bool>::open(segment, "answers")?;
    let _lanes: Vec<_> = names.iter().map(Actor::new).collect();
    let visit = |name: &&str| (name.to_string(), bounded);
    let visitors =
        names.iter().map(|name| child::start(&VISITOR, &visit(name), segment));
    let visitors = visitors.collect::<Result<_, _>>()?;
    let mut inside = 0;
    for _ in names {
        inside += usize::from(answers.recv_timeout(LIMIT)?);
    }
    Ok((visitors, inside))
}

pub fn visitor((name, bounded): (String, bool)) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    if bounded {
        let semaphore = BoundedSemaphore::open(&segment, "permits")?;
        stay(&name, &segment, semaphore.acquire_timeout(PATIENCE))
    } else {
        let semaphore = Semaphore::open(&segment, "permits")?;
        stay(&name, &segment, semaphore.acquire_timeout(PATIENCE))
    }
}

/// Tells whether there was a permit, and keeps it until all may leave.
fn stay<P>(
    name: &str,
    segment: &Segment,
    permit: Result<P, Error>,
) -> Result<(), Error> {
    let me = Actor::new(name);
    let permit = match permit {
        Err(Error::TimedOut { .. }) => None,
        permit => Some(permit?),
    };
    Queue::open(segment, "answers")?.send(&permit.is_some())?;
    if let Some(_permit) = permit {
        let _holding = me.holds("a permit");
        Event::open(segment, "leave")?.wait();
    }
    Ok(())
}
