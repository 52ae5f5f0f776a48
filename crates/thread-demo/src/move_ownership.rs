//! A spawned thread may outlive its starter, so it owns what it uses: `move` hands
//! values over, and `join` hands them back.
//!
//! Moving a `Vec` moves three words, not its elements. What can be copied is copied,
//! so each thread of a loop gets the number of its own turn; the classic Python trap,
//! a lambda that sees the last value of the loop variable, does not compile. But what a
//! thread adds to its copy, nobody else sees.
//!
//! Run:     cargo run -p thread-demo -- move-ownership
//! Expect:  a list that went to a thread and back without being copied, three threads
//!          with their own numbers, and four programs that the compiler refuses
//! Chapter: book/src/ownership.md
//! Source:  std::thread::spawn, std::marker::Send; tests/refused/*.stderr

use std::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use anyhow::{Context, ensure};
use common::println;

/// What the compiler says to the programs in `tests/refused`; a test compiles them.
const REFUSALS: [&str; 4] = [
    include_str!("../tests/refused/borrow_without_move.stderr"),
    include_str!("../tests/refused/use_after_move.stderr"),
    include_str!("../tests/refused/rc_across_threads.stderr"),
    include_str!("../tests/refused/cell_between_threads.stderr"),
];

// Checked when this file is compiled: each call names a type that the bound allows.
// ANCHOR: send_and_sync
const _: () = {
    const fn may_move_to_another_thread<T: Send>() {}
    const fn may_be_used_by_several_threads<T: Sync>() {}

    may_move_to_another_thread::<Vec<String>>();
    may_be_used_by_several_threads::<Vec<String>>();
    // Any thread may have it, but only one at a time: `Cell` is not `Sync`.
    may_move_to_another_thread::<Cell<u32>>();
    // Who locked it must unlock it, others may look: `MutexGuard` is not `Send`.
    may_be_used_by_several_threads::<MutexGuard<u32>>();
    // The wrappers make of a `Cell` what several threads may use.
    may_be_used_by_several_threads::<Arc<Mutex<Cell<u32>>>>();
};
// ANCHOR_END: send_and_sync

pub fn run() -> anyhow::Result<()> {
    let basket = there_and_back(vec!["bread", "milk", "tea"])?;
    each_its_own_number()?;
    counts_for_itself()?;
    let basket = several_owners(basket)?;
    ensure!(basket == ["bread", "milk", "coffee"], "the thread's change is missing");

    println!("\nThe compiler refuses what could go wrong:");
    for message in REFUSALS {
        let headline = message.lines().next().unwrap_or_default();
        println!("  {}", headline.replace(", ", ",\n    "));
    }
    println!("\nok: the list went to a thread and back, and its elements never moved");
    Ok(())
}

fn there_and_back(basket: Vec<&'static str>) -> anyhow::Result<Vec<&'static str>> {
    let address = basket.as_ptr();
    let thread = thread::spawn(move || {
        let mut basket = basket;
        // In place: neither the move nor the change allocates memory.
        basket[2] = "coffee";
        basket
    });
    let basket = thread.join().unwrap();
    ensure!(basket.as_ptr() == address, "the elements were copied");
    println!("a list went to a thread and came back as {basket:?};");
    println!("  its elements are still where they were in memory");
    Ok(basket)
}

fn each_its_own_number() -> anyhow::Result<()> {
    let threads: Vec<_> =
        (1..=3).map(|turn| thread::spawn(move || turn * 10)).collect();
    let turns: Vec<i32> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    ensure!(turns == [10, 20, 30], "a thread saw the number of another turn");
    println!("three threads of one loop, each with its own number: {turns:?}");
    Ok(())
}

fn counts_for_itself() -> anyhow::Result<()> {
    let mut visitors = 0;
    let counted = thread::spawn(move || {
        // A number is copied, also by `move`: this is the thread's own.
        visitors += 1;
        visitors
    });
    let counted = counted.join().unwrap();
    println!("a thread counts the visitors: it has {counted}, main has {visitors}");
    ensure!((counted, visitors) == (1, 0), "the number was shared");
    Ok(())
}

/// Lets three threads read the list; all but main have given it up in the end.
fn several_owners(basket: Vec<&'static str>) -> anyhow::Result<Vec<&'static str>> {
    let shared = Arc::new(basket);
    let threads: Vec<_> = (0..3)
        .map(|index| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared[index].len())
        })
        .collect();
    let letters: Vec<usize> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    println!("the list with four owners (Arc), read by three threads: {letters:?};");
    ensure!(letters == [5, 4, 6], "a thread read something else");
    // Each closure was dropped before its join returned, and its `Arc` with it.
    let basket = Arc::try_unwrap(shared).ok().context("an owner is left over")?;
    println!("  after the joins main owns it alone");
    Ok(basket)
}
