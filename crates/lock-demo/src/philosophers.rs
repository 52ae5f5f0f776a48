//! Five forks that all philosophers take in one order never end in a circle.
//!
//! Each needs the forks on both sides. If all take the left one first, each holds one
//! and waits for the next, in a circle. If each takes the one with the lower number
//! first, whoever waits, waits for a higher one. No deadlock does not mean fair: a
//! dropped guard may be taken again at once by whoever dropped it, so parking_lot can
//! also hand the lock over to the one who waits (`unlock_fair`). The wrong version is in
//! `left_fork_first.rs`.
//!
//! Run:     cargo run -p lock-demo -- philosophers
//! Expect:  the circle of five by name, then two dinners with their meals
//! Chapter: book/src/deadlocks.md
//! Source:  E. W. Dijkstra, EWD310 "Hierarchical Ordering of Sequential Processes"

use std::array;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use common::{Actor, measure, println};
use parking_lot::{Mutex, MutexGuard};

use crate::left_fork_first;

pub const NAMES: [&str; 5] = ["Plato", "Hypatia", "Kant", "Arendt", "Hume"];
pub const SEATS: usize = NAMES.len();
const DINNER: Duration = Duration::from_millis(100);
/// Stands for eating; the meals are counted right however long it takes.
const MEAL: Duration = Duration::from_millis(2);
const BAR_WIDTH: usize = 18;

/// How often a fork was used.
pub type Fork = Mutex<u32>;

/// What a philosopher does with a fork after a meal.
type PutDown = fn(MutexGuard<'_, u32>);

pub fn run() -> anyhow::Result<()> {
    println!("all take the left fork first:");
    let circle = left_fork_first::dine()?;
    circle.iter().for_each(|line| println!("  {line}"));
    ensure!(circle.len() == SEATS, "{} wait in a circle, not {SEATS}", circle.len());

    let dropped = dine(|fork| drop(fork))?;
    let handed_over = dine(|fork| MutexGuard::unlock_fair(fork))?;
    println!("\nthe lower number first; meals with");
    println!("         drop(fork)               unlock_fair(fork)");
    let most = dropped.iter().chain(&handed_over).copied().max().unwrap_or(1);
    for (seat, name) in NAMES.iter().enumerate() {
        let column = |meals: u32| {
            let bar = measure::bar(f64::from(meals), f64::from(most), BAR_WIDTH);
            format!("{meals:4} {bar:BAR_WIDTH$}")
        };
        let (left, right) = (column(dropped[seat]), column(handed_over[seat]));
        println!("{name:>7} {left}  {}", right.trim_end());
    }
    println!("\nok: with one order for all forks, everybody ate and got up");
    Ok(())
}

/// Lets all eat for a while; returns the meals of each.
fn dine(put_down: PutDown) -> anyhow::Result<[u32; SEATS]> {
    let forks: [Fork; SEATS] = Default::default();
    let philosophers = NAMES.map(Actor::new);
    let all_seated = Barrier::new(SEATS);
    let meals = thread::scope(|scope| {
        let (forks, all_seated) = (&forks, &all_seated);
        let eating: [_; SEATS] = array::from_fn(|seat| {
            let (me, next) = (philosophers[seat], (seat + 1) % SEATS);
            scope.spawn(move || {
                all_seated.wait();
                eat_for_a_while(
                    me,
                    [&forks[seat.min(next)], &forks[seat.max(next)]],
                    put_down,
                )
            })
        });
        eating.map(|philosopher| philosopher.join().unwrap())
    });
    // Nobody ate with a fork that was in use: each meal counts on two forks.
    let used: u32 = forks.into_iter().map(Mutex::into_inner).sum();
    let eaten: u32 = meals.iter().sum();
    ensure!(used == 2 * eaten, "{eaten} meals used {used} forks");
    Ok(meals)
}

/// Takes the forks in the order in which they are given.
fn eat_for_a_while(me: Actor, forks: [&Fork; 2], put_down: PutDown) -> u32 {
    let started = Instant::now();
    let mut meals = 0;
    // Nobody gets up hungry, however late they got their first turn.
    while meals == 0 || started.elapsed() < DINNER {
        let waiting = me.waits("forks");
        let mut first = forks[0].lock();
        let mut second = forks[1].lock();
        drop(waiting);
        let eating = me.holds("both forks");
        thread::sleep(MEAL);
        meals += 1;
        *first += 1;
        *second += 1;
        drop(eating);
        put_down(second);
        put_down(first);
    }
    meals
}
