//! No thread can be ended from outside: it is asked, and ends when it looks.
//!
//! A flag is seen only between two turns, so a thread that sleeps lets us wait until it
//! wakes. A thread that waits on a channel for the request wakes at once. An owner that
//! asks and joins in its `Drop` never leaves a thread behind, also after an early `?`.
//! Python cannot end a thread from outside either; its way out, the daemon thread, is
//! what every Rust thread is that nobody joins: see the scene `detached`.
//!
//! Run:     cargo run -p thread-demo -- stop
//! Expect:  how long a sleeping and a waiting thread take to end, as lanes too
//! Chapter: book/src/stopping.md
//! Source:  std::sync::mpsc::Receiver::recv_timeout, Rust API Guidelines C-DTOR-BLOCK

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use common::measure::duration;
use common::{Actor, println, timeline};

use crate::repeater::Repeater;

/// Between two turns of a worker.
const PAUSE: Duration = Duration::from_millis(300);

pub fn run() -> anyhow::Result<()> {
    let main = Actor::new("main");
    let (by_flag, by_channel) = (Actor::new("by flag"), Actor::new("by channel"));

    let took = stop_by_flag(main, by_flag);
    println!("asked by a flag, in its sleep:    ended after {}", duration(took));
    let took = stop_by_channel(main, by_channel)?;
    println!("asked by a channel, in its pause: ended after {}\n", duration(took));
    timeline::so_far().print();

    let in_use = Arc::new(());
    let in_thread = Arc::clone(&in_use);
    let repeater = Repeater::start("by drop", PAUSE, move || _ = &in_thread)?;
    drop(repeater);
    let owners = Arc::strong_count(&in_use);
    ensure!(owners == 1, "the thread outlived its owner");
    println!("\nok: both threads ended when asked, a third when its owner was dropped");
    Ok(())
}

/// Returns the seconds from the request to the end of the thread.
fn stop_by_flag(main: Actor, me: Actor) -> f64 {
    let stop = AtomicBool::new(false);
    let (turn, turns) = mpsc::channel();
    thread::scope(|scope| {
        let stop = &stop;
        let worker = scope.spawn(move || {
            // ANCHOR: flag
            // Relaxed, here and below: the flag says nothing about other memory, and
            // the join orders what main reads afterwards.
            while !stop.load(Ordering::Relaxed) {
                work(me);
                // Main holds the other end until the thread has ended.
                turn.send(()).unwrap();
                // Stands for a pause that nobody can cut short.
                let _sleeping = me.waits("the end of its sleep");
                thread::sleep(PAUSE);
            }
            // ANCHOR_END: flag
        });
        turns.recv().unwrap();
        let asked = Instant::now();
        let _waiting = main.waits("the end of the thread with the flag");
        stop.store(true, Ordering::Relaxed);
        worker.join().unwrap();
        asked.elapsed().as_secs_f64()
    })
}

/// Returns the seconds from the request to the end of the thread.
fn stop_by_channel(main: Actor, me: Actor) -> anyhow::Result<f64> {
    let (turn, turns) = mpsc::channel();
    let repeater = Repeater::start("by channel", PAUSE, move || {
        work(me);
        // Main holds the other end until the thread has ended.
        turn.send(()).unwrap();
    })?;
    turns.recv().context("the worker ended before its first turn")?;
    let asked = Instant::now();
    let _waiting = main.waits("the end of the thread with the channel");
    repeater.stop().map_err(|_| anyhow!("the worker panicked"))?;
    Ok(asked.elapsed().as_secs_f64())
}

fn work(me: Actor) {
    let _working = me.works("a turn");
    // Stands for work.
    thread::sleep(PAUSE / 10);
}
