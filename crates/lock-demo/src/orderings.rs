//! Two threads announce themselves and look for each other; both may see nobody.
//!
//! A processor keeps a store to itself for a while and goes on with the next load. So
//! both threads can load the old value although both have stored the new one, and
//! Release and Acquire allow that: they order what comes *before* the store and *after*
//! the load. SeqCst puts all four operations into one order for all threads. Then
//! whoever comes second sees the first. Python's GIL hides all of this.
//!
//! Run:     cargo run -p lock-demo -- orderings
//! Expect:  rounds in which neither saw the other, few on a busy machine; none with
//!          SeqCst
//! Chapter: book/src/orderings.md
//! Source:  M. Bos, "Rust Atomics and Locks", chapter 3, "Sequentially Consistent
//!          Ordering"; the litmus test SB

use std::fmt;
use std::hint;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use common::println;
use crossbeam_utils::CachePadded;

/// Long enough to see it on most machines that do it at all.
const RUN_TIME: Duration = Duration::from_millis(60);
/// Looks at the other thread before the core is offered to somebody else.
const PATIENCE: u32 = 1_000;

pub fn run() -> anyhow::Result<()> {
    let weak = rounds(Ordering::Release, Ordering::Acquire);
    println!("store Release, load Acquire: {weak}");
    let strong = rounds(Ordering::SeqCst, Ordering::SeqCst);
    println!("store SeqCst, load SeqCst:   {strong}");
    ensure!(strong.neither == 0, "with SeqCst neither saw the other: {strong}");
    println!("\nok: with SeqCst, at least one of them saw the other, in every round");
    Ok(())
}

/// How often both threads were there, and neither had seen the other.
struct Rounds {
    neither: usize,
    all: usize,
}

impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "neither saw the other in {} of {} rounds", self.neither, self.all)
    }
}

/// Lets two threads meet again and again for a while.
fn rounds(store: Ordering, load: Ordering) -> Rounds {
    // Each in a cache line of its own: one must not wait for the line of the other.
    let flags: [CachePadded<AtomicU32>; 2] = Default::default();
    let meeting = CachePadded::new(AtomicU32::new(0));
    let started = Instant::now();
    let [first, second] = thread::scope(|scope| {
        let (flags, meeting) = (&flags, &meeting);
        let threads = [0, 1].map(|me| {
            scope.spawn(move || {
                let mut saw_nobody = Vec::new();
                let mut round = 1;
                while meet(meeting, round, started) {
                    // ANCHOR: round
                    flags[me].store(round, store);
                    let seen = flags[1 - me].load(load);
                    // ANCHOR_END: round
                    saw_nobody.push(seen < round);
                    round += 1;
                }
                saw_nobody
            })
        });
        threads.map(|thread| thread.join().unwrap())
    });
    let neither = first.iter().zip(&second).filter(|seen| *seen.0 && *seen.1).count();
    Rounds { neither, all: first.len().min(second.len()) }
}

/// From here on the meetings are over; there is room for those who come after.
const OVER: u32 = u32::MAX / 2;

/// Waits for the other thread, so that both go into the round at the same moment.
///
/// Returns false when the time is up. One of the two may have gone into this round by
/// then; what it sees there has no partner and does not count.
fn meet(meeting: &AtomicU32, round: u32, started: Instant) -> bool {
    // Relaxed: this only brings them together; the flags carry their orderings.
    let before = meeting.fetch_add(1, Ordering::Relaxed);
    let comes_last = before % 2 == 1;
    if comes_last && started.elapsed() > RUN_TIME {
        // Not `fetch_add`: the other one may say so as well, and two would wrap around.
        meeting.fetch_max(OVER, Ordering::Relaxed);
    }
    let mut looks = 0;
    loop {
        let arrived = meeting.load(Ordering::Relaxed);
        if arrived >= OVER {
            return false;
        }
        if arrived >= 2 * round {
            return true;
        }
        looks += 1;
        if looks % PATIENCE == 0 { thread::yield_now() } else { hint::spin_loop() }
    }
}
