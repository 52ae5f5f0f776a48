//! [`crate::rendezvous`] for real threads.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::kernel::ids::Loc;

/// Long enough for a loaded machine, short enough for a test.
const PATIENCE: Duration = Duration::from_secs(5);

struct Round {
    arrived: usize,
    number: u64,
}

/// The open rounds by their line.
static ROUNDS: Mutex<Option<HashMap<Loc, Round>>> = Mutex::new(None);
static MET: Condvar = Condvar::new();

/// Waits until `n` threads have come to the line `at`.
pub(crate) fn meet_for_real(n: usize, at: Loc) {
    let mut rounds = ROUNDS.lock().unwrap_or_else(PoisonError::into_inner);
    let round = rounds
        .get_or_insert_default()
        .entry(at)
        .or_insert(Round { arrived: 0, number: 0 });
    let number = round.number;
    round.arrived += 1;
    if round.arrived >= n {
        round.arrived = 0;
        round.number += 1;
        MET.notify_all();
        return;
    }
    let waiting = |rounds: &mut Option<HashMap<Loc, Round>>| {
        let round = rounds.as_ref().and_then(|rounds| rounds.get(at));
        round.is_some_and(|round| round.number == number)
    };
    let (mut rounds, end) = MET
        .wait_timeout_while(rounds, PATIENCE, waiting)
        .unwrap_or_else(PoisonError::into_inner);
    if end.timed_out() {
        let mut came = 0;
        if let Some(round) = rounds.as_mut().and_then(|rounds| rounds.get_mut(at)) {
            came = std::mem::take(&mut round.arrived);
        }
        drop(rounds);
        panic!("ran one after another: only {came} of {n} threads were here at once");
    }
}
