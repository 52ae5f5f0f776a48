//! Between processes updates get lost and pairs are torn, as between threads.
//!
//! Atomics make each access whole, not two of them together. Who reads and then writes
//! overwrites what came in between; who reads two words while another process writes
//! them gets one old and one new. No compiler helps: it sees one program at a time.
//! `fetch_add` makes an update one step, and two small numbers in one word are read
//! together. In Python `v.value += 1` is a read and a write, in spite of its lock.
//!
//! Run:     cargo run -p shared-memory-demo -- race
//! Expect:  0 + 1 + 1 = 1, a pair that never was, how often both happen by chance
//! Chapter: book/src/shared-memory.md
//! Source:  the Rustonomicon, "Data Races and Race Conditions"; std::sync::atomic

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::ensure;
use common::{Actor, println};

use crate::janitor::Janitor;
use crate::memory::{Shared, shareable};
use crate::partner::{self, Partner};

/// Enough for two processes to meet by themselves on most machines.
const ROUNDS: u64 = 2_000_000;

shareable! {
    /// Relaxed is enough for all of it: each word is looked at for itself.
    struct Board {
        count: AtomicU64,
        /// Always the same as `y`, but for the moment between the two stores.
        x: AtomicU64,
        y: AtomicU64,
        /// The same pair in one word, 32 bits each.
        pair: AtomicU64,
    }
}

pub fn run() -> anyhow::Result<()> {
    let mut janitor = Janitor::start()?;
    let board = Shared::<Board>::create(&mut janitor)?;
    let mut child = Partner::start("race-child", board.name())?;
    lose_an_update(&board, &mut child)?;
    tear_a_pair(&board, &mut child)?;

    let expected = 2 * ROUNDS;
    println!("\nthe same left to chance:");
    let kept = additions(&board, &mut child, "add in two steps")?;
    println!("  read, then write: {kept} of {expected} additions were kept");
    let kept = additions(&board, &mut child, "add in one step")?;
    println!("  fetch_add:        {kept} of {expected} additions were kept");
    ensure!(kept == expected, "fetch_add has lost updates");

    child.tell("look")?;
    (0..ROUNDS).for_each(|n| board.set_pair(n));
    let answer = child.hear()?;
    let (two_words, one_word) = answer.split_once(' ').unwrap_or_default();
    println!("  in two words:     {two_words} of {ROUNDS} looks saw a torn pair");
    println!("  in one word:      {one_word} of {ROUNDS} looks saw a torn pair");
    ensure!(one_word == "0", "a word was torn: {answer}");
    println!("\nok: what is one step for the processor was never lost, never torn");
    Ok(())
}

/// Forces the unlucky order: nobody writes before both have read.
fn lose_an_update(board: &Board, child: &mut Partner) -> anyhow::Result<()> {
    let [parent, other] = ["parent", "child"].map(Actor::new);
    let seen = board.count.load(Relaxed);
    parent.says(format!("reads {seen}"));
    other.says(child.ask("read")?);
    board.count.store(seen + 1, Relaxed);
    parent.says(format!("writes {}", seen + 1));
    other.says(child.ask("write what you read, plus 1")?);
    let count = board.count.load(Relaxed);
    println!("0 + 1 + 1 = {count}\n");
    ensure!(count == 1, "both have read 0, yet the count is {count}");
    Ok(())
}

/// Lets the child look between the two stores.
fn tear_a_pair(board: &Board, child: &mut Partner) -> anyhow::Result<()> {
    let [parent, other] = ["parent", "child"].map(Actor::new);
    board.x.store(7, Relaxed);
    parent.says("writes x = 7");
    let seen = child.ask("read the pair")?;
    other.says(&seen);
    board.y.store(7, Relaxed);
    parent.says("writes y = 7");
    ensure!(seen == "reads x = 7, y = 0", "the child {seen}");
    Ok(())
}

/// The count after both processes have added as often as they are told to.
fn additions(board: &Board, child: &mut Partner, how: &str) -> anyhow::Result<u64> {
    board.count.store(0, Relaxed);
    child.tell(how)?;
    board.add(how);
    child.hear()?;
    Ok(board.count.load(Relaxed))
}

impl Board {
    fn add(&self, how: &str) {
        for _ in 0..ROUNDS {
            if how == "add in one step" {
                self.count.fetch_add(1, Relaxed);
            } else {
                self.count.store(self.count.load(Relaxed) + 1, Relaxed);
            }
        }
    }

    fn set_pair(&self, n: u64) {
        self.x.store(n, Relaxed);
        self.y.store(n, Relaxed);
        self.pair.store(n << 32 | n, Relaxed);
    }

    /// How many of the looks at the pair saw halves of two pairs, in both forms.
    fn torn(&self) -> (usize, usize) {
        let (mut two_words, mut one_word) = (0, 0);
        for _ in 0..ROUNDS {
            two_words += usize::from(self.x.load(Relaxed) != self.y.load(Relaxed));
            let pair = self.pair.load(Relaxed);
            one_word += usize::from(pair >> 32 != pair & u64::from(u32::MAX));
        }
        (two_words, one_word)
    }
}

#[derive(clap::Args)]
pub struct Options {
    name: String,
}

/// Does each step when it is told to.
pub fn child(Options { name }: Options) -> anyhow::Result<()> {
    let board = Shared::<Board>::open(&name)?;
    let mut seen = 0;
    partner::answer(|what| {
        Ok(match what {
            "read" => {
                seen = board.count.load(Relaxed);
                format!("reads {seen}")
            }
            "write what you read, plus 1" => {
                board.count.store(seen + 1, Relaxed);
                format!("writes {}", seen + 1)
            }
            "read the pair" => {
                let (x, y) = (board.x.load(Relaxed), board.y.load(Relaxed));
                format!("reads x = {x}, y = {y}")
            }
            "look" => {
                let (two_words, one_word) = board.torn();
                format!("{two_words} {one_word}")
            }
            how => {
                board.add(how);
                "added".into()
            }
        })
    })
}
