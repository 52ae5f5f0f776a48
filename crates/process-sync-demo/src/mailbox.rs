//! A mailbox with room for one letter, for all processes that share its segment.

use crossprocess::{Condition, Error, Lock, Segment};

/// From whom, by index, and which of theirs, from 1. Plain data, so that it can be shared.
pub type Letter = [u32; 2];

const NO_LETTER: Letter = [0, 0];

/// Room for one letter.
pub struct Mailbox {
    letter: Lock<Letter>,
    /// Signalled when the letter is taken.
    room: Condition,
    /// Signalled when a letter is there.
    arrived: Condition,
}

impl Mailbox {
    pub fn create(segment: &Segment) -> Result<Self, Error> {
        Ok(Self {
            letter: Lock::create(segment, "letter", NO_LETTER)?,
            room: Condition::create(segment, "room")?,
            arrived: Condition::create(segment, "arrived")?,
        })
    }

    pub fn open(segment: &Segment) -> Result<Self, Error> {
        Ok(Self {
            letter: Lock::open(segment, "letter")?,
            room: Condition::open(segment, "room")?,
            arrived: Condition::open(segment, "arrived")?,
        })
    }

    /// Blocks until there is room.
    pub fn put(&self, letter: Letter) -> Result<(), Error> {
        let guard = self.letter.lock()?;
        let mut place = self.room.wait_while(guard, |place| *place != NO_LETTER)?;
        *place = letter;
        // Before the notification, so that nobody wakes up to find the lock taken.
        drop(place);
        self.arrived.notify_one();
        Ok(())
    }

    /// Blocks until there is a letter.
    pub fn take(&self) -> Result<Letter, Error> {
        let guard = self.letter.lock()?;
        let mut place = self.arrived.wait_while(guard, |place| *place == NO_LETTER)?;
        let letter = std::mem::replace(&mut *place, NO_LETTER);
        drop(place);
        self.room.notify_one();
        Ok(letter)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn letters_come_out_in_the_order_in_which_they_were_put() {
        let segment = Segment::create(1 << 16).unwrap();
        let mailbox = Mailbox::create(&segment).unwrap();
        let taken: Vec<_> = thread::scope(|scope| {
            // Another handle, as another process would have it.
            let writer = Mailbox::open(&segment).unwrap();
            scope.spawn(move || (1..=9).for_each(|n| writer.put([1, n]).unwrap()));
            (1..=9).map(|_| mailbox.take().unwrap()).collect()
        });
        assert!(taken.into_iter().eq((1..=9).map(|n| [1, n])));
    }
}
