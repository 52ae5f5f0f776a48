//! A mutex owns its data: whoever sees the data holds the lock, one thread at a time.
//!
//! Four tellers move money between three accounts behind one mutex. While a teller is
//! at it the sum is wrong, and nobody can see that. In Python the lock and the data are
//! two objects, and code that forgets the lock runs; here the data are reached through
//! the guard alone, which no other thread may be given, and the lock is released when
//! the guard goes, error or not.
//!
//! Run:     cargo run -p lock-demo -- mutex
//! Expect:  lanes in which no two hold the accounts at once, and an unchanged sum
//! Chapter: book/src/locks.md
//! Source:  std::sync::Mutex

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::timeline::{Activity, Timeline};
use common::{Actor, println, timeline};

use crate::refused;

const TELLERS: usize = 4;
const TRANSFERS: usize = 4;
const WORK_TIME: Duration = Duration::from_millis(4);
const OPENING: [i64; 3] = [100, 100, 100];

const REFUSED: &str = include_str!("../tests/refused/use_after_unlock.stderr");

pub fn run() -> anyhow::Result<()> {
    let accounts = Mutex::new(OPENING);
    let tellers: Vec<Actor> =
        (1..=TELLERS).map(|number| Actor::new(format!("teller {number}"))).collect();

    thread::scope(|scope| {
        for (index, &me) in tellers.iter().enumerate() {
            let accounts = &accounts;
            scope.spawn(move || {
                for round in 0..TRANSFERS {
                    let from = (index + round) % OPENING.len();
                    transfer(me, accounts, from, (from + 1) % OPENING.len(), 10);
                }
            });
        }
    });

    let timeline = timeline::so_far();
    timeline.print();
    ensure!(holds_are_apart(&timeline), "two tellers held the accounts at once");
    // No thread is left, so the data can be taken out for good, without locking.
    let closing = accounts.into_inner()?;
    println!("{OPENING:?} became {closing:?}");
    let (before, after) = (OPENING.iter().sum::<i64>(), closing.iter().sum::<i64>());
    ensure!(before == after, "{before} in all became {after}");

    println!("\nno reference outlives the lock; the compiler says (shortened):");
    refused::show(REFUSED);
    println!("\nok: {} transfers, one at a time, kept the sum", TELLERS * TRANSFERS);
    Ok(())
}

fn transfer(me: Actor, accounts: &Mutex<[i64; 3]>, from: usize, to: usize, sum: i64) {
    let waiting = me.waits("the accounts");
    let mut accounts = accounts.lock().unwrap();
    drop(waiting);
    let _holding = me.holds("the accounts");
    accounts[from] -= sum;
    // Stands for work on data that are wrong right now: the sum is too small.
    thread::sleep(WORK_TIME);
    accounts[to] += sum;
}

/// Whether each hold in the recording ended before the next one began.
fn holds_are_apart(timeline: &Timeline) -> bool {
    let spans = timeline.lanes.iter().flat_map(|lane| &lane.spans);
    let mut holds: Vec<_> =
        spans.filter(|span| span.activity == Activity::Holds).collect();
    holds.sort_by_key(|span| span.start);
    holds.is_sorted_by(|earlier, later| earlier.end <= later.start)
}
