//! The wrong version of `philosophers`: all take the fork on their left first.
//!
//! Run:     cargo run -p lock-demo -- philosophers-left-first
//! Expect:  the circle of five, found by parking_lot, and exit code 1
//! Chapter: book/src/locks.md
//! Source:  E. W. Dijkstra, EWD310 "Hierarchical Ordering of Sequential Processes"

use std::sync::{Arc, Barrier};
use std::thread;

use anyhow::bail;
use common::{Actor, println};

use crate::cycle;
use crate::philosophers::{Fork, NAMES, SEATS};

/// Fails as soon as the circle is found.
pub fn run() -> anyhow::Result<()> {
    let forks: Arc<[Fork; SEATS]> = Arc::default();
    let all_hold_one = Arc::new(Barrier::new(SEATS));
    let mut philosophers = Vec::new();
    for (seat, name) in NAMES.into_iter().enumerate() {
        let (forks, all_hold_one) = (Arc::clone(&forks), Arc::clone(&all_hold_one));
        let me = Actor::new(name);
        let take_left_first = move || {
            let (left, right) = (seat, (seat + 1) % SEATS);
            let _left = forks[left].lock();
            let _holding = me.holds(format!("fork {left}"));
            // Forces what otherwise is bad luck: all take the left fork together.
            all_hold_one.wait();
            let _waiting = me.waits(format!("fork {right}"));
            let _right = forks[right].lock();
        };
        let philosopher = thread::Builder::new().name(name.to_owned());
        philosophers.push(philosopher.spawn(take_left_first)?);
    }
    let circle = cycle::wait_for_deadlock(&philosophers);
    for line in &circle {
        println!("{line}");
    }
    bail!("deadlock: {} threads wait in a circle", circle.len());
}
