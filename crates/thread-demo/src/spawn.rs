//! A started thread runs beside its starter; `join` waits for its end and hands over
//! what it returned.
//!
//! Between start and join nothing orders two threads: the lines of the first part may
//! mix differently in each run, and so may the order of finishing in the second.
//! Python's `join` returns `None`; here the value comes with it.
//!
//! Run:     cargo run -p thread-demo -- spawn
//! Expect:  the numbers 0 to 4 among lines of main, then five threads that finish in
//!          an order of their own and are joined in the order of their start
//! Chapter: book/src/threads.md
//! Source:  std::thread::spawn, std::thread::JoinHandle::join

use std::sync::mpsc;
use std::thread;

use anyhow::ensure;
use common::{Actor, println};

use crate::primes;

/// What each thread counts up to, and how many primes it must find there.
///
/// The first thread gets the most work, so that it hardly finishes first.
const WORK: [(u32, usize); 5] =
    [(50_000, 5133), (40_000, 4203), (30_000, 3245), (20_000, 2262), (10_000, 1229)];

pub fn run() -> anyhow::Result<()> {
    println!("One thread counts while main goes on; one possible order:");
    count_to_four()?;

    println!("\nFive threads count primes:");
    count_primes()?;

    println!("\nok: join waited for each thread and brought its value");
    Ok(())
}

fn count_to_four() -> anyhow::Result<()> {
    let (main, counter) = (Actor::new("main"), Actor::new("counter"));
    let thread = thread::spawn(move || {
        for number in 0..5 {
            counter.says(number);
        }
        "all counted"
    });
    main.says("has started the counter and goes on");
    main.says("still goes on");
    main.says("waits");
    let value = thread.join().unwrap();
    main.says(format!("got the counter's value: {value:?}"));
    ensure!(value == "all counted", "join brought {value:?}");
    Ok(())
}

fn count_primes() -> anyhow::Result<()> {
    let main = Actor::new("main");
    let (finished, finishes) = mpsc::channel();

    // ANCHOR: start_all_then_join
    let threads: Vec<_> = (1..)
        .zip(WORK)
        .map(|(number, (limit, _))| {
            let me = Actor::new(format!("worker {number}"));
            let finished = finished.clone();
            thread::spawn(move || {
                let _working = me.works(format!("the primes below {limit}"));
                let found = primes::count(0..limit);
                // Main holds the other end until all are joined.
                finished.send(number).unwrap();
                found
            })
        })
        .collect();
    println!("started:  1 2 3 4 5");

    let waiting = main.waits("joins them, worker 1 first");
    let found: Vec<usize> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    // ANCHOR_END: start_all_then_join
    drop(waiting);
    let order: Vec<String> = finishes.try_iter().map(|n| n.to_string()).collect();
    println!("finished: {} (the scheduler decides)", order.join(" "));
    println!("joined:   1 2 3 4 5, which found {found:?}");

    ensure!(found == WORK.map(|(_, primes)| primes), "a value was lost or swapped");
    Ok(())
}
