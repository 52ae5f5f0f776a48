//! A timer runs jobs later, and says whether a cancellation came in time.
//!
//! One thread serves all jobs: it sleeps on a condition variable until the next one is
//! due or the plan changes. Python's `threading.Timer` starts a thread for each job,
//! and its `cancel` does not tell whether it came in time.
//!
//! Run:     cargo run -p condition-demo -- timer
//! Expect:  three jobs, none too soon; one cancelled in time and one too late
//! Chapter: book/src/timers.md
//! Source:  src/primitives/timer.rs

use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use common::measure::duration;
use common::{Actor, println, timeline};

use crate::primitives::Timer;

const MS: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

pub fn run() -> anyhow::Result<()> {
    let timer = Timer::new().context("start the thread of the timer")?;
    let (report, reports) = mpsc::channel();
    // ANCHOR: plan
    let plan = |name, delay| {
        let me = Actor::new(name);
        let (waiting, report) = (me.waits("its time"), report.clone());
        let planned_at = Instant::now();
        timer.run_after(delay, move || {
            drop(waiting);
            me.marks("runs");
            // Nobody listens any more when the scene has failed.
            let _ = report.send((me, delay, planned_at.elapsed()));
        })
    };
    let tea = plan("tea", 120 * MS);
    plan("egg", 40 * MS);
    plan("toast", 80 * MS);
    let cake = plan("cake", HOUR);
    // ANCHOR_END: plan

    for (me, delay, ran_after) in reports.iter().take(3) {
        ensure!(ran_after >= delay, "a job for {delay:?} ran after {ran_after:?}");
        let late = duration((ran_after - delay).as_secs_f64());
        let delay = duration(delay.as_secs_f64());
        me.says(format_args!("planned for {delay}, ran {late} later"));
    }
    let in_time = timer.cancel(cake);
    println!("cancel the cake, planned for an hour: in time: {in_time}");
    let too_late = !timer.cancel(tea);
    println!("cancel the tea, which has run:        in time: {}\n", !too_late);
    timeline::so_far().print();

    ensure!(in_time, "a job for next hour could not be cancelled");
    ensure!(too_late, "a job that has run could be cancelled");
    drop((timer, report));
    ensure!(reports.recv().is_err(), "the cancelled job ran");
    println!("\nok: no job ran too soon, a cancelled one not at all");
    Ok(())
}
