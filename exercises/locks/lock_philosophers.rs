//! Goal:   philosophers share forks: neighbours wait for each other, all others eat.
//! Given:  a round table with a mutex for every fork.
//! Change: the body of `dine`.
//! Check:  cargo test --bin lock_philosophers
//! Read:   book/src/deadlocks.md, the part on philosophers

use std::sync::Mutex;
use std::thread;

const PHILOSOPHERS: usize = 5;
const MEALS: u32 = 100;

/// A round table. On the left of seat `n` lies fork `n`, on its right the next one,
/// which for the last seat is fork 0.
struct Table {
    /// How often each fork was used.
    forks: Vec<Mutex<u32>>,
}

impl Table {
    fn new(seats: usize) -> Self {
        let forks = (0..seats).map(|_| Mutex::new(0)).collect();
        Self { forks }
    }

    fn left(&self, seat: usize) -> &Mutex<u32> {
        &self.forks[seat]
    }

    fn right(&self, seat: usize) -> &Mutex<u32> {
        &self.forks[(seat + 1) % self.forks.len()]
    }

    /// Takes both forks of `seat`, eats, counts the use of each, and puts them back.
    ///
    /// Waits for its neighbours and for nobody else, and sleeps while it waits: it does
    /// not try again and again.
    fn dine(&self, seat: usize, eat: impl FnOnce()) {
        // TODO: eat with both forks in hand, and let nobody wait in a circle.
        todo!("take the forks of seat {seat} and eat")
    }
}

fn main() {
    real_threads::end_if_stuck();
    let table = Table::new(PHILOSOPHERS);
    thread::scope(|scope| {
        for seat in 0..PHILOSOPHERS {
            let table = &table;
            scope.spawn(move || {
                for _ in 0..MEALS {
                    table.dine(seat, thread::yield_now);
                }
            });
        }
    });
    for (fork, uses) in table.forks.iter().enumerate() {
        println!("fork {fork} was used {} times", uses.lock().unwrap());
    }
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn forks_are_used_and_put_back() {
        interleavings::check(|| {
            let table = Table::new(3);
            table.dine(0, || ());
            table.dine(2, || ());
            let uses: Vec<u32> =
                table.forks.iter().map(|fork| *fork.lock().unwrap()).collect();
            assert_eq!(uses, [2, 1, 1]);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/locks/lock_philosophers.rs"]
mod judge;
