//! How many interleavings two threads have, counted and by the formula.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

use anyhow::{anyhow, ensure};
use interleavings::{Checker, Coverage};

use crate::outcomes::Table;

/// A row for each length of the threads, a column for each bound on preemptions.
///
/// # Errors
///
/// When the checker has run more or fewer than there are.
pub fn results() -> Table {
    let mut lines = vec![
        row(["steps", "no", "at most 1", "at most 2", "any number of"]),
        row(["of each", "preemption", "preemption", "preemptions", "preemptions"]),
        row(["k", "2", "2k", "2k + 2(k-1)²", "(2k)! / (k! k!)"]),
    ];
    for k in [2_u64, 4, 6, 8] {
        let formulas = [2, 2 * k, 2 * k + 2 * (k - 1).pow(2), two_k_over_k(k)];
        let mut cells = vec![k.to_string()];
        for (preemptions, formula) in [0, 1, 2, usize::MAX].into_iter().zip(formulas) {
            let counted = explore(k, preemptions)?.interleavings;
            ensure!(counted == formula, "{counted} were run, there are {formula}");
            cells.push(counted.to_string());
        }
        lines.push(row(std::array::from_fn(|column| cells[column].as_str())));
    }
    Ok(lines)
}

/// Two threads that take `steps` steps each, all of them run.
// ANCHOR: explore
fn explore(steps: u64, preemptions: usize) -> anyhow::Result<Coverage> {
    // Without pruning: here each of them counts, also where two come to the same.
    let checker = Checker::new().preemptions(preemptions).pruning(false);
    let explored = checker.stale_reads(false).explore(|| {
        let counter = AtomicU32::new(0);
        let count = || (0..steps).for_each(|_| _ = counter.fetch_add(1, SeqCst));
        thread::scope(|scope| {
            scope.spawn(count);
            scope.spawn(count);
        });
    });
    explored.map_err(|failure| anyhow!("{}", failure.sentence()))
}
// ANCHOR_END: explore

/// In how many ways `k` steps of one thread fit between `k` of another.
fn two_k_over_k(k: u64) -> u64 {
    (1..=k).fold(1, |ways, step| ways * (k + step) / step)
}

fn row(cells: [&str; 5]) -> String {
    let [steps, none, one, two, any] = cells;
    format!("{steps:<8} {none:>10} {one:>11} {two:>13} {any:>16}")
}
