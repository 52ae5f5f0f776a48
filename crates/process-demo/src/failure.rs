//! Five bad ends, for one who stands alone and for one among other threads.

use std::hint::black_box;
use std::process;
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, bail};
use common::println;

use crate::isolation::NEIGHBOURS;
use crate::limits;

/// In bytes; small, so that it overflows soon on every system.
const STACK: usize = 256 << 10;

/// Fails alone.
pub fn alone(how: &str) -> anyhow::Result<()> {
    limits::prepare_for_the_worst()?;
    fail(how)
}

/// Fails in a thread beside others, which answer afterwards if they can.
pub fn among_threads(how: &str) -> anyhow::Result<()> {
    limits::prepare_for_the_worst()?;
    let neighbours: Vec<_> = (0..NEIGHBOURS)
        .map(|_| {
            let (question, questions) = mpsc::channel();
            let neighbour = thread::spawn(move || {
                questions.iter().for_each(|()| println!("here"));
            });
            (question, neighbour)
        })
        .collect();
    thread::scope(|scope| {
        let failing = scope.spawn(|| fail(how));
        // Only a panic comes back here; the neighbours can do without the failed one.
        let _ = failing.join();
    });
    for (question, neighbour) in neighbours {
        question.send(()).context("the neighbour has gone")?;
        drop(question);
        neighbour.join().unwrap();
    }
    Ok(())
}

fn fail(how: &str) -> anyhow::Result<()> {
    match how {
        "panic" => panic!("something is wrong"),
        "overflow" => {
            let digger = thread::Builder::new().stack_size(STACK);
            let depth = digger.spawn(|| dig(0))?.join().unwrap();
            bail!("no overflow at a depth of {depth}")
        }
        "abort" => process::abort(),
        "memory" => bail!("{} bytes were granted", hoard()),
        "exit" => process::exit(0),
        _ => bail!("unknown failure `{how}`"),
    }
}

/// Calls itself until the stack is full, many times before its last call.
fn dig(depth: usize) -> usize {
    let page = black_box([0_u8; 4096]);
    if depth == 4 * STACK {
        return depth;
    }
    let deeper = dig(depth + page.len());
    // Still in use after the call: the page stays, and the call does not become a loop.
    black_box(page);
    deeper
}

/// Asks for memory until it is refused.
fn hoard() -> usize {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    let pieces = limits::MEMORY / limits::PIECE + 1;
    for _ in 0..pieces {
        // Aborts the process when the system refuses.
        hoard.push(black_box(Vec::with_capacity(limits::PIECE)));
    }
    hoard.iter().map(Vec::capacity).sum()
}
