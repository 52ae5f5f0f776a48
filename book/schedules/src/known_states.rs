//! How many of all interleavings the checker has to run to have seen them all.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

use anyhow::{anyhow, ensure};
use interleavings::Checker;

use crate::outcomes::Table;

/// What each of the two threads does so often.
const TIMES: usize = 6;

/// A row for each program: what there is, and what was run.
///
/// # Errors
///
/// When the checker does not come to an end.
pub fn results() -> Table {
    let programs: [(&str, fn()); 4] = [
        ("adds to its own counter", own_counters),
        ("reads one counter", reads_counter),
        ("adds to one counter", same_counter),
        ("locks, adds and unlocks", same_mutex),
    ];
    let mut lines = vec![format!("{:<24} {:>4} {:>5}", "each thread …", "all", "run")];
    for (name, program) in programs {
        let (all, run) =
            (interleavings(program, false)?, interleavings(program, true)?);
        lines.push(format!("{name:<24} {all:>4} {run:>5}"));
    }
    Ok(lines)
}

fn interleavings(program: fn(), pruning: bool) -> anyhow::Result<u64> {
    let checker = Checker::new().preemptions(usize::MAX).pruning(pruning);
    let explored = checker.stale_reads(false).spurious(false).explore(program);
    let coverage = explored.map_err(|failure| anyhow!("{}", failure.sentence()))?;
    ensure!(coverage.exhaustive, "{coverage}");
    Ok(coverage.interleavings + coverage.pruned)
}

fn own_counters() {
    twice(&|| {
        let counter = AtomicU32::new(0);
        (0..TIMES).for_each(|_| _ = counter.fetch_add(1, SeqCst));
    });
}

fn reads_counter() {
    let counter = AtomicU32::new(0);
    twice(&|| (0..TIMES).for_each(|_| _ = counter.load(SeqCst)));
}

fn same_counter() {
    let counter = AtomicU32::new(0);
    twice(&|| (0..TIMES).for_each(|_| _ = counter.fetch_add(1, SeqCst)));
}

fn same_mutex() {
    let counter = Mutex::new(0);
    twice(&|| (0..TIMES).for_each(|_| *counter.lock().unwrap() += 1));
}

fn twice(work: &(impl Fn() + Sync)) {
    thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
}
