//! Judges `atomic_counter`: no number is handed out twice, and none is left out.

use std::thread;

use super::*;

/// Two threads take two blocks each, of different sizes.
fn two_threads_take_numbers() {
    let numbers = Numbers::new();
    let mut taken: Vec<u64> = thread::scope(|scope| {
        let one = scope.spawn(|| [numbers.take(2), numbers.take(2)]);
        let other = scope.spawn(|| [numbers.take(3), numbers.take(3)]);
        let blocks = [one.join().unwrap(), other.join().unwrap()].concat();
        blocks.into_iter().flatten().collect()
    });
    taken.sort_unstable();
    assert!(taken.len() == 10, "2 + 2 + 3 + 3 numbers were asked for, not {taken:?}");
    let twice = taken.windows(2).find(|pair| pair[0] == pair[1]);
    assert!(twice.is_none(), "a number was handed out twice: {taken:?}");
    assert!(taken[0] == 0 && taken[9] == 9, "a number was left out: {taken:?}");
    let count = numbers.taken();
    assert!(count == 10, "10 numbers were handed out, but {count} were counted");
}

#[test]
fn each_number_is_handed_out_once() {
    interleavings::check(two_threads_take_numbers);
    real_threads::run(two_threads_take_numbers);
}
