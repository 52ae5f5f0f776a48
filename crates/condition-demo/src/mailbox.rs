//! A mailbox with room for one letter: writers wait for room, readers for a letter.
//!
//! Three writers share it with two readers, who need a while for each letter. So the
//! writers wait most of the time, in no particular order, and no letter is lost.
//! In Python: `queue.Queue(maxsize=1)`.
//!
//! Run:     cargo run -p condition-demo -- mailbox
//! Expect:  who read which letters, lanes of waiting writers, and no letter lost
//! Chapter: book/src/conditions.md
//! Source:  src/primitives/mailbox.rs

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::{Actor, println, timeline};

use crate::primitives::Mailbox;

const WRITERS: [&str; 3] = ["Ada", "Bob", "Cy"];
const READERS: [&str; 2] = ["reader 1", "reader 2"];
/// How many letters a writer writes, and how many a reader reads.
const WRITTEN: usize = 4;
const READ: usize = WRITTEN * WRITERS.len() / READERS.len();
const READING_TIME: Duration = Duration::from_millis(10);

pub fn run() -> anyhow::Result<()> {
    let mailbox = Mailbox::new();
    let writers = WRITERS.map(|name| (name, Actor::new(name)));
    let readers = READERS.map(Actor::new);

    let read = thread::scope(|scope| {
        for (name, me) in writers {
            let mailbox = &mailbox;
            scope.spawn(move || write(mailbox, name, me));
        }
        let readings = readers.map(|me| {
            scope.spawn({
                let mailbox = &mailbox;
                move || read(mailbox, me)
            })
        });
        readings.map(|reading| reading.join().expect("reading does not panic"))
    });
    for (reader, letters) in readers.iter().zip(&read) {
        reader.says(format_args!("read {}", letters.join(", ")));
    }
    println!();
    timeline::so_far().print();

    for name in WRITERS {
        let arrived = read.iter().flatten().filter(|letter| letter.starts_with(name));
        let arrived: BTreeSet<_> = arrived.collect();
        ensure!(
            arrived.len() == WRITTEN,
            "of {name}'s letters only {arrived:?} arrived"
        );
    }
    println!("\nok: each of the {} letters was read once", WRITTEN * WRITERS.len());
    Ok(())
}

fn write(mailbox: &Mailbox<String>, name: &str, me: Actor) {
    for number in 1..=WRITTEN {
        let _waiting = me.waits("room in the mailbox");
        mailbox.put(format!("{name} {number}"));
    }
}

fn read(mailbox: &Mailbox<String>, me: Actor) -> Vec<String> {
    let read_one = |_| {
        let waiting = me.waits("a letter");
        let letter = mailbox.take();
        drop(waiting);
        let _reading = me.works(format_args!("the letter \"{letter}\""));
        // Stands for reading; every letter arrives however long it takes.
        thread::sleep(READING_TIME);
        letter
    };
    (0..READ).map(read_one).collect()
}
