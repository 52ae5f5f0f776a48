//! Memory that is shared need not be handed over: a hundred megabytes by one word.
//!
//! Through a pipe every byte is copied twice, into the kernel and out of it, and both
//! processes need room for all of them. In a segment the bytes are where they were: who
//! made them says so, and the other one looks. Its first look at each page takes
//! longer, since the page has to be mapped. Nothing keeps the maker from changing the
//! bytes later; `Relaxed` atomics and a word at the end of the work are the agreement
//! here.
//!
//! Run:     cargo run --release -p shared-memory-demo -- big
//! Expect:  the times to make, hand over and add up the same numbers in both ways
//! Chapter: book/src/shared-memory.md
//! Source:  pipe(7), shm_overview(7)

use std::io::{self, Write, stdout};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use anyhow::ensure;
use common::measure::{duration, machine};
use common::{Actor, println, timeline};

use crate::janitor::Janitor;
use crate::memory::Shared;
use crate::partner::{self, Partner};

/// In bytes.
const SIZE: usize = 100_000_000;

const WORDS: usize = SIZE / size_of::<u64>();

/// Of the numbers from 0 on.
const SUM: u64 = (WORDS as u64 - 1) * WORDS as u64 / 2;

pub fn run() -> anyhow::Result<()> {
    println!("{}\n", machine());
    let mut janitor = Janitor::start()?;
    let shared = match Shared::<[AtomicU64; WORDS]>::create(&mut janitor) {
        Err(error) if is_full(&error) => {
            println!("This system has not so much memory to share:\n{error:#}");
            println!("\nok: nothing was shown, and nothing was claimed");
            return Ok(());
        }
        created => created?,
    };
    let mut child = Partner::start("big-child", shared.name())?;

    println!("{:<16} {:>10} {:>12} {:>10}", "", "make", "hand over", "add up");
    let pipe = three_steps("pipe", &mut child, |child| {
        let mut words = vec![0_u64; WORDS];
        child.read_exact(bytemuck::cast_slice_mut(&mut words))?;
        child.hear()?;
        Ok(move || words.iter().sum())
    })?;
    let memory = three_steps("shared memory", &mut child, |child| {
        child.hear()?;
        // Relaxed: the word through the pipe orders what was stored before it.
        Ok(|| shared.iter().map(|word| word.load(Relaxed)).sum())
    })?;
    println!("{:<16} {:>21.0} times faster\n", "", pipe / memory);
    timeline::so_far().print();
    println!("\nok: {SIZE} bytes came whole in both ways, and {WORDS} numbers add up");
    Ok(())
}

/// In a container there are often no more than 64 MB.
fn is_full(error: &anyhow::Error) -> bool {
    let error: Option<&io::Error> = error.downcast_ref();
    error.is_some_and(|error| error.kind() == io::ErrorKind::StorageFull)
}

/// Lets the child make the numbers and hand them over by `receive`, and adds them up.
///
/// Returns the seconds of the hand-over.
fn three_steps<S: FnOnce() -> u64>(
    way: &str,
    child: &mut Partner,
    receive: impl FnOnce(&mut Partner) -> anyhow::Result<S>,
) -> anyhow::Result<f64> {
    let parent = Actor::new("parent");
    let start = Instant::now();
    child.ask(&format!("make {way}"))?;
    let made = start.elapsed();

    let receiving = parent.waits(format!("numbers by {way}"));
    child.tell(&format!("hand over {way}"))?;
    let add_up = receive(child)?;
    let handed_over = start.elapsed() - made;
    drop(receiving);

    let working = parent.works("the sum");
    let sum = add_up();
    drop(working);
    let added = start.elapsed() - made - handed_over;
    let [make, hand_over, add] =
        [made, handed_over, added].map(|time| duration(time.as_secs_f64()));
    println!("{way:<16} {make:>10} {hand_over:>12} {add:>10}");
    ensure!(sum == SUM, "{way}: the sum is {sum} in place of {SUM}");
    Ok(handed_over.as_secs_f64())
}

#[derive(clap::Args)]
pub struct Options {
    name: String,
}

/// Makes numbers and hands them over when it is told to.
pub fn child(Options { name }: Options) -> anyhow::Result<()> {
    let me = Actor::new("child");
    let shared = Shared::<[AtomicU64; WORDS]>::open(&name)?;
    let mut words = Vec::new();
    partner::answer(|what| {
        match what {
            "make pipe" => {
                let _working = me.works("numbers for the pipe");
                words = (0..WORDS as u64).collect();
            }
            "make shared memory" => {
                let _working = me.works("numbers in the segment");
                let places = shared.iter().zip(0..);
                // Relaxed: as in the parent, the answer comes after all of them.
                places.for_each(|(place, number)| place.store(number, Relaxed));
            }
            "hand over pipe" => {
                let _working = me.works("copying into the pipe");
                stdout().lock().write_all(bytemuck::cast_slice(&words))?;
                words = Vec::new();
            }
            _ => {}
        }
        Ok("done".into())
    })
}
