//! The stages of a pipeline work at the same time, and the slowest sets the pace.
//!
//! Three threads pass on the blocks of a real file, this very program: one reads, one
//! counts bytes, one adds the counts up. Bounded channels between them keep the reader
//! from running ahead, and each stage ends when the one before it is gone. The second
//! run puts two threads on the slow stage, which needs channels with many receivers.
//!
//! Run:     cargo run -p queue-demo -- pipeline
//! Expect:  lanes of a busy counter and an idle reader, then two counters sharing
//! Chapter: book/src/pipelines.md
//! Source:  M. D. McIlroy, memo of 11 October 1964: programs coupled "like garden hose"

use std::fs::File;
use std::io::{Read, Take};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;
use std::{env, fs};

use anyhow::{Context, ensure};
use common::{Actor, println, timeline};
use crossbeam::channel::{self, Receiver, Sender};

const BLOCKS: u64 = 24;
/// In bytes; a debug build is a larger file than need be read.
const MOST: u64 = 16 << 20;
/// Of each channel between two stages, in blocks.
const CAPACITY: usize = 2;

/// How often each byte occurs.
type Counts = [u64; 256];

pub fn run() -> anyhow::Result<()> {
    let path = env::current_exe().context("find this program's own file")?;
    let name = || format!("read {}", path.display());
    let length = fs::metadata(&path).with_context(name)?.len();
    let length = length.min(MOST);

    for counters in [1, 2] {
        let file = File::open(&path).with_context(name)?;
        let start = Instant::now();
        let (total, most) = run_stages(file, length, counters).with_context(name)?;
        let time = start.elapsed();
        let stage = if counters == 1 { "1 counter: " } else { "2 counters:" };
        let (size, time) = (length / 1024, time.as_millis());
        println!("{stage} {size} KiB in {time} ms, at most {most} blocks in memory");
        let counted: u64 = total.iter().sum();
        ensure!(counted == length, "{counted} of {length} bytes were counted");
        // One in each thread's hands, the rest in the channels.
        let room = 2 * CAPACITY + counters + 2;
        ensure!(most <= room, "{most} blocks were in memory, there is room for {room}");
    }
    println!("");
    timeline::so_far().print();
    println!("\nok: every byte was counted once, and no stage ran away from the next");
    Ok(())
}

/// Returns the sum, and the most blocks that were between `read` and `add` at once.
fn run_stages(
    file: File,
    length: u64,
    counters: usize,
) -> anyhow::Result<(Counts, usize)> {
    let (send_block, blocks) = channel::bounded(CAPACITY);
    let (send_counts, counts) = channel::bounded(CAPACITY);
    let in_flight = AtomicUsize::new(0);
    let in_flight = &in_flight;
    let [reader, first, second, adder] =
        ["reader", "counter 1", "counter 2", "adder"].map(Actor::new);
    thread::scope(|scope| {
        let file = file.take(length);
        let reading = scope.spawn(move || read(reader, file, &send_block, in_flight));
        for me in [first, second].into_iter().take(counters) {
            let (blocks, send_counts) = (blocks.clone(), send_counts.clone());
            scope.spawn(move || count(me, &blocks, &send_counts));
        }
        // The adder ends when the last sender is gone, and this one would stay.
        drop((blocks, send_counts));
        let total = add(adder, &counts, in_flight);
        Ok((total, reading.join().expect("reading does not panic")?))
    })
}

fn read(
    me: Actor,
    mut file: Take<File>,
    send_block: &Sender<Vec<u8>>,
    in_flight: &AtomicUsize,
) -> anyhow::Result<usize> {
    let block_size = file.limit().div_ceil(BLOCKS);
    let mut most = 0;
    loop {
        let working = me.works("a block");
        let mut block = Vec::new();
        file.by_ref().take(block_size).read_to_end(&mut block)?;
        if block.is_empty() {
            return Ok(most);
        }
        drop(working);
        // Relaxed: a count of its own; the channels order what is in the blocks.
        most = most.max(in_flight.fetch_add(1, Ordering::Relaxed) + 1);
        let _waiting = me.waits("room");
        send_block.send(block)?;
    }
}

fn count(me: Actor, blocks: &Receiver<Vec<u8>>, send_counts: &Sender<Counts>) {
    loop {
        let waiting = me.waits("a block");
        let Ok(block) = blocks.recv() else { return };
        drop(waiting);
        let working = me.works("a block");
        let mut counts = [0; 256];
        for byte in block {
            counts[usize::from(byte)] += 1;
        }
        drop(working);
        send_counts.send(counts).expect("the adder stays until the counters are gone");
    }
}

fn add(me: Actor, received: &Receiver<Counts>, in_flight: &AtomicUsize) -> Counts {
    let mut total = [0; 256];
    loop {
        let waiting = me.waits("counts");
        let Ok(counts) = received.recv() else { return total };
        drop(waiting);
        let _working = me.works("a sum");
        // Addition does not mind the order; else each block would carry its number.
        for (sum, count) in total.iter_mut().zip(counts) {
            *sum += count;
        }
        in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
