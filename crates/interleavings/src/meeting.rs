//! [`crate::rendezvous`] for real threads.
//!
//! Who waits here gives up when nobody else can come, and a clock alone does not tell:
//! on a loaded machine the others may not have had a turn yet. So a waiting thread looks
//! at what the others do, where the system shows it. A thread that is ready to run, or
//! sleeps until a set time, may still come. When all of them have been blocked for a
//! while and none has run in between, nobody is left who could wake one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::kernel::ids::Loc;

/// Where the system does not show its threads, and for others that never rest: long
/// enough for a loaded machine, short enough for a test.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long all others must have been blocked.
const QUIET: Duration = Duration::from_millis(400);

/// Between two looks at them.
const INTERVAL: Duration = Duration::from_millis(20);

/// The number that the system gives to a thread.
type SystemTid = u64;

#[derive(Default)]
struct Meetings {
    /// The open rounds by their line.
    rounds: HashMap<Loc, Round>,
    /// Who waits in one: they look around, which is no sign of life.
    waiting: BTreeSet<SystemTid>,
}

#[derive(Default)]
struct Round {
    arrived: usize,
    number: u64,
}

static MEETINGS: Mutex<Option<Meetings>> = Mutex::new(None);
static MET: Condvar = Condvar::new();

fn meetings() -> MutexGuard<'static, Option<Meetings>> {
    MEETINGS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until `n` threads have come to the line `at`.
///
/// # Errors
///
/// How many have come, when nobody is left who could.
pub(crate) fn meet_for_real(n: usize, at: Loc) -> Result<(), usize> {
    let mut guard = meetings();
    let all = guard.get_or_insert_default();
    let round = all.rounds.entry(at).or_default();
    let number = round.number;
    round.arrived += 1;
    if round.arrived >= n {
        round.arrived = 0;
        round.number += 1;
        MET.notify_all();
        return Ok(());
    }
    let me = own_number();
    all.waiting.extend(me);
    drop(guard);

    let met = waits(at, number);
    let mut guard = meetings();
    let all = guard.get_or_insert_default();
    if let Some(me) = me {
        all.waiting.remove(&me);
    }
    let round = all.rounds.entry(at).or_default();
    // The last one may have come after we gave up.
    if met || round.number != number {
        return Ok(());
    }
    let came = round.arrived;
    round.arrived -= 1;
    Err(came)
}

/// Waits for the round's end; false when nobody is left who could come.
fn waits(at: Loc, number: u64) -> bool {
    let since = Instant::now();
    let mut quiet_since = since;
    let mut seen = None;
    while quiet_since.elapsed() < QUIET && since.elapsed() < PATIENCE {
        let open = |all: &mut Option<Meetings>| {
            let round = all.as_ref().and_then(|all| all.rounds.get(at));
            round.is_some_and(|round| round.number == number)
        };
        let end = MET.wait_timeout_while(meetings(), INTERVAL, open);
        let (guard, end) = end.unwrap_or_else(PoisonError::into_inner);
        if !end.timed_out() {
            return true;
        }
        let waiting = guard.as_ref().map(|all| all.waiting.clone());
        drop(guard);
        let now = blocked_threads(&waiting.unwrap_or_default());
        if now.is_none() || now != seen {
            (seen, quiet_since) = (now, Instant::now());
        }
    }
    false
}

/// How often each thread but these has run so far, if all of them are blocked until
/// somebody wakes them. Source: the Linux manual page proc(5).
fn blocked_threads(
    but: &BTreeSet<SystemTid>,
) -> Option<BTreeMap<SystemTid, Vec<String>>> {
    let mut threads = BTreeMap::new();
    for entry in fs::read_dir("/proc/self/task").ok()? {
        let entry = entry.ok()?;
        let number = entry.file_name().to_str()?.parse().ok()?;
        if but.contains(&number) {
            continue;
        }
        // A thread that ends between the listing and this is a sign of life.
        let status = fs::read_to_string(entry.path().join("status")).ok()?;
        let is_blocked = status.lines().any(|line| line.starts_with("State:\tS"));
        // The function of the kernel that it waits in; "0" where that is not told.
        let function = fs::read_to_string(entry.path().join("wchan")).ok()?;
        if !is_blocked || function == "0" || function.contains("nanosleep") {
            return None;
        }
        let switches = status.lines().filter(|line| line.contains("ctxt_switches"));
        threads.insert(number, switches.map(str::to_owned).collect());
    }
    Some(threads)
}

/// The running thread's number, where the system tells.
fn own_number() -> Option<SystemTid> {
    let path = fs::read_link("/proc/thread-self").ok()?;
    path.file_name()?.to_str()?.parse().ok()
}
