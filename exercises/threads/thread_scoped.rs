//! Goal:   both halves of a slice are added up at the same time.
//! Given:  a borrowed slice, and a function that adds up a part of it.
//! Change: the body of `sum_of_halves`.
//! Check:  cargo test --bin thread_scoped
//! Read:   book/src/scoped.md and std::thread::scope

use std::thread;

/// Adds up `numbers` with two calls of `add` at the same time, one for each half.
///
/// The numbers stay where they are: `add` is given parts of `numbers`, not copies. One
/// half is longer by one when their number is odd.
fn sum_of_halves(numbers: &[u64], add: impl Fn(&[u64]) -> u64 + Sync) -> u64 {
    // TODO: add up the two halves at the same time, without a copy of them.
    todo!("add up the two halves")
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
