//! The wrong version of `philosophers`: all take the fork on their left first.
//!
//! Run:     cargo run -p lock-demo -- philosophers
//! Chapter: book/src/deadlocks.md
//! Source:  E. W. Dijkstra, EWD310 "Hierarchical Ordering of Sequential Processes"

use std::io;
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use common::Actor;

use crate::cycle;
use crate::philosophers::{Fork, NAMES, SEATS};

/// Lets all sit down and never eat; returns a line about each in the circle.
pub fn dine() -> io::Result<Vec<String>> {
    let forks: Arc<[Fork; SEATS]> = Arc::default();
    let all_hold_one = Arc::new(Barrier::new(SEATS));
    // The threads stay blocked for good. Their spans come here, to end with the scene.
    let (to_be_ended, spans) = mpsc::channel();
    let philosophers = NAMES.into_iter().enumerate().map(|(seat, name)| {
        let (forks, all_hold_one) = (Arc::clone(&forks), Arc::clone(&all_hold_one));
        let (me, to_be_ended) = (Actor::new(name), to_be_ended.clone());
        let take_left_first = move || {
            let (left, right) = (seat, (seat + 1) % SEATS);
            let _left = forks[left].lock();
            // Nobody receives only if the scene has ended early.
            let _ = to_be_ended.send(me.holds(format!("fork {left}")));
            // Forces what otherwise is bad luck: all take the left fork together.
            all_hold_one.wait();
            let _ = to_be_ended.send(me.waits(format!("fork {right}")));
            let _right = forks[right].lock();
        };
        thread::Builder::new().name(name.to_owned()).spawn(take_left_first)
    });
    let circle =
        cycle::wait_for_deadlock(&philosophers.collect::<io::Result<Vec<_>>>()?);
    drop(spans);
    Ok(circle)
}
