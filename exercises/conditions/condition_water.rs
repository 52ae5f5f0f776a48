//! Goal:   two hydrogens and one oxygen go on together, as one molecule.
//! Given:  how many of each have come so far; both counts only go up.
//! Change: the bodies of `hydrogen` and `oxygen`.
//! Check:  cargo test --bin condition_water
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
        // TODO: find a molecule, and wait until it is complete.
        todo!("find a molecule for a hydrogen")
    }

    /// As `hydrogen`, for an oxygen.
    fn oxygen(&self) -> usize {
        // TODO: the same for the other kind.
        todo!("find a molecule for an oxygen")
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
