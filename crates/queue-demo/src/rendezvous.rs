//! A channel for zero messages is a meeting: `send` returns when the receiver takes.
//!
//! Nothing is ever stored, so each of the two waits for the other, and the sender
//! knows more than with any buffer: its message has arrived. A trap for readers from
//! Python: `Queue(0)` has no limit there, `sync_channel(0)` has the strictest one.
//!
//! Run:     cargo run -p queue-demo -- rendezvous
//! Expect:  the cook and the waiter as lanes, each waiting for the slower one
//! Chapter: book/src/bounded-queues.md
//! Source:  C. A. R. Hoare, "Communicating Sequential Processes", CACM 21 (1978)

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, TrySendError};
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::{Actor, println, timeline};

/// How long the cook cooks and the waiter carries each dish, in milliseconds.
const DISHES: [(u64, u64); 4] = [(10, 40), (10, 30), (50, 10), (40, 10)];

pub fn run() -> anyhow::Result<()> {
    // Nobody receives yet: a place in the buffer decides whether that matters.
    let (sender, _receiver) = mpsc::sync_channel(1);
    sender.try_send("soup")?;
    println!("sync_channel(1), nobody receives: the soup is put down");
    let (sender, _receiver) = mpsc::sync_channel(0);
    let refused = sender.try_send("soup");
    ensure!(refused == Err(TrySendError::Full("soup")), "the soup was put down");
    println!("sync_channel(0), nobody receives: {}\n", refused.unwrap_err());

    meet()?;
    timeline::so_far().print();
    println!("\nok: each `send` returned only after the waiter had come for the dish");
    Ok(())
}

fn meet() -> anyhow::Result<()> {
    let (cook, waiter) = (Actor::new("cook"), Actor::new("waiter"));
    let (sender, receiver) = mpsc::sync_channel(0);
    let times_come = AtomicUsize::new(0);
    let times_come = &times_come;
    thread::scope(|scope| {
        let kitchen = scope.spawn(move || {
            for (dish, (cooking, _)) in (1..).zip(DISHES) {
                let working = cook.works(format!("dish {dish}"));
                // Stands for work, as below; who waits for whom hangs on it, not more.
                thread::sleep(Duration::from_millis(cooking));
                drop(working);
                let waiting = cook.waits("the waiter");
                sender.send(dish)?;
                drop(waiting);
                cook.marks("handed over");
                // Relaxed: that the waiter took the dish orders its coming before this.
                let come = times_come.load(Ordering::Relaxed);
                ensure!(
                    come >= dish,
                    "dish {dish} is gone, the waiter came {come} times"
                );
            }
            Ok(())
        });
        for (_, carrying) in DISHES {
            times_come.fetch_add(1, Ordering::Relaxed);
            let waiting = waiter.waits("a dish");
            let dish: usize = receiver.recv()?;
            drop(waiting);
            let _working = waiter.works(format!("dish {dish}"));
            thread::sleep(Duration::from_millis(carrying));
        }
        kitchen.join().expect("cooking does not panic")
    })
}
