//! A mailbox with room for one letter.
//!
//! Source: S. Peyton Jones, A. Gordon, S. Finne, "Concurrent Haskell", 1996, where the
//! same thing is called MVar.

use std::sync::{Condvar, Mutex};

/// Hands values over one at a time, between any number of threads.
pub struct Mailbox<T> {
    letter: Mutex<Option<T>>,
    /// Signalled after each change of `letter`.
    ///
    /// Writers wait here for room and readers for a letter. `notify_one` could wake
    /// another writer when a reader is needed, and then all of them would sleep.
    changed: Condvar,
}

impl<T> Mailbox<T> {
    pub fn new() -> Self {
        Self { letter: Mutex::new(None), changed: Condvar::new() }
    }

    /// Puts a letter in; blocks while another one is there.
    pub fn put(&self, new: T) {
        let letter = self.letter.lock().unwrap();
        let mut letter =
            self.changed.wait_while(letter, |letter| letter.is_some()).unwrap();
        *letter = Some(new);
        self.changed.notify_all();
    }

    /// Takes the letter out; blocks until there is one.
    pub fn take(&self) -> T {
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;
    use crate::primitives::must_end;

    const WRITERS: usize = 3;
    const LETTERS: usize = 2000;

    #[test]
    fn a_second_letter_waits_for_room() {
        let _watchdog = must_end();
        let mailbox = Mailbox::new();
        mailbox.put(1);
        thread::scope(|scope| {
            let (put, puts) = mpsc::channel();
            let mailbox = &mailbox;
            scope.spawn(move || {
                mailbox.put(2);
                put.send(()).unwrap();
            });
            assert!(puts.try_recv().is_err(), "the first letter is still there");
            assert_eq!(mailbox.take(), 1);
            puts.recv().unwrap();
        });
        assert_eq!(mailbox.take(), 2);
    }

    #[test]
    fn every_letter_arrives_once() {
        let _watchdog = must_end();
        let mailbox = Mailbox::new();
        let mut arrived = thread::scope(|scope| {
            for writer in 0..WRITERS {
                let mailbox = &mailbox;
                scope.spawn(move || {
                    (0..LETTERS).for_each(|n| mailbox.put(writer * LETTERS + n));
                });
            }
            // As many readers as writers, so that all of them wait at one time or other.
            let read = || (0..LETTERS).map(|_| mailbox.take()).collect::<Vec<_>>();
            let readers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(read)).collect();
            readers
                .into_iter()
                .flat_map(|reader| reader.join().unwrap())
                .collect::<Vec<_>>()
        });
        arrived.sort_unstable();
        assert!(arrived.into_iter().eq(0..WRITERS * LETTERS));
    }
}
