//! Two workers hand each other work through bounded channels, and both are full.

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

pub fn run() {
    let (to_cook, orders) = mpsc::sync_channel(1);
    let (to_waiter, dishes) = mpsc::sync_channel(1);
    thread::scope(|scope| {
        let cook = scope.spawn(move || work(&to_waiter, &orders));
        let waiter = scope.spawn(move || work(&to_cook, &dishes));
        cook.join().unwrap();
        waiter.join().unwrap();
    });
}

/// Hands over two things, and then takes what the other one has handed over.
fn work(give: &SyncSender<u32>, take: &Receiver<u32>) {
    give.send(1).unwrap();
    give.send(2).unwrap();
    take.recv().unwrap();
    take.recv().unwrap();
}
