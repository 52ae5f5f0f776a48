//! What `select!` does with channels that are all ready, or silent, or closed.
//!
//! Of several that are ready it takes one at random, so a busy channel does not starve
//! a quiet one. A time limit is a channel, too. A channel whose senders are gone is
//! always ready, with an error; `never()` takes its place. std has no select: there
//! all send into one channel, and each message says what it is.
//!
//! Run:     cargo run -p queue-demo -- select
//! Expect:  about half from either side, a limit of 40 ms, 1000 errors in 1000 looks
//! Chapter: book/src/select.md
//! Source:  crossbeam-channel's documentation, "Selection" and "Extra channels"

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use common::measure::duration;
use common::println;
use crossbeam::channel::{after, never, unbounded};
use crossbeam::select;

const LOOKS: usize = 1000;
const PATIENCE: Duration = Duration::from_millis(40);
/// Enough for all messages to come on the busiest machine.
const LONG: Duration = Duration::from_secs(15);

pub fn run() -> anyhow::Result<()> {
    all_are_ready()?;
    nobody_sends()?;
    one_is_closed()?;
    let mut results = one_channel_for_all();
    results.sort_unstable();
    println!("with std, one channel for all: results {results:?}, then the stop");
    ensure!(results == [1, 2, 3], "the results are {results:?}");
    println!("ok: nobody was starved, and the limit was kept");
    Ok(())
}

fn all_are_ready() -> anyhow::Result<()> {
    let ((send_left, left), (send_right, right)) = (unbounded(), unbounded());
    for number in 0..LOOKS {
        send_left.send(number)?;
        send_right.send(number)?;
    }
    let from_left = |_: &usize| {
        select! {
            recv(left) -> _ => true,
            recv(right) -> _ => false,
        }
    };
    let taken = (0..LOOKS).filter(from_left).count();
    println!(
        "both are ready: {taken} taken from one, {} from the other",
        LOOKS - taken
    );
    ensure!(taken > 0 && taken < LOOKS, "one of two channels was starved");
    Ok(())
}

/// The sender exists but says nothing, so the deadline must come.
fn nobody_sends() -> anyhow::Result<()> {
    let (_sender, letters) = unbounded::<&str>();
    let start = Instant::now();
    let letter = select! {
        recv(letters) -> letter => letter.ok(),
        recv(after(PATIENCE)) -> _ => None,
    };
    let waited = start.elapsed();
    ensure!(letter.is_none() && waited >= PATIENCE, "{letter:?} after {waited:?}");
    println!("nobody sends: gave up after {}", duration(waited.as_secs_f64()));
    Ok(())
}

/// To go on with the other channels, put one that never is ready in its place.
fn one_is_closed() -> anyhow::Result<()> {
    let (_, closed) = unbounded::<&str>();
    for (name, letters, expected) in
        [("closed:", closed, LOOKS), ("`never()`:", never(), 0)]
    {
        let is_ready = |_: &usize| {
            select! {
                recv(letters) -> letter => letter.is_err(),
                default => false,
            }
        };
        let ready = (0..LOOKS).filter(is_ready).count();
        println!("{name:10} ready, with an error, in {ready:4} of {LOOKS} looks");
        ensure!(ready == expected, "{name} ready in {ready} of {LOOKS} looks");
    }
    Ok(())
}

enum Message {
    Result(u32),
    Stop,
}

fn one_channel_for_all() -> Vec<u32> {
    let (sender, inbox) = mpsc::channel();
    thread::scope(|scope| {
        let workers = [1, 2, 3].map(|number| {
            let sender = sender.clone();
            scope.spawn(move || sender.send(Message::Result(number)))
        });
        scope.spawn(move || {
            for worker in workers {
                let sent = worker.join().expect("sending does not panic");
                sent.expect("the inbox stays open");
            }
            sender.send(Message::Stop).expect("the inbox stays open");
        });
        collect_until_stop(&inbox, LONG)
    })
}

fn collect_until_stop(inbox: &mpsc::Receiver<Message>, limit: Duration) -> Vec<u32> {
    let deadline = Instant::now() + limit;
    let mut results = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match inbox.recv_timeout(left) {
            Ok(Message::Result(result)) => results.push(result),
            // A deadline that has passed, or nobody who could send any more.
            Ok(Message::Stop) | Err(_) => return results,
        }
    }
}
