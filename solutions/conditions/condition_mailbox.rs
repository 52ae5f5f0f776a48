//! Goal:   hand letters over one at a time, between any number of threads.
//! Given:  room for one letter, and one condition variable for all its changes.
//! Answer: look again after every wake-up, and wake everybody after every change.
//! Check:  cargo test --bin condition_mailbox_sol
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
        let mut letter = self.letter.lock().unwrap();
        while letter.is_some() {
            letter = self.changed.wait(letter).unwrap();
        }
        *letter = Some(new);
        // Writers and readers wait on the same condition variable: the one thread that
        // `notify_one` picks may be another writer, who finds the box full and sleeps
        // again, while the reader is never told. With a condition variable for each
        // role `notify_one` is enough.
        self.changed.notify_all();
    }

    /// Takes the letter out; sleeps until there is one.
    fn take(&self) -> T {
        let mut letter = self.letter.lock().unwrap();
        loop {
            if let Some(taken) = letter.take() {
                self.changed.notify_all();
                return taken;
            }
            letter = self.changed.wait(letter).unwrap();
        }
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
