//! Goal:   the consumers stop when they are told to, and finish what was accepted.
//! Given:  consumers that share one queue, started.
//! Change: the bodies of `consume` and `shut_down`.
//! Check:  cargo test --bin queue_shutdown
//! Read:   book/src/shutdown.md and std::sync::mpsc::Receiver::recv

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

type Queue = Arc<Mutex<Receiver<u32>>>;

/// Threads that handle orders.
struct Consumers {
    orders: Sender<u32>,
    threads: Vec<JoinHandle<()>>,
}

impl Consumers {
    /// Starts so many consumers; each hands the orders that it takes to `handle`.
    fn start(consumers: usize, handle: impl Fn(u32) + Clone + Send + 'static) -> Self {
        let (orders, queue) = mpsc::channel();
        let queue: Queue = Arc::new(Mutex::new(queue));
        let start = |_| {
            let (queue, handle) = (Arc::clone(&queue), handle.clone());
            thread::spawn(move || consume(&queue, handle))
        };
        Self { orders, threads: (0..consumers).map(start).collect() }
    }

    /// Accepts an order, which may be any number: it will be handled.
    fn accept(&self, order: u32) {
        self.orders.send(order).unwrap();
    }

    /// Tells the consumers that no more orders will come, and waits until all accepted
    /// ones are handled.
    fn shut_down(self) {
        // TODO: tell them all, then wait for them all.
        todo!("stop all consumers")
    }
}

/// Handles orders until there will be no more; sleeps while there is none.
fn consume(queue: &Queue, handle: impl Fn(u32)) {
    // TODO: take and handle one order after the other, and know when to stop.
    todo!("handle the orders")
}

fn main() {
    real_threads::end_if_stuck();
    let consumers = Consumers::start(3, |order| println!("order {order} is handled"));
    (1..=6).for_each(|order| consumers.accept(order));
    consumers.shut_down();
    println!("all consumers have stopped");
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn it_handles_an_order() {
        interleavings::check(|| {
            let (handled, orders) = mpsc::channel();
            let consumers =
                Consumers::start(1, move |order| handled.send(order).unwrap());
            consumers.accept(7);
            consumers.shut_down();
            assert_eq!(orders.iter().collect::<Vec<_>>(), [7]);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/queues/queue_shutdown.rs"]
mod judge;
