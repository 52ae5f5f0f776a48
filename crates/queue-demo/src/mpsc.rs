//! Many threads send into one channel, one receives, and nothing is lost.
//!
//! What one sender sends arrives in its order; how the senders mix is up to the
//! scheduler. A message is given away: in Python both sides go on to share the object,
//! here the compiler refuses whatever the sender does with it after `send`. And no
//! `if not queue.empty(): queue.get()`: `try_recv` asks and takes in one step, and
//! tells "nothing yet" from "nothing ever again".
//!
//! Run:     cargo run -p queue-demo -- mpsc
//! Expect:  twelve letters, each sender's in order, mixed differently in each run
//! Chapter: book/src/queues.md
//! Source:  std::sync::mpsc

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SendError, TryRecvError};
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::measure::duration;
use common::{Actor, println, timeline};

/// Who sends, and how many milliseconds it takes to write a letter.
const SENDERS: [(char, u64); 3] = [('A', 4), ('B', 6), ('C', 9)];
const LETTERS: usize = 4;
const READING_TIME: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_millis(10);

/// From whom, and which of theirs.
type Letter = (char, usize);

pub fn run() -> anyhow::Result<()> {
    let arrived = letters_of_all_senders();
    let list: Vec<_> = arrived.iter().map(|(from, n)| format!("{from}{n}")).collect();
    println!("{} senders, one receiver: {}", SENDERS.len(), list.join(" "));
    for (sender, _) in SENDERS {
        let own: Vec<_> = arrived.iter().filter(|(from, _)| *from == sender).collect();
        ensure!(own.len() == LETTERS, "{sender} sent {LETTERS}, {} came", own.len());
        ensure!(
            own.is_sorted(),
            "the letters of {sender} changed their order: {own:?}"
        );
    }
    println!("all {} came, those of each sender in its order\n", arrived.len());
    timeline::so_far().print();

    what_an_empty_channel_says()?;
    println!("ok: no letter was lost, none overtook an earlier one of its sender");
    Ok(())
}

fn letters_of_all_senders() -> Vec<Letter> {
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for (from, writing_time) in SENDERS {
            let (sender, me) = (sender.clone(), Actor::new(format!("sender {from}")));
            scope.spawn(move || {
                for number in 1..=LETTERS {
                    let writing = me.works(format!("{from}{number}"));
                    // Stands for writing, as the other stands for reading.
                    thread::sleep(Duration::from_millis(writing_time));
                    drop(writing);
                    let sent = sender.send((from, number));
                    sent.expect("the receiver outlives the senders");
                }
            });
        }
        // The reading ends when the last sender is gone, and this one is the fourth.
        drop(sender);
        read(&receiver)
    })
}

fn read(receiver: &Receiver<Letter>) -> Vec<Letter> {
    let me = Actor::new("receiver");
    let mut letters = Vec::new();
    loop {
        let waiting = me.waits("a letter, or the end");
        let Ok((from, number)) = receiver.recv() else { return letters };
        drop(waiting);
        let _reading = me.works(format!("{from}{number}"));
        thread::sleep(READING_TIME);
        letters.push((from, number));
    }
}

fn what_an_empty_channel_says() -> anyhow::Result<()> {
    let (sender, receiver) = mpsc::channel::<Letter>();
    println!("\nempty, with a sender:    {}", receiver.try_recv().unwrap_err());
    ensure!(receiver.try_recv() == Err(TryRecvError::Empty));
    let waited = receiver.recv_timeout(PATIENCE);
    ensure!(waited == Err(RecvTimeoutError::Timeout));
    let patience = duration(PATIENCE.as_secs_f64());
    println!("after {} of patience: {}", patience, RecvTimeoutError::Timeout);

    drop(sender);
    println!("empty, without a sender: {}", receiver.try_recv().unwrap_err());
    ensure!(receiver.try_recv() == Err(TryRecvError::Disconnected));

    let (sender, receiver) = mpsc::channel();
    drop(receiver);
    let SendError(letter) = sender.send(('A', 1)).unwrap_err();
    println!("without a receiver:      `send` gives {letter:?} back\n");
    Ok(())
}
