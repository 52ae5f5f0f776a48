//! A `Value` changes as a whole, also when its process is killed in the middle.
//!
//! `get` is one step and `set` is one step, so who gets, adds and sets loses what came
//! in between. `update` is one step for all processes. A value of many words is never
//! seen half new: the new one is written beside the old one, and one store makes it
//! count. So a process that is killed inside of `update` leaves the old value, and the
//! others go on. In Python a process that is killed in `with v.get_lock()` leaves the
//! lock taken, and everybody else waits for ever.
//!
//! Run:     cargo run -p shared-memory-demo -- value
//! Expect:  a lost update, none lost, no torn value, and a kill that changes nothing
//! Chapter: book/src/shared-memory.md
//! Source:  the crate crossprocess, Value

use std::time::Instant;

use anyhow::ensure;
use common::measure::duration;
use common::{Actor, println};
use crossprocess::{Segment, Value};

use crate::janitor::Janitor;
use crate::partner::{self, Partner};

/// How often each process changes the value.
const ROUNDS: u64 = 20_000;

/// Too long for one step of the processor: a number, and its square.
type Square = [u64; 2];

pub fn run() -> anyhow::Result<()> {
    let [parent, child] = ["parent", "child"].map(Actor::new);
    let mut janitor = Janitor::start()?;
    let segment = janitor.segment(1 << 12)?;
    let count = Value::create(&segment, "count", 0_u64)?;
    let square = Value::create(&segment, "square", [0_u64; 2])?;
    let mut partner = Partner::start("value-child", segment.address())?;

    let seen = count.get()?;
    parent.says(format!("gets {seen}"));
    child.says(partner.ask("get")?);
    count.set(seen + 1)?;
    parent.says(format!("sets {}", seen + 1));
    child.says(partner.ask("set to what you got, plus 1")?);
    println!("get, then set: 0 + 1 + 1 = {}\n", count.get()?);
    ensure!(count.get()? == 1, "both have got 0, yet the value is {}", count.get()?);

    count.set(0)?;
    partner.tell("update")?;
    (0..ROUNDS).try_for_each(|_| count.update(|count| *count += 1))?;
    partner.hear()?;
    let (kept, expected) = (count.get()?, 2 * ROUNDS);
    println!("update: {kept} of {expected} additions were kept");
    ensure!(kept == expected, "`update` has lost additions");

    partner.tell("set squares")?;
    for _ in 0..ROUNDS {
        let [number, squared] = square.get()?;
        ensure!(number * number == squared, "half a value: {number} and {squared}");
    }
    partner.hear()?;
    println!("get: {ROUNDS} looks at two words, while they change; none torn\n");

    square.set([2, 4])?;
    child.says(partner.ask("stop in the middle")?);
    partner.kill()?;
    child.dies("killed");
    let asked = Instant::now();
    let left = square.get()?;
    let took = duration(asked.elapsed().as_secs_f64());
    parent.says(format!("killed it, gets {left:?}; took {took}"));
    ensure!(left == [2, 4], "the dead has left {left:?}");
    println!("\nok: the value was always the one before or the one after");
    Ok(())
}

#[derive(clap::Args)]
pub struct Options {
    address: String,
}

/// Does each step when it is told to.
pub fn child(Options { address }: Options) -> anyhow::Result<()> {
    let segment = Segment::attach(&address)?;
    let count = Value::<u64>::open(&segment, "count")?;
    let square = Value::<Square>::open(&segment, "square")?;
    let mut seen = 0;
    partner::answer(|what| {
        Ok(match what {
            "get" => {
                seen = count.get()?;
                format!("gets {seen}")
            }
            "set to what you got, plus 1" => {
                count.set(seen + 1)?;
                format!("sets {}", seen + 1)
            }
            "update" => {
                (0..ROUNDS).try_for_each(|_| count.update(|count| *count += 1))?;
                "updated".into()
            }
            "set squares" => {
                (0..ROUNDS).try_for_each(|n| square.set([n, n * n]))?;
                "set".into()
            }
            _ => square.update(|square| {
                square[0] = 3;
                println!("is inside of `update`, has set 3 and not yet 9");
                partner::wait_for_the_end()
            })?,
        })
    })
}
