//! Goal:   nobody goes on before all have come, round after round.
//! Given:  how many have come in this round, and the number of the round.
//! Answer: a waiter waits for the end of its own round, by number.
//! Check:  cargo test --bin condition_barrier_sol
//! Read:   book/src/barriers.md and std::sync::Barrier

use std::sync::{Condvar, Mutex};
use std::thread;

const THREADS: usize = 4;
const ROUNDS: u64 = 100;

#[derive(Default)]
struct Round {
    arrived: usize,
    /// Goes up when the last one of a round has come.
    number: u64,
}

/// Holds threads back until a fixed number of them have come.
struct Barrier {
    parties: usize,
    round: Mutex<Round>,
    /// Notified when a round is complete.
    complete: Condvar,
}

impl Barrier {
    fn new(parties: usize) -> Self {
        let round = Mutex::new(Round::default());
        Self { parties, round, complete: Condvar::new() }
    }

    /// Sleeps until all parties have come; returns `true` to one of them, the leader.
    ///
    /// Then the next round begins: a thread that is fast may come again at once.
    fn wait(&self) -> bool {
        let mut round = self.round.lock().unwrap();
        let mine = round.number;
        round.arrived += 1;
        if round.arrived == self.parties {
            // The count starts anew before anybody goes on, so a fast thread that
            // comes again is counted for the next round.
            round.arrived = 0;
            round.number += 1;
            self.complete.notify_all();
            return true;
        }
        // The count may be anything by the time this thread looks again, even that of
        // a full round. The number cannot mislead: it never goes back.
        while round.number == mine {
            round = self.complete.wait(round).unwrap();
        }
        false
    }

    /// How many rounds were completed.
    fn rounds(&self) -> u64 {
        self.round.lock().unwrap().number
    }
}

fn main() {
    real_threads::end_if_stuck();
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        let run = || (0..ROUNDS).filter(|_| barrier.wait()).count();
        let threads = [(); THREADS].map(|()| scope.spawn(run));
        let led = threads.map(|thread| thread.join().unwrap());
        println!("{} rounds, led by each thread: {led:?}", barrier.rounds());
    });
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn two_threads_meet() {
        interleavings::check(|| {
            let barrier = Barrier::new(2);
            thread::scope(|scope| {
                let other = scope.spawn(|| barrier.wait());
                let leads = barrier.wait();
                assert_ne!(leads, other.join().unwrap());
            });
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/conditions/condition_barrier.rs"]
mod judge;
