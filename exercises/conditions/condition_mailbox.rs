//! Goal:   hand letters over one at a time, between any number of threads.
//! Given:  room for one letter, and one condition variable for all its changes.
//! Change: the bodies of `put` and `take`.
//! Check:  cargo test --bin condition_mailbox
//! Read:   book/src/conditions.md and std::sync::Condvar

use std::sync::{Condvar, Mutex};
use std::thread;

const LETTERS: usize = 1000;

/// Room for one letter.
struct Mailbox<T> {
    letter: Mutex<Option<T>>,
    /// Notified after each change. Writers wait here for room, readers for a letter.
    changed: Condvar,
}

impl<T> Mailbox<T> {
    fn new() -> Self {
        Self { letter: Mutex::new(None), changed: Condvar::new() }
    }

    /// Puts a letter in; sleeps while another one is there.
    fn put(&self, new: T) {
        // TODO: put the letter in as soon as there is room.
        todo!("put the letter in")
    }

    /// Takes the letter out; sleeps until there is one.
    fn take(&self) -> T {
        // TODO: take the letter out as soon as there is one.
        todo!("take the letter out")
    }
}

fn main() {
    real_threads::end_if_stuck();
    let mailbox = Mailbox::new();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (1..=LETTERS).for_each(|letter| mailbox.put(letter)));
        }
        let read = || (0..LETTERS).map(|_| mailbox.take()).sum::<usize>();
        let readers = [scope.spawn(read), scope.spawn(read)];
        let sums = readers.map(|reader| reader.join().unwrap());
        println!("2 x 1 to {LETTERS} were sent, they make {}", 2 * 500_500);
        println!("the readers got {sums:?}, which makes {}", sums[0] + sums[1]);
    });
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_letter_arrives() {
        interleavings::check(|| {
            let mailbox = Mailbox::new();
            thread::scope(|scope| {
                scope.spawn(|| mailbox.put("hello"));
                assert_eq!(mailbox.take(), "hello");
            });
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/conditions/condition_mailbox.rs"]
mod judge;
