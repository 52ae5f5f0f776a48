//! A wake-up is a hint, not a promise: look again, in a loop.
//!
//! std allows `Condvar::wait` to return without a notification (a spurious wake-up)
//! and asks for a check whenever it returns. One may wait for years to see one. What
//! happens every day is a stolen wake-up: the notification was real, but another
//! thread was faster. Here a thief takes the fruit after the producer has put it in
//! and before it notifies; the consumer looks once with `if`, once with `while`.
//!
//! Run:     cargo run -p condition-demo -- spurious
//! Expect:  with `if` the consumer goes on with nothing, with `while` it waits on
//! Chapter: book/src/conditions.md
//! Source:  std::sync::Condvar::wait; POSIX, pthread_cond_wait, "Rationale"

use std::collections::VecDeque;
use std::sync::mpsc::{self, Sender};
use std::sync::{Condvar, Mutex};
use std::thread;

use anyhow::{Context, ensure};
use common::{Actor, println};

pub fn run() -> anyhow::Result<()> {
    println!("With `if`:");
    let taken = beside_a_thief(Basket::take_with_if)?;
    ensure!(taken.is_none(), "the consumer took {taken:?} before the thief");

    println!("With `while`:");
    let taken = beside_a_thief(Basket::take_with_while)?;
    ensure!(taken == Some("a pear"), "the consumer went on with {taken:?}");

    println!("ok: the loop turns a wake-up that came to nothing into another wait");
    Ok(())
}

/// Returns what the consumer went on with after a wake-up that was stolen from it.
fn beside_a_thief(
    take: fn(&Basket, &Sender<()>) -> Option<Fruit>,
) -> anyhow::Result<Option<Fruit>> {
    let [producer, thief, consumer] = ["producer", "thief", "consumer"].map(Actor::new);
    let basket = Basket::default();
    let (empty, found_empty) = mpsc::channel();
    thread::scope(|scope| {
        let basket = &basket;
        let consuming = scope.spawn(move || take(basket, &empty));

        found_empty.recv().context("the basket is empty at first")?;
        consumer.says("waits: the basket is empty");
        // The consumer said so with the mutex in its hand and gives it back only in
        // `wait`; who has the mutex now knows that the consumer is asleep.
        basket.fruit.lock().unwrap().push_back("an apple");
        producer.says("puts in an apple");
        let stolen = scope.spawn(|| basket.fruit.lock().unwrap().pop_front()).join();
        thief.says(format_args!("takes {}", name(stolen.expect("taking succeeds"))));
        producer.says("notifies");
        basket.filled.notify_one();

        // With `if` the consumer does not look again; then the channel is closed.
        if found_empty.recv().is_ok() {
            consumer.says("is woken, finds nothing and waits again");
            basket.fruit.lock().unwrap().push_back("a pear");
            producer.says("puts in a pear and notifies");
            basket.filled.notify_one();
        }
        let taken = consuming.join().expect("taking succeeds");
        consumer.says(format_args!("is woken and goes on with {}", name(taken)));
        Ok(taken)
    })
}

type Fruit = &'static str;

fn name(fruit: Option<Fruit>) -> Fruit {
    fruit.unwrap_or("nothing")
}

#[derive(Default)]
struct Basket {
    fruit: Mutex<VecDeque<Fruit>>,
    /// Signalled once for each piece that is put in.
    filled: Condvar,
}

impl Basket {
    /// Wrong: takes the wake-up for a promise that there is something.
    fn take_with_if(&self, empty: &Sender<()>) -> Option<Fruit> {
        let mut fruit = self.fruit.lock().unwrap();
        if fruit.is_empty() {
            let _ = empty.send(()); // the listener stays until the end
            fruit = self.filled.wait(fruit).unwrap();
        }
        fruit.pop_front()
    }

    /// Right: `wait_while` is this loop, written once and for all.
    fn take_with_while(&self, empty: &Sender<()>) -> Option<Fruit> {
        let mut fruit = self.fruit.lock().unwrap();
        while fruit.is_empty() {
            let _ = empty.send(()); // the listener stays until the end
            fruit = self.filled.wait(fruit).unwrap();
        }
        fruit.pop_front()
    }
}
