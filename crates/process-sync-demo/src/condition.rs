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
//! Source:  src/mailbox.rs; crossprocess::Condition; the twin is condition-demo's `mailbox`

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use common::{Actor, println, timeline};
use crossprocess::process::Entry;
use crossprocess::{Error, Queue, Segment};

use crate::child;
use crate::mailbox::{Letter, Mailbox};

pub const WRITER: Entry<u32> = Entry::new("mailbox-writer");
pub const READER: Entry<u32> = Entry::new("mailbox-reader");

const WRITERS: [&str; 3] = ["Ada", "Bob", "Cy"];
const READERS: [&str; 2] = ["reader 1", "reader 2"];
/// How many letters a writer writes, and how many a reader reads.
const WRITTEN: u32 = 4;
const READ: u32 = WRITTEN * WRITERS.len() as u32 / READERS.len() as u32;
const READING_TIME: Duration = Duration::from_millis(10);

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
    Mailbox::create(&segment)?;
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
