//! Goal:   wait for several channels at once, and for no longer than allowed.
//! Given:  two inputs, a stop signal and a time limit. Where crossbeam wants an
//!         `Instant`, take `real_threads::Instant`: tests replace the one of `std`.
//! Answer: one `select!` in a loop, one deadline before it, `never()` for what is closed.
//! Check:  cargo test --bin queue_select_sol
//! Read:   book/src/select.md and crossbeam::channel::select

use std::thread;
use std::time::Duration;

use crossbeam::channel::{Receiver, after, bounded, never, select, unbounded};

/// Why `merge` returned.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// Both inputs are closed and empty.
    Closed,
    /// The stop signal came.
    Stopped,
    /// The limit was over.
    TimedOut,
}

/// Passes what comes from both inputs on to `output`, until something ends it.
///
/// An input that is closed is no reason to end while the other is open. Neither input
/// may keep the other waiting. The limit is for the whole call, however much comes in.
/// While nothing happens the thread sleeps, also when one input is closed by then.
fn merge(
    mut first: Receiver<u32>,
    mut second: Receiver<u32>,
    stop: &Receiver<()>,
    limit: Duration,
    mut output: impl FnMut(u32),
) -> End {
    // Made once: made anew in the loop, each message would start the limit again.
    let deadline = after(limit);
    let mut open = 2;
    while open > 0 {
        // When several are ready, `select!` takes one at random: nobody starves. When
        // none is, the thread sleeps until one wakes it.
        select! {
            recv(first) -> number => match number {
                Ok(number) => output(number),
                // A closed channel is always ready; without this the loop would spin.
                Err(_) => (first, open) = (never(), open - 1),
            },
            recv(second) -> number => match number {
                Ok(number) => output(number),
                Err(_) => (second, open) = (never(), open - 1),
            },
            recv(stop) -> _ => return End::Stopped,
            recv(deadline) -> _ => return End::TimedOut,
        }
    }
    End::Closed
}

fn main() {
    real_threads::end_if_stuck();
    let (left, first) = unbounded();
    let (right, second) = unbounded();
    let (_stop, stopped) = bounded(0);
    thread::spawn(move || (1..=3).for_each(|n| left.send(n).unwrap()));
    thread::spawn(move || (11..=13).for_each(|n| right.send(n).unwrap()));
    let mut numbers = Vec::new();
    let limit = Duration::from_secs(5);
    let end = merge(first, second, &stopped, limit, |number| numbers.push(number));
    println!("{numbers:?} came, then: {end:?}");
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn it_merges_what_is_there() {
        real_threads::run(|| {
            let (left, first) = unbounded();
            let (right, second) = unbounded();
            left.send(1).unwrap();
            right.send(2).unwrap();
            drop((left, right));
            let mut sum = 0;
            let limit = Duration::from_secs(5);
            let end = merge(first, second, &never(), limit, |number| sum += number);
            assert_eq!((sum, end), (3, End::Closed));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/queues/queue_select.rs"]
mod judge;
