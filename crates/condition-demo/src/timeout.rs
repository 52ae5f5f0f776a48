//! A time limit is meant for the whole wait, not for the time since the last wake-up.
//!
//! `wait_timeout` in a loop starts its clock again at every wake-up: as long as there
//! are notifications, even for nothing, the limit never comes. `wait_timeout_while`
//! counts from the beginning, as Python's `wait_for` does.
//!
//! Run:     cargo run -p condition-demo -- timeout
//! Expect:  a limit of 60 ms that lasts about 260 ms, then one of about 60 ms
//! Chapter: book/src/conditions.md
//! Source:  std::sync::Condvar::wait_timeout_while

use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use common::measure::duration;
use common::{Actor, println, timeline};

const LIMIT: Duration = Duration::from_millis(60);
const NOTIFICATIONS: usize = 10;
const BETWEEN_NOTIFICATIONS: Duration = Duration::from_millis(20);

pub fn run() -> anyhow::Result<()> {
    let [restarted, one_clock] = ["restarted clock", "one clock"].map(Actor::new);
    let notifier = Actor::new("notifier");
    let (is_ready, changed) = (Mutex::new(false), Condvar::new());

    let give_up = |me: Actor, wait: fn(&Mutex<bool>, &Condvar) -> bool| {
        let _waiting = me.waits("what never comes");
        let begun = Instant::now();
        (wait(&is_ready, &changed), begun.elapsed())
    };
    let answers = thread::scope(|scope| {
        let restarted = scope.spawn(|| give_up(restarted, with_restarted_clock));
        let one_clock = scope.spawn(|| give_up(one_clock, with_one_clock));
        for _ in 0..NOTIFICATIONS {
            // Stands for a machine on which much happens, but nothing that matters here.
            thread::sleep(BETWEEN_NOTIFICATIONS);
            notifier.marks("notifies");
            changed.notify_all();
        }
        [restarted, one_clock].map(|thread| thread.join().expect("does not panic"))
    });

    println!("What they wait for never comes; the limit is {}.", in_short(LIMIT));
    let clocks = ["clock restarted at each wake-up:", "one clock for the whole wait:"];
    for (clock, (ready, waited)) in clocks.into_iter().zip(answers) {
        println!("{clock:32} gives up after {}", in_short(waited));
        ensure!(!ready, "{clock} believes that it is ready");
        ensure!(waited >= LIMIT, "{clock} gave up after {waited:?}");
    }
    println!();
    timeline::so_far().print();
    println!("\nok: nobody gave up before the limit, however often they were woken");
    Ok(())
}

/// Wrong: a new limit for every wake-up.
fn with_restarted_clock(is_ready: &Mutex<bool>, changed: &Condvar) -> bool {
    let mut is_ready = is_ready.lock().unwrap();
    while !*is_ready {
        let (guard, result) = changed.wait_timeout(is_ready, LIMIT).unwrap();
        is_ready = guard;
        if result.timed_out() {
            break;
        }
    }
    *is_ready
}

/// Right: what is left of the limit is less after each wake-up.
fn with_one_clock(is_ready: &Mutex<bool>, changed: &Condvar) -> bool {
    let is_ready = is_ready.lock().unwrap();
    let (is_ready, _) =
        changed.wait_timeout_while(is_ready, LIMIT, |is_ready| !*is_ready).unwrap();
    // The state has the last word: it may change in the moment the time runs out.
    *is_ready
}

fn in_short(time: Duration) -> String {
    duration(time.as_secs_f64())
}
