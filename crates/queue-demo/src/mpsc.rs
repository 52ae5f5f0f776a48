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

use std::sync::Barrier;
use std::sync::mpsc::{self, RecvTimeoutError, SendError, TryRecvError};
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::measure::duration;
use common::println;

const SENDERS: [char; 3] = ['A', 'B', 'C'];
const LETTERS: usize = 4;
const PATIENCE: Duration = Duration::from_millis(10);

/// From whom, and which of theirs.
type Letter = (char, usize);

pub fn run() -> anyhow::Result<()> {
    let arrived = letters_of_all_senders();
    let list: Vec<_> = arrived.iter().map(|(from, n)| format!("{from}{n}")).collect();
    println!("{} senders, one receiver: {}", SENDERS.len(), list.join(" "));
    for sender in SENDERS {
        let own: Vec<_> = arrived.iter().filter(|(from, _)| *from == sender).collect();
        ensure!(own.len() == LETTERS, "{sender} sent {LETTERS}, {} came", own.len());
        ensure!(
            own.is_sorted(),
            "the letters of {sender} changed their order: {own:?}"
        );
    }
    println!("all {} came, those of each sender in its order", arrived.len());

    what_an_empty_channel_says()?;
    println!("ok: no letter was lost, none overtook an earlier one of its sender");
    Ok(())
}

fn letters_of_all_senders() -> Vec<Letter> {
    let (sender, receiver) = mpsc::channel();
    // Together, so that there is something to mix; the result is right without it.
    let start = Barrier::new(SENDERS.len());
    thread::scope(|scope| {
        for from in SENDERS {
            let (sender, start) = (sender.clone(), &start);
            scope.spawn(move || {
                start.wait();
                for number in 1..=LETTERS {
                    let sent = sender.send((from, number));
                    sent.expect("the receiver outlives the senders");
                    thread::yield_now();
                }
            });
        }
        // The iteration ends when the last sender is gone, and this one is the fourth.
        drop(sender);
        receiver.iter().collect()
    })
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
