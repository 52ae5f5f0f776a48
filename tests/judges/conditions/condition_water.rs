//! Judges `condition_water`: molecules of two and one, whose atoms go on together.

use std::time::Duration;

use interleavings::Checker;

use super::*;

/// Looks at every interleaving. Who waits is to sleep.
fn check(body: impl Fn() + Send + Sync) {
    sleeps(the_last_comes_late);
    sleepers().check(body);
}

fn sleeps(body: impl Fn() + Send + Sync) {
    sleepers().preemptions(0).check(body);
}

fn sleepers() -> Checker {
    Checker::new().allow_busy_waits(false)
}

/// Virtual time does not pass as long as anybody can run.
fn the_last_comes_late() {
    let water = Water::new();
    thread::scope(|scope| {
        scope.spawn(|| water.hydrogen());
        scope.spawn(|| water.oxygen());
        thread::sleep(Duration::from_secs(1));
        water.hydrogen();
    });
}

/// What is seen from outside; of two counts the hydrogens are the first.
struct Seen {
    came: [usize; 2],
    /// The atoms in each molecule.
    bound: Vec<[usize; 2]>,
}

/// So many threads of each kind come so many times; the numbers fit together.
fn atoms_come(hydrogens: usize, oxygens: usize, rounds: usize) {
    let water = Water::new();
    let seen = Seen { came: [0, 0], bound: vec![[0, 0]; oxygens * rounds] };
    let seen = Mutex::new(seen);
    let atom = |kind: usize| {
        for _ in 0..rounds {
            seen.lock().unwrap().came[kind] += 1;
            let molecule = if kind == 0 { water.hydrogen() } else { water.oxygen() };
            let [h, o] = {
                let mut seen = seen.lock().unwrap();
                if let Some(molecule) = seen.bound.get_mut(molecule) {
                    molecule[kind] += 1;
                }
                seen.came
            };
            assert!(
                h >= 2 * (molecule + 1) && o > molecule,
                "an atom went on too early: it is in molecule {molecule}, counted from \
                 0, and so far had come: hydrogen {h}, oxygen {o}",
            );
        }
    };
    thread::scope(|scope| {
        let atom = &atom;
        for _ in 0..hydrogens {
            scope.spawn(move || atom(0));
        }
        for _ in 0..oxygens {
            scope.spawn(move || atom(1));
        }
    });
    let seen = seen.into_inner().unwrap();
    for (molecule, [h, o]) in seen.bound.into_iter().enumerate() {
        assert!(
            [h, o] == [2, 1],
            "molecule {molecule} is no water: its number was returned to: hydrogen {h}, \
             oxygen {o}",
        );
    }
}

#[test]
fn one_molecule() {
    check(|| atoms_come(2, 1, 1));
    real_threads::run(|| atoms_come(2, 1, 1));
}

#[test]
fn one_molecule_after_another() {
    sleeps(the_last_comes_late);
    Checker::new().preemptions(1).check(|| atoms_come(2, 1, 2));
    real_threads::run(|| atoms_come(2, 1, 2));
}

#[test]
fn two_molecules_at_once() {
    // There are too many orders in which six can come; this takes some of them.
    let some = Checker::new().preemptions(0).max_interleavings(1_000).samples(200);
    sleeps(the_last_comes_late);
    some.check(|| atoms_come(4, 2, 1));
    real_threads::run(|| atoms_come(4, 2, 1));
}
