//! A latch opens once, when all it waits for has happened; counting down never blocks.
//!
//! One latch holds four runners back until the start, another tells the judge that all
//! have arrived. Who has arrived need not wait: runner 1 goes back with a bottle of water
//! for runner 4, who is still on the way; with a barrier at the finish both would wait
//! for ever. For a latch of one, std has `OnceLock::wait`. Python has none.
//!
//! Run:     cargo run -p condition-demo -- latch
//! Expect:  nobody runs before the start, all have arrived when the judge goes on
//! Chapter: book/src/latches.md
//! Source:  src/primitives/latch.rs

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::{Actor, println, timeline};

use crate::primitives::Latch;

const RUNNERS: usize = 4;
/// The second runner needs twice as long, and so on.
const RUNNING_TIME: Duration = Duration::from_millis(15);

pub fn run() -> anyhow::Result<()> {
    let (start, finish, water) = (Latch::new(1), Latch::new(RUNNERS), Latch::new(1));
    let arrived = Mutex::new(Vec::new());

    let run_race = |number: usize, me: Actor| {
        let waiting = me.waits("the start");
        start.wait();
        drop(waiting);
        let running = me.works("running");
        // Stands for running, as below; the judge waits for all, however long they take.
        thread::sleep(RUNNING_TIME * number as u32);
        if number == RUNNERS {
            let _waiting = me.waits("water");
            water.wait();
        }
        arrived.lock().unwrap().push(number);
        drop(running);
        finish.count_down();
        if number == 1 {
            me.says(format_args!(
                "has arrived; is the finish open? {}",
                finish.is_open()
            ));
            let _working = me.works("carrying water");
            thread::sleep(RUNNING_TIME * 4);
            water.count_down();
        }
    };

    let judge = Actor::new("judge");
    let (too_early, in_time) = thread::scope(|scope| {
        let run_race = &run_race;
        for number in 1..=RUNNERS {
            let me = Actor::new(format!("runner {number}"));
            scope.spawn(move || run_race(number, me));
        }
        let preparing = judge.works("preparing");
        thread::sleep(RUNNING_TIME);
        drop(preparing);
        let too_early = arrived.lock().unwrap().len();
        judge.says("starts the race");
        start.count_down();
        let waiting = judge.waits("all runners");
        finish.wait();
        drop(waiting);
        (too_early, arrived.lock().unwrap().clone())
    });
    judge.says(format_args!("goes on; they arrived in the order {in_time:?}\n"));
    timeline::so_far().print();

    ensure!(too_early == 0, "{too_early} runners arrived before the start");
    ensure!(in_time.len() == RUNNERS, "the judge went on with {in_time:?}");
    println!(
        "\nok: the judge waited for all {RUNNERS}; at the finish no runner had to wait"
    );
    Ok(())
}
