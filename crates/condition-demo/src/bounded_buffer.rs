//! A bounded buffer makes who is too fast wait, on either side, and ends by closing.
//!
//! A producer delivers in bursts, two consumers work steadily. In a burst the producer
//! waits for room; in a pause the consumers live on the buffer and then wait for items.
//! Closing ends the work: no item is lost, and nobody waits for one that never comes.
//! Python's `queue.Queue` can be closed since 3.13 (`shutdown`).
//!
//! Run:     cargo run -p condition-demo -- bounded-buffer
//! Expect:  never more than 4 items inside, lanes in which the waiting changes sides
//! Chapter: book/src/bounded-queues.md
//! Source:  src/primitives/bounded_buffer.rs

use std::num::NonZero;
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::{Actor, println, timeline};

use crate::primitives::{BoundedBuffer, Closed};

const CAPACITY: NonZero<usize> = NonZero::new(4).unwrap();
const BURSTS: usize = 3;
const BURST: usize = 10;
// Both stand for work: the items arrive whatever the two take.
const PAUSE: Duration = Duration::from_millis(40);
const WORK_TIME: Duration = Duration::from_millis(6);

pub fn run() -> anyhow::Result<()> {
    let buffer = BoundedBuffer::new(CAPACITY);
    let producer = Actor::new("producer");
    let consumers = ["consumer 1", "consumer 2"].map(Actor::new);

    let (fullest, taken) = thread::scope(|scope| {
        let buffer = &buffer;
        let consuming = consumers.map(|me| scope.spawn(move || consume(buffer, me)));
        let fullest = produce(buffer, producer);
        buffer.close();
        (fullest, consuming.map(|consumer| consumer.join().expect("does not panic")))
    });
    timeline::so_far().print();

    println!("\nAt most {fullest} items were inside, room is for {CAPACITY}.");
    println!("The consumers took {} and {} items.", taken[0].len(), taken[1].len());
    let refused = buffer.put(0);
    println!("An item put after the closing comes back: {refused:?}.");

    let mut taken = taken.concat();
    taken.sort_unstable();
    ensure!(fullest <= CAPACITY.get(), "{fullest} items where {CAPACITY} fit");
    ensure!(taken.into_iter().eq(1..=BURSTS * BURST), "an item was lost or doubled");
    ensure!(refused == Err(Closed(0)), "a closed buffer accepted an item");
    println!(
        "ok: {} items, each taken once, never more than {CAPACITY} inside",
        BURSTS * BURST
    );
    Ok(())
}

/// Returns how full the buffer was at most.
fn produce(buffer: &BoundedBuffer<usize>, me: Actor) -> usize {
    let mut fullest = 0;
    for item in 1..=BURSTS * BURST {
        let waiting = me.waits("room");
        let inside = buffer.put(item).expect("closed only after the last item");
        drop(waiting);
        fullest = fullest.max(inside);
        if item % BURST == 0 {
            let _working = me.works("the next burst");
            thread::sleep(PAUSE);
        }
    }
    fullest
}

/// Takes until the buffer is closed and empty.
fn consume(buffer: &BoundedBuffer<usize>, me: Actor) -> Vec<usize> {
    let take = || {
        let _waiting = me.waits("an item");
        buffer.take()
    };
    let mut taken = Vec::new();
    while let Some(item) = take() {
        let _working = me.works(format_args!("item {item}"));
        thread::sleep(WORK_TIME);
        taken.push(item);
    }
    taken
}
