//! An event holds processes back until it is set, and lets in all who wait, however
//! briefly.
//!
//! Three visitors, three processes, come to a closed gate, which opens and closes again
//! before they can look: the system stops them meanwhile, as it does, for shorter, with
//! who gets a core too late. A flag alone would keep them waiting. Here the word that
//! they sleep on also counts the openings: it has changed, so they go in. In Python a
//! wait on `multiprocessing.Event` misses most of such moments.
//!
//! Run:     cargo run -p process-sync-demo -- event
//! Expect:  three visitors who go in through a gate that is closed, a fourth who does not
//! Chapter: book/src/process-conditions.md
//! Source:  crossprocess::Event; python/cpython, gh-95826; the twin is condition-demo's
//!          `event`

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use common::{Actor, println, timeline};
use crossprocess::process::{Child, Entry};
use crossprocess::{Error, Event, Latch, Queue, Segment};

use crate::child;

pub const VISITOR: Entry<u32> = Entry::new("event-visitor");

const VISITORS: u32 = 3;
/// Who has not been let in by then goes home.
const PATIENCE: Duration = Duration::from_millis(20);
/// A visitor who has said that it comes is most likely asleep in front of the gate.
const PAUSE: Duration = Duration::from_millis(20);
/// No wait takes so long unless something is broken.
const LIMIT: Duration = Duration::from_secs(10);

pub fn run() -> anyhow::Result<()> {
    let Seen { openings, found_open, last } = visit().context("visitors at a gate")?;
    println!(
        "Three visitors wait. The gate opens, and closes at once; openings: {openings}"
    );
    for number in 1..=VISITORS {
        lane(number).says("is let in");
    }
    println!("{found_open} of {VISITORS} saw it open");
    lane(VISITORS + 1).says(if last { "is let in" } else { "goes home" });
    println!("");
    timeline::so_far().print();
    ensure!(found_open == 0 || cfg!(not(unix)), "the gate was open for {found_open}");
    ensure!(!last, "the gate was left open");
    println!("\nok: a set lets in all who wait, even if it is cleared at once");
    Ok(())
}

/// Those who have not been let in, by number.
type Visitors = BTreeMap<u32, Child>;

/// Who was let in, and whether the gate was open then.
type Answer = (u32, bool);

struct Seen {
    openings: u32,
    /// How many of the visitors found the gate open when they had been let in.
    found_open: u32,
    /// Whether the last visitor, who came when all was over, was let in.
    last: bool,
}

fn visit() -> anyhow::Result<Seen> {
    let segment = Segment::create(1 << 16)?;
    let gate = Event::create(&segment, "gate")?;
    let come = Latch::create(&segment, "all have come", VISITORS)?;
    let let_in = Queue::<Answer>::create(&segment, "let in", 64)?;
    let _lanes: Vec<_> = (1..=VISITORS + 1).map(lane).collect();
    let start = |number| Ok((number, child::start(&VISITOR, &number, &segment)?));
    let mut outside = (1..=VISITORS).map(start).collect::<Result<Visitors, Error>>()?;
    come.wait_timeout(LIMIT)?;

    let me = Actor::new("gate");
    let (mut openings, mut found_open) = (0, 0);
    while !outside.is_empty() {
        thread::sleep(PAUSE);
        while_stopped(&outside, || {
            gate.set();
            gate.clear();
            me.marks("open and closed");
        })?;
        openings += 1;
        ensure!(openings < 1000, "somebody misses every opening");
        // Who was not asleep yet has missed nothing: it goes in the next time.
        while !outside.is_empty()
            && let Ok((number, open)) = let_in.recv_timeout(PAUSE)
        {
            found_open += u32::from(open);
            child::join(outside.remove(&number))?;
        }
    }
    let waiting = lane(VISITORS + 1).waits("the gate");
    let last = gate.wait_timeout(PATIENCE);
    drop(waiting);
    Ok(Seen { openings, found_open, last })
}

/// Nobody sees what happens in between.
#[cfg(unix)]
fn while_stopped(visitors: &Visitors, action: impl FnOnce()) -> anyhow::Result<()> {
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

    let pids = visitors.values().map(|child| Pid::from_raw(child.pid().cast_signed()));
    let pids: Vec<_> = pids.map(|pid| pid.expect("no child is number 0")).collect();
    for &pid in &pids {
        kill_process(pid, Signal::STOP).context("stop a visitor")?;
        // All threads of it, and not only the one that got the signal.
        waitid(WaitId::Pid(pid), WaitIdOptions::STOPPED).context("wait for a stop")?;
    }
    action();
    for pid in pids {
        kill_process(pid, Signal::CONT).context("let a visitor go on")?;
    }
    Ok(())
}

/// Where nobody can be stopped some may see the gate open.
#[cfg(not(unix))]
fn while_stopped(_visitors: &Visitors, action: impl FnOnce()) -> anyhow::Result<()> {
    action();
    Ok(())
}

fn lane(number: u32) -> Actor {
    Actor::new(format!("visitor {number}"))
}

pub fn visitor(number: u32) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let gate = Event::open(&segment, "gate")?;
    let let_in = Queue::<Answer>::open(&segment, "let in")?;
    let _waiting = lane(number).waits("the gate");
    Latch::open(&segment, "all have come")?.count_down();
    gate.wait();
    let_in.send(&(number, gate.is_set()))
}
