//! Goal:   both halves of a slice are added up at the same time.
//! Given:  a borrowed slice, and a function that adds up a part of it.
//! Answer: a scoped thread borrows one half, while the caller adds up the other.
//! Check:  cargo test --bin thread_scoped_sol
//! Read:   book/src/scoped.md and std::thread::scope

use std::thread;

/// Adds up `numbers` with two calls of `add` at the same time, one for each half.
///
/// The numbers stay where they are: `add` is given parts of `numbers`, not copies. One
/// half is longer by one when their number is odd.
fn sum_of_halves(numbers: &[u64], add: impl Fn(&[u64]) -> u64 + Sync) -> u64 {
    let (left, right) = numbers.split_at(numbers.len() / 2);
    // `thread::spawn` would not take the slice: its thread may outlive the caller. The
    // scope joins its threads before it returns, so they may borrow.
    thread::scope(|scope| {
        let left = scope.spawn(|| add(left));
        // The right half first: `join` would wait with half of the work still to do.
        // Two threads, one for each half, are as good.
        add(right) + left.join().unwrap()
    })
}

fn main() {
    real_threads::end_if_stuck();
    let numbers: Vec<u64> = (1..=1_000_001).collect();
    let sum = sum_of_halves(&numbers, |part| {
        println!("{:?} adds up {} numbers", thread::current().id(), part.len());
        part.iter().sum()
    });
    println!("together: {sum}");
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn four_numbers_are_added_up() {
        interleavings::check(|| {
            let sum = sum_of_halves(&[1, 2, 3, 4], |part| part.iter().sum());
            assert_eq!(sum, 10);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/threads/thread_scoped.rs"]
mod judge;
