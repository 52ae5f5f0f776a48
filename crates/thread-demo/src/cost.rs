//! A thread costs far more than a call: start few, and keep them.
//!
//! Measured here and now. Each thread has a stack: its size is reserved as addresses,
//! and memory is used where the thread has touched it. The allocator, too, may reserve
//! addresses for each thread, so that figure can be larger than the stack. What the
//! kernel keeps for a thread on its own side is in neither figure.
//!
//! Run:     cargo run -p thread-demo -- cost
//! Expect:  a table of three times, and what a waiting thread takes in memory
//! Chapter: book/src/thread-cost.md
//! Source:  the Linux manual page proc_pid_status(5), entries VmRSS and VmSize

use std::hint::black_box;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use anyhow::ensure;
use common::measure::{duration, machine};
use common::println;

use crate::memory::{self, Memory};

/// How often each thing is timed.
const TIMES: usize = 500;

/// Calls that are timed together: one alone is shorter than a look at the clock.
const CALLS: usize = 1000;

/// Threads that wait at the same time while memory is measured.
const WAITING: usize = 200;

/// In bytes: what `thread::spawn` asks for by default.
const STACK: usize = 2 << 20;

pub fn run() -> anyhow::Result<()> {
    println!("{}\n", machine());

    // Memory first: afterwards there are stacks to be had that were used before.
    let taken = memory::of_waiting_threads(WAITING, STACK)?;

    let mut called = 0;
    let calls = median_seconds(|| (0..CALLS).for_each(|_| called = increment(called)));
    row("call a function", &duration(calls / CALLS as f64));
    row("ask a waiting thread, get the answer", &duration(time_to_ask_a_thread()?));
    let mut joined = 0;
    let start = median_seconds(|| {
        joined = thread::spawn(move || increment(joined)).join().unwrap();
    });
    row("start a thread, join it", &duration(start));

    println!("\none of {WAITING} waiting threads with {} KiB of stack:", STACK >> 10);
    if let Some(Memory { resident, reserved }) = taken {
        row("  memory in use", &format!("{} KiB", resident / WAITING));
        row("  reserved addresses", &format!("{} KiB", reserved / WAITING));
    } else {
        println!("  not measured: this system has no /proc/self/status");
    }

    ensure!(called == CALLS * TIMES && joined == TIMES, "a value was lost");
    println!("\nok: every call, every answer and every thread brought its value");
    Ok(())
}

fn row(what: &str, figure: &str) {
    println!("{what:<42} {figure:>10}");
}

/// The typical time of `action`, in seconds.
///
/// The median: an average would count how often the scheduler cut in.
fn median_seconds(mut action: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..TIMES)
        .map(|_| {
            let start = Instant::now();
            action();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[TIMES / 2]
}

#[inline(never)]
fn increment(number: usize) -> usize {
    black_box(number) + 1
}

/// The seconds for a question to a thread that exists, and its answer.
fn time_to_ask_a_thread() -> anyhow::Result<f64> {
    let (question, questions) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    let thread = thread::spawn(move || {
        // The asker hears every answer before it hangs up.
        questions.iter().for_each(|number| answer.send(increment(number)).unwrap());
    });
    let mut number = 0;
    let seconds = median_seconds(|| {
        question.send(number).expect("the thread answers until we hang up");
        number = answers.recv().expect("the thread answers every question");
    });
    drop(question);
    thread.join().unwrap();
    ensure!(number == TIMES, "{number} of {TIMES} answers came");
    Ok(seconds)
}
