//! Judges `lock_philosophers`: nobody waits for ever, nobody waits without need, and
//! no fork is in two hands.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use interleavings::Checker;

use super::*;

/// All seats of a table dine once, each with an eye on its forks.
fn all_dine(seats: usize) {
    let table = Table::new(seats);
    let hands: Vec<AtomicU32> = (0..seats).map(|_| AtomicU32::new(0)).collect();
    let meals = AtomicU32::new(0);
    thread::scope(|scope| {
        let dine = |seat: usize| {
            let forks = [seat, (seat + 1) % seats];
            table.dine(seat, || {
                for fork in forks {
                    // Relaxed: an update always sees the newest value.
                    let before = hands[fork].fetch_add(1, Ordering::Relaxed);
                    assert!(before == 0, "fork {fork} was in two hands at once");
                }
                meals.fetch_add(1, Ordering::Relaxed);
                for fork in forks {
                    hands[fork].fetch_sub(1, Ordering::Relaxed);
                }
            });
        };
        for seat in 0..seats {
            let name = format!("seat {seat}");
            let philosopher = thread::Builder::new().name(name);
            philosopher.spawn_scoped(scope, move || dine(seat)).unwrap();
        }
    });
    let meals = meals.into_inner();
    assert!(meals == seats as u32, "{meals} of {seats} philosophers ate");
    let uses = table.forks.iter().map(|fork| *fork.lock().unwrap()).sum::<u32>();
    assert!(
        uses == 2 * meals,
        "{meals} meals with two forks made {uses} uses of a fork"
    );
}

/// Two who share no fork eat at the same time.
fn strangers_eat_together() {
    let table = Table::new(5);
    thread::scope(|scope| {
        for seat in [1, 3] {
            let table = &table;
            let name = format!("seat {seat}");
            let philosopher = thread::Builder::new().name(name);
            let dine = move || table.dine(seat, || interleavings::rendezvous(2));
            philosopher.spawn_scoped(scope, dine).unwrap();
        }
    });
}

/// Seats 0 and 3 share no fork and eat at the same time, whatever seat 1 waits for.
fn strangers_eat_beside_one_who_waits() {
    let table = Table::new(5);
    thread::scope(|scope| {
        for seat in [0, 1, 3] {
            let table = &table;
            let name = format!("seat {seat}");
            let philosopher = thread::Builder::new().name(name);
            let eat = move || {
                if seat != 1 {
                    interleavings::rendezvous(2);
                }
            };
            philosopher.spawn_scoped(scope, move || table.dine(seat, eat)).unwrap();
        }
    });
}

#[test]
fn everybody_eats() {
    Checker::new().allow_busy_waits(false).check(|| all_dine(3));
    real_threads::run(|| all_dine(5));
}

#[test]
fn who_shares_no_fork_need_not_wait() {
    interleavings::check(strangers_eat_together);
    interleavings::check(strangers_eat_beside_one_who_waits);
    real_threads::run(strangers_eat_together);
}
