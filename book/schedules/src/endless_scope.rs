//! A scope waits for its thread, and the thread for a channel that outlives the scope.

use std::sync::mpsc;
use std::thread;

pub fn run() {
    let (orders, queue) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| queue.into_iter().for_each(serve));
        orders.send("tea").unwrap();
    });
}

fn serve(_order: &str) {}
