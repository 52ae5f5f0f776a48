//! Goal:   two hydrogens and one oxygen go on together, as one molecule.
//! Given:  how many of each have come so far; both counts only go up.
//! Answer: who comes knows its molecule, and waits until that one is complete.
//! Check:  cargo test --bin condition_water_sol
//! Read:   book/src/barriers.md and A. Downey, "The Little Book of Semaphores"

use std::sync::{Condvar, Mutex};
use std::thread;

const MOLECULES: usize = 50;

/// How many atoms have ever come, those included that are gone by now.
#[derive(Default)]
struct Came {
    hydrogens: usize,
    oxygens: usize,
}

/// Where atoms wait for each other.
struct Water {
    came: Mutex<Came>,
    /// Notified whenever an atom has come.
    changed: Condvar,
}

impl Water {
    fn new() -> Self {
        Self { came: Mutex::new(Came::default()), changed: Condvar::new() }
    }

    /// Sleeps until two others are there to make a molecule with; returns its number.
    ///
    /// The first molecule has the number 0. Each number is returned three times.
    fn hydrogen(&self) -> usize {
        let mut came = self.came.lock().unwrap();
        // First come, first bound: of the hydrogens 0 and 1 belong to molecule 0, 2 and
        // 3 to molecule 1. Nothing is ever taken back, so no signal can be left over
        // and no late atom can take another one's place.
        let mine = came.hydrogens / 2;
        came.hydrogens += 1;
        self.changed.notify_all();
        while came.hydrogens < 2 * (mine + 1) || came.oxygens <= mine {
            came = self.changed.wait(came).unwrap();
        }
        mine
    }

    /// As `hydrogen`, for an oxygen.
    fn oxygen(&self) -> usize {
        let mut came = self.came.lock().unwrap();
        let mine = came.oxygens;
        came.oxygens += 1;
        self.changed.notify_all();
        while came.hydrogens < 2 * (mine + 1) {
            came = self.changed.wait(came).unwrap();
        }
        mine
    }

    /// How many complete molecules there are.
    fn molecules(&self) -> usize {
        let came = self.came.lock().unwrap();
        came.oxygens.min(came.hydrogens / 2)
    }
}

fn main() {
    real_threads::end_if_stuck();
    let water = Water::new();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..MOLECULES).map(|_| water.hydrogen()).max());
        }
        scope.spawn(|| (0..MOLECULES).map(|_| water.oxygen()).max());
    });
    println!("{} molecules of water", water.molecules());
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn three_atoms_make_a_molecule() {
        interleavings::check(|| {
            let water = Water::new();
            thread::scope(|scope| {
                scope.spawn(|| assert_eq!(water.hydrogen(), 0));
                scope.spawn(|| assert_eq!(water.hydrogen(), 0));
                assert_eq!(water.oxygen(), 0);
            });
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/conditions/condition_water.rs"]
mod judge;
