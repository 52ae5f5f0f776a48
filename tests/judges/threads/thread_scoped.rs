//! Judges `thread_scoped`: two halves of the slice itself, added up at the same time.

use std::sync::Mutex;

use super::*;

fn both_halves_are_added_up_at_once() {
    let numbers = [1, 2, 4, 8, 16];
    let parts = Mutex::new(Vec::new());
    let sum = sum_of_halves(&numbers, |part| {
        let own = numbers.as_ptr_range().contains(&part.as_ptr());
        assert!(own, "`add` was given a copy, not a part of the numbers");
        let mut seen = parts.lock().unwrap();
        seen.push(part.len());
        assert!(seen.len() <= 2, "the numbers were cut into more than two parts");
        drop(seen);
        interleavings::rendezvous(2);
        part.iter().sum()
    });
    let mut parts = parts.into_inner().unwrap();
    parts.sort_unstable();
    assert!(
        sum == 31,
        "a number was left out or counted twice: 1 + 2 + 4 + 8 + 16 made {sum}"
    );
    assert!(parts == [2, 3], "the halves of 5 numbers were {parts:?} numbers long");
}

fn few_numbers_are_added_up() {
    for numbers in [&[][..], &[7], &[7, 8]] {
        let sum = sum_of_halves(numbers, |part| part.iter().sum());
        let right: u64 = numbers.iter().sum();
        assert!(sum == right, "the sum of {numbers:?} came out as {sum}");
    }
}

#[test]
fn the_halves_are_added_up_at_the_same_time() {
    interleavings::check(both_halves_are_added_up_at_once);
    real_threads::run(both_halves_are_added_up_at_once);
}

#[test]
fn few_numbers_are_no_problem() {
    interleavings::check(few_numbers_are_added_up);
    real_threads::run(few_numbers_are_added_up);
}
