//! Goal:   nobody goes on before all have come, round after round.
//! Given:  how many have come in this round, and the number of the round.
//! Change: the body of `wait`.
//! Check:  cargo test --bin condition_barrier
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
        // TODO: wait for the others of this round.
        todo!("wait for the others")
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
