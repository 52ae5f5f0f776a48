//! Locking each access does not make a read and a write one step.
//!
//! Two threads add 1 to a counter. Each locks it to read and locks it again to write;
//! in between the lock is free, and an addition of the other thread gets lost. The
//! compiler lets this pass, because no access is without the lock. What it refuses is
//! the access without any. In Python `counter += 1` is this race, and nothing objects.
//!
//! Run:     cargo run -p lock-demo -- race
//! Expect:  0 + 1 + 1 = 1, then no addition lost, then the compiler's refusal
//! Chapter: book/src/races.md
//! Source:  the Rustonomicon, "Data Races and Race Conditions"

use std::sync::{Barrier, Mutex};
use std::thread;

use anyhow::ensure;
use common::{Actor, println};

use crate::refused;

/// Enough for the threads to meet by themselves on most machines.
const ROUNDS: u32 = 100_000;

const REFUSED: &str = include_str!("../tests/refused/two_threads_add.stderr");

pub fn run() -> anyhow::Result<()> {
    let left = add_when_both_have_read();
    println!("lock, read, unlock; lock, write, unlock: 0 + 1 + 1 = {left}\n");
    ensure!(left == 1, "both threads read 0, yet the counter is {left}");

    let expected = 2 * ROUNDS;
    let kept = count(|counter| {
        let seen = *counter.lock().unwrap();
        *counter.lock().unwrap() = seen + 1;
    });
    println!("the same left to chance: {kept} of {expected} additions were kept");
    let kept = count(|counter| *counter.lock().unwrap() += 1);
    println!("lock, read, write, unlock: {kept} of {expected} were kept\n");
    ensure!(kept == expected, "{kept} of {expected} additions were kept");

    println!("without a lock the compiler says (shortened):");
    refused::show(REFUSED);
    println!("\nok: an update is safe when one lock covers its read and its write");
    Ok(())
}

/// Forces the unlucky order: nobody writes before both have read.
fn add_when_both_have_read() -> u32 {
    let counter = Mutex::new(0);
    // Both threads pass it together, so what one prints before it comes first.
    let next_step = Barrier::new(2);
    let [first, second] = ["thread 1", "thread 2"].map(Actor::new);
    thread::scope(|scope| {
        scope.spawn(|| {
            let seen = read(first, &counter);
            next_step.wait();
            next_step.wait();
            write(first, &counter, seen + 1);
            next_step.wait();
        });
        scope.spawn(|| {
            next_step.wait();
            let seen = read(second, &counter);
            next_step.wait();
            next_step.wait();
            write(second, &counter, seen + 1);
        });
    });
    counter.into_inner().unwrap()
}

fn read(me: Actor, counter: &Mutex<u32>) -> u32 {
    // The guard is a temporary: the lock is free again after this line.
    let seen = *counter.lock().unwrap();
    me.says(format!("reads {seen}"));
    seen
}

fn write(me: Actor, counter: &Mutex<u32>, value: u32) {
    *counter.lock().unwrap() = value;
    me.says(format!("writes {value}"));
}

/// Lets two threads call `add` as often as they are told to, and returns the counter.
fn count(add: impl Fn(&Mutex<u32>) + Sync) -> u32 {
    let counter = Mutex::new(0);
    let start = Barrier::new(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                start.wait();
                (0..ROUNDS).for_each(|_| add(&counter));
            });
        }
    });
    counter.into_inner().unwrap()
}
