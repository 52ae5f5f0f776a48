//! A spawned thread may outlive its starter, so it owns what it uses: `move` hands
//! values over, and `join` hands them back.
//!
//! Moving a `Vec` moves three words, not its elements. What can be copied is copied,
//! so each thread of a loop gets the number of its own turn; the classic Python trap,
//! a lambda that sees the last value of the loop variable, does not compile.
//!
//! Run:     cargo run -p thread-demo -- move-ownership
//! Expect:  a list that went to a thread and back without being copied, three threads
//!          with their own numbers, and three programs that the compiler refuses
//! Chapter: book/src/ownership.md
//! Source:  std::thread::spawn, std::marker::Send; tests/refused/*.stderr

use std::sync::Arc;
use std::thread;

use anyhow::ensure;
use common::println;

/// What the compiler says to the programs in `tests/refused`; a test compiles them.
const REFUSALS: [&str; 3] = [
    include_str!("../tests/refused/borrow_without_move.stderr"),
    include_str!("../tests/refused/use_after_move.stderr"),
    include_str!("../tests/refused/rc_across_threads.stderr"),
];

pub fn run() -> anyhow::Result<()> {
    let basket = vec!["bread", "milk", "tea"];
    let address = basket.as_ptr();
    let thread = thread::spawn(move || {
        let mut basket = basket;
        // In place: neither the move nor the change allocates memory.
        basket[2] = "coffee";
        basket
    });
    let basket = thread.join().unwrap();
    ensure!(basket == ["bread", "milk", "coffee"], "the thread's change is missing");
    ensure!(basket.as_ptr() == address, "the elements were copied");
    println!("a list went to a thread and came back as {basket:?};");
    println!("  its elements are still where they were in memory");

    let threads: Vec<_> =
        (1..=3).map(|turn| thread::spawn(move || turn * 10)).collect();
    let turns: Vec<i32> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    ensure!(turns == [10, 20, 30], "a thread saw the number of another turn");
    println!("three threads of one loop, each with its own number: {turns:?}");

    let shared = Arc::new(basket);
    let threads: Vec<_> = (0..3)
        .map(|index| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared[index].len())
        })
        .collect();
    let letters: Vec<usize> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    // Each closure was dropped before its join returned, and its `Arc` with it.
    let basket = Arc::try_unwrap(shared);
    ensure!(letters == [5, 4, 6] && basket.is_ok(), "an owner is left over");
    println!("the list with four owners (Arc), read by three threads: {letters:?};");
    println!("  after the joins main owns it alone");

    println!("\nThe compiler refuses what could go wrong:");
    for message in REFUSALS {
        let headline = message.lines().next().unwrap_or_default();
        println!("  {}", headline.replace(", ", ",\n    "));
    }
    println!("\nok: the list went to a thread and back, and its elements never moved");
    Ok(())
}
