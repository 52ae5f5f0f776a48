//! A bounded queue between processes makes who is too fast wait, and ends by closing.
//!
//! A producer delivers in bursts, two consumers work steadily: three processes, one
//! queue, no pipe. In a burst the producer waits for room, in a pause the consumers wait
//! for items. `send` returns when the item is in the queue. In Python a thread sends it
//! later, in the background: the queue has no bound unless it is given one, and `empty`
//! is true right after a `put`. Closing ends the work; Python's queue between processes
//! has no `shutdown`, and needs a sentinel for each consumer.
//!
//! Run:     cargo run -p process-sync-demo -- queue
//! Expect:  never more than 4 items inside, lanes in which the waiting changes sides
//! Chapter: book/src/process-queues.md
//! Source:  crossprocess::Queue; the twins are condition-demo's `bounded-buffer` and
//!          queue-demo's `bounded`

use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use common::{Actor, println, timeline};
use crossprocess::process::Entry;
use crossprocess::{Error, Queue, Segment, Value};

use crate::child;

pub const PRODUCER: Entry<()> = Entry::new("queue-producer");
pub const CONSUMER: Entry<u8> = Entry::new("queue-consumer");

const CONSUMERS: u8 = 2;
const BURSTS: u8 = 3;
const BURST: u8 = 10;
/// An item and its length take 16 bytes: there is room for four.
const CAPACITY: usize = 4 * 16;
// Both stand for work: the items arrive whatever the two take.
const PAUSE: Duration = Duration::from_millis(40);
const WORK_TIME: Duration = Duration::from_millis(6);

/// Who took it, and which item.
type Taken = (u8, u8);

pub fn run() -> anyhow::Result<()> {
    let Seen { fullest, taken, refused } = produce_and_consume().context("a queue")?;
    timeline::so_far().print();

    println!("\nAt most {fullest} items were inside, there was room for 4.");
    let by = |number| taken.iter().filter(|(by, _)| *by == number).count();
    println!("The consumers took {} and {} items.", by(1), by(2));
    println!("To send one after the closing is refused: {refused}.");

    let mut items: Vec<_> = taken.iter().map(|(_, item)| *item).collect();
    items.sort_unstable();
    ensure!(fullest <= 4, "{fullest} items where 4 fit");
    ensure!(items.into_iter().eq(1..=BURSTS * BURST), "an item was lost or doubled");
    println!("ok: {} items, each taken once, never more than 4 inside", BURSTS * BURST);
    Ok(())
}

struct Seen {
    fullest: u64,
    taken: Vec<Taken>,
    refused: Error,
}

fn produce_and_consume() -> anyhow::Result<Seen> {
    let segment = Segment::create(1 << 16)?;
    let items = Queue::<u8>::create(&segment, "items", CAPACITY)?;
    let fullest = Value::create(&segment, "fullest", 0_u64)?;
    let taken = Queue::<Taken>::create(&segment, "taken", 1 << 12)?;
    let _lanes =
        (Actor::new("producer"), (1..=CONSUMERS).map(lane).collect::<Vec<_>>());
    let mut children = vec![child::start(&PRODUCER, &(), &segment)?];
    for number in 1..=CONSUMERS {
        children.push(child::start(&CONSUMER, &number, &segment)?);
    }
    child::join(children)?;
    let refused = items.send(&0).err().context("a closed queue accepted an item")?;
    taken.close()?;
    Ok(Seen { fullest: fullest.get()?, taken: taken.iter().collect(), refused })
}

fn lane(number: u8) -> Actor {
    Actor::new(format!("consumer {number}"))
}

pub fn producer() -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let items = Queue::<u8>::open(&segment, "items")?;
    let fullest = Value::<u64>::open(&segment, "fullest")?;
    let me = Actor::new("producer");
    for item in 1..=BURSTS * BURST {
        let waiting = me.waits("room");
        items.send(&item)?;
        drop(waiting);
        let inside = items.len() as u64;
        fullest.update(|fullest| *fullest = inside.max(*fullest))?;
        if item % BURST == 0 {
            let _working = me.works("the next burst");
            thread::sleep(PAUSE);
        }
    }
    items.close()
}

/// Takes until the queue is closed and empty.
pub fn consumer(number: u8) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let items = Queue::<u8>::open(&segment, "items")?;
    let taken = Queue::<Taken>::open(&segment, "taken")?;
    let me = lane(number);
    loop {
        let waiting = me.waits("an item");
        let item = match items.recv() {
            Err(Error::Closed { .. }) => return Ok(()),
            item => item?,
        };
        drop(waiting);
        let _working = me.works(format_args!("item {item}"));
        thread::sleep(WORK_TIME);
        taken.send(&(number, item))?;
    }
}
