//! A mailbox between processes: writers wait for room, readers for a letter.
//!
//! There is room for one letter. Three writers and two readers, five processes, share a
//! lock and two conditions. A condition has no lock of its own, so a wait takes the guard
//! and gives it back; to wait without holding the lock is not an error at run time, as in
//! Python, but cannot be written. A wake-up is a hint: once a tick everybody looks again,
//! so that who is killed between its change and its `notify` does not leave them asleep.
//!
//! Run:     cargo run -p process-sync-demo -- condition
//! Expect:  who read which letters, lanes of waiting writers, and no letter lost
//! Chapter: book/src/process-conditions.md
//! Source:  crossprocess::Condition; the twin is condition-demo's `mailbox`

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use common::{Actor, println, timeline};
use crossprocess::process::Entry;
use crossprocess::{Condition, Error, Lock, Queue, Segment};

use crate::child;

pub const WRITER: Entry<u32> = Entry::new("mailbox-writer");
pub const READER: Entry<u32> = Entry::new("mailbox-reader");

const WRITERS: [&str; 3] = ["Ada", "Bob", "Cy"];
const READERS: [&str; 2] = ["reader 1", "reader 2"];
/// How many letters a writer writes, and how many a reader reads.
const WRITTEN: u32 = 4;
const READ: u32 = WRITTEN * WRITERS.len() as u32 / READERS.len() as u32;
const READING_TIME: Duration = Duration::from_millis(10);

/// From whom, by index, and which of theirs, from 1. Plain data, so that it can be shared.
type Letter = [u32; 2];
const NO_LETTER: Letter = [0, 0];

/// A reader, by index, and a letter.
type Read = (u32, Letter);

pub fn run() -> anyhow::Result<()> {
    let read = exchange().context("five processes and a mailbox")?;
    for (index, reader) in (0..).zip(READERS.map(Actor::new)) {
        let own = read.iter().filter(|(by, _)| *by == index);
        let own: Vec<_> = own.map(|(_, letter)| name(letter)).collect();
        reader.says(format_args!("read {}", own.join(", ")));
    }
    println!();
    timeline::so_far().print();
    let different: BTreeSet<_> = read.iter().map(|(_, letter)| letter).collect();
    let written = WRITTEN as usize * WRITERS.len();
    ensure!(read.len() == written, "{} of {written} letters arrived", read.len());
    ensure!(different.len() == written, "a letter arrived twice: {read:?}");
    println!("\nok: each of the {written} letters was read once");
    Ok(())
}

fn name([writer, number]: &Letter) -> String {
    format!("{} {number}", WRITERS[*writer as usize])
}

/// Returns what was read, in the order of reading.
fn exchange() -> anyhow::Result<Vec<Read>> {
    let segment = Segment::create(1 << 16)?;
    Lock::create(&segment, "letter", NO_LETTER)?;
    Condition::create(&segment, "room")?;
    Condition::create(&segment, "arrived")?;
    let read = Queue::<Read>::create(&segment, "read", 1 << 12)?;
    let _lanes = (WRITERS.map(Actor::new), READERS.map(Actor::new));
    let writers =
        (0..WRITERS.len() as u32).map(|i| child::start(&WRITER, &i, &segment));
    let readers =
        (0..READERS.len() as u32).map(|i| child::start(&READER, &i, &segment));
    child::join(writers.chain(readers).collect::<Result<Vec<_>, _>>()?)?;
    read.close()?;
    Ok(read.iter().collect())
}

/// Room for one letter.
struct Mailbox {
    letter: Lock<Letter>,
    /// Signalled when the letter is taken.
    room: Condition,
    /// Signalled when a letter is there.
    arrived: Condition,
}

impl Mailbox {
    fn open(segment: &Segment) -> Result<Self, Error> {
        Ok(Self {
            letter: Lock::open(segment, "letter")?,
            room: Condition::open(segment, "room")?,
            arrived: Condition::open(segment, "arrived")?,
        })
    }

    /// Blocks until there is room.
    fn put(&self, letter: Letter) -> Result<(), Error> {
        let guard = self.letter.lock()?;
        let mut place = self.room.wait_while(guard, |place| *place != NO_LETTER)?;
        *place = letter;
        // Before the notification, so that nobody wakes up to find the lock taken.
        drop(place);
        self.arrived.notify_one();
        Ok(())
    }

    /// Blocks until there is a letter.
    fn take(&self) -> Result<Letter, Error> {
        let guard = self.letter.lock()?;
        let mut place = self.arrived.wait_while(guard, |place| *place == NO_LETTER)?;
        let letter = std::mem::replace(&mut *place, NO_LETTER);
        drop(place);
        self.room.notify_one();
        Ok(letter)
    }
}

pub fn writer(index: u32) -> Result<(), Error> {
    let mailbox = Mailbox::open(&Segment::from_env()?)?;
    let me = Actor::new(WRITERS[index as usize]);
    for number in 1..=WRITTEN {
        let _waiting = me.waits("room in the mailbox");
        mailbox.put([index, number])?;
    }
    Ok(())
}

pub fn reader(index: u32) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let mailbox = Mailbox::open(&segment)?;
    let read = Queue::<Read>::open(&segment, "read")?;
    let me = Actor::new(READERS[index as usize]);
    for _ in 0..READ {
        let waiting = me.waits("a letter");
        let letter = mailbox.take()?;
        drop(waiting);
        let _reading = me.works(format_args!("the letter \"{}\"", name(&letter)));
        // Stands for reading; every letter arrives however long it takes.
        thread::sleep(READING_TIME);
        read.send(&(index, letter))?;
    }
    Ok(())
}
