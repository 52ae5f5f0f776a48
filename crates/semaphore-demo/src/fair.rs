//! A fair semaphore serves in the order of arrival; a plain one lets newcomers overtake.
//!
//! A thread that gives its permit back and wants it again at once is awake; the thread
//! that has been waiting must wake up first. So the one that came first nearly always
//! wins again. A queue of tickets makes them take turns, at the price of a switch of
//! threads for every permit.
//!
//! Run:     cargo run -p semaphore-demo -- fair
//! Expect:  overtaken many times, then never or nearly so
//! Chapter: book/src/semaphores.md
//! Source:  Java's `Semaphore(permits, fair)`; Python's semaphores promise no order

use std::collections::VecDeque;
use std::hint;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use common::println;

use crate::semaphore::Semaphore;

const TURNS: usize = 100;
const TURN_TIME: Duration = Duration::from_micros(200);
const LINE: usize = 5;

pub fn run() -> anyhow::Result<()> {
    let plain = Semaphore::new(1);
    let overtaken = times_overtaken(|| plain.acquire());
    println!(
        "plain: in {TURNS} turns the one who waited was overtaken {overtaken} times"
    );

    let fair = FairSemaphore::new(1);
    let overtaken = times_overtaken(|| fair.acquire());
    println!(
        "fair:  in {TURNS} turns the one who waited was overtaken {overtaken} times"
    );

    let order = order_of_entry();
    let arrived: Vec<usize> = (1..=LINE).collect();
    println!("fair:  arrived {arrived:?}, entered {order:?}");
    ensure!(order == arrived, "somebody overtook: {order:?}");
    println!("ok: with a queue of tickets nobody overtakes");
    Ok(())
}

/// Two threads want the only permit again as soon as they have given it back.
///
/// Returns how often one took two turns in a row although the other had been waiting
/// before it came back.
fn times_overtaken<P>(acquire: impl Fn() -> P + Sync) -> usize {
    let turns = Mutex::new(Turns::default());
    let waiting = [AtomicBool::new(false), AtomicBool::new(false)];
    let take_turns = |me: usize| {
        loop {
            // Relaxed: what is counted is an observation, it decides nothing.
            let other_came_first = waiting[1 - me].load(Ordering::Relaxed);
            waiting[me].store(true, Ordering::Relaxed);
            let _permit = acquire();
            waiting[me].store(false, Ordering::Relaxed);
            {
                let mut turns = turns.lock().unwrap();
                if turns.taken == TURNS {
                    return;
                }
                let overtakes = other_came_first && turns.last == Some(me);
                turns.overtaken += usize::from(overtakes);
                turns.last = Some(me);
                turns.taken += 1;
            }
            // Stands for work, during which the other comes and waits. Not a sleep:
            // who comes out of a sleep is no quicker than who waits.
            let start = Instant::now();
            while start.elapsed() < TURN_TIME {
                hint::spin_loop();
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| take_turns(0));
        scope.spawn(|| take_turns(1));
    });
    turns.into_inner().unwrap().overtaken
}

#[derive(Default)]
struct Turns {
    taken: usize,
    overtaken: usize,
    /// Who had the last turn.
    last: Option<usize>,
}

/// Queues up one thread after another, then opens, and notes who comes in when.
fn order_of_entry() -> Vec<usize> {
    let semaphore = FairSemaphore::new(1);
    let entered = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let permit = semaphore.acquire();
        for number in 1..=LINE {
            let (semaphore, entered) = (&semaphore, &entered);
            scope.spawn(move || {
                let _permit = semaphore.acquire();
                entered.lock().unwrap().push(number);
            });
            semaphore.wait_for_line(number);
        }
        drop(permit);
    });
    entered.into_inner().unwrap()
}

/// Lets a fixed number of threads in at a time, in the order in which they came.
struct FairSemaphore {
    line: Mutex<Line>,
    /// Signalled whenever the line or the number of permits changes.
    changed: Condvar,
}

struct Line {
    available: usize,
    next_ticket: u64,
    /// Tickets of those who wait, first come first.
    waiting: VecDeque<u64>,
}

impl FairSemaphore {
    fn new(permits: usize) -> Self {
        let line =
            Line { available: permits, next_ticket: 0, waiting: VecDeque::new() };
        Self { line: Mutex::new(line), changed: Condvar::new() }
    }

    /// Takes a permit; blocks until all who came earlier have one, and one is left.
    fn acquire(&self) -> FairPermit<'_> {
        let mut line = self.line.lock().unwrap();
        let ticket = line.next_ticket;
        line.next_ticket += 1;
        // Also when a permit is free: who waits may not have woken up yet.
        line.waiting.push_back(ticket);
        self.changed.notify_all();
        let mut line = self
            .changed
            .wait_while(line, |line| {
                line.available == 0 || line.waiting.front() != Some(&ticket)
            })
            .unwrap();
        line.waiting.pop_front();
        line.available -= 1;
        // The next in line may find a permit too.
        self.changed.notify_all();
        FairPermit { semaphore: self }
    }

    /// Blocks until `length` threads wait in line.
    fn wait_for_line(&self, length: usize) {
        let line = self.line.lock().unwrap();
        drop(
            self.changed.wait_while(line, |line| line.waiting.len() != length).unwrap(),
        );
    }
}

/// Gives its permit back on drop.
struct FairPermit<'a> {
    semaphore: &'a FairSemaphore,
}

impl Drop for FairPermit<'_> {
    fn drop(&mut self) {
        self.semaphore.line.lock().unwrap().available += 1;
        // All of them: only the first in line may go on, and any of them may be it.
        self.semaphore.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_entry_is_the_order_of_arrival() {
        for _ in 0..50 {
            assert_eq!(order_of_entry(), [1, 2, 3, 4, 5]);
        }
    }

    #[test]
    fn as_many_as_there_are_permits_may_be_inside() {
        let semaphore = FairSemaphore::new(2);
        let (_first, _second) = (semaphore.acquire(), semaphore.acquire());
        assert_eq!(semaphore.line.lock().unwrap().available, 0);
    }
}
