//! Crossbeam's channels have many receivers, and one thread can wait for many channels.
//!
//! Every job goes to one of the consumers. The clerk waits for results and for the next
//! tick at once, with `select!`.
//!
//! Run:     cargo run -p queue-demo -- crossbeam
//! Expect:  24 jobs shared by three consumers, and a few ticks while they work
//! Chapter: book/src/select.md
//! Source:  crossbeam-channel's documentation, "Selection" and "Extra channels"

use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::measure::duration;
use common::{Actor, println, timeline};
use crossbeam::channel::{self, Receiver, tick};
use crossbeam::select;

const PRODUCERS: usize = 2;
const CONSUMERS: usize = 3;
/// From each producer.
const JOBS: usize = 12;
const WORK_TIME: Duration = Duration::from_millis(8);
const TICK: Duration = Duration::from_millis(15);

/// Which consumer did which job.
type Done = (usize, usize);

pub fn run() -> anyhow::Result<()> {
    let clerk = Actor::new("clerk");
    let (mut done, progress) = thread::scope(|scope| {
        let (send_job, jobs) = channel::bounded(CONSUMERS);
        let (send_result, results) = channel::unbounded();
        for producer in 0..PRODUCERS {
            let send_job = send_job.clone();
            scope.spawn(move || {
                for number in 0..JOBS {
                    let sent = send_job.send(producer * JOBS + number);
                    sent.expect("the consumers stay as long as there are producers");
                }
            });
        }
        for number in 1..=CONSUMERS {
            let me = Actor::new(format!("consumer {number}"));
            let (jobs, send_result) = (jobs.clone(), send_result.clone());
            scope.spawn(move || {
                for job in jobs {
                    let _working = me.works(format!("job {job}"));
                    // Stands for work; who gets which job is the scheduler's choice.
                    thread::sleep(WORK_TIME);
                    send_result.send((number, job)).expect("the clerk stays");
                }
            });
        }
        drop((send_job, send_result));
        collect(clerk, &results)
    });
    timeline::so_far().print();

    // A busy machine takes longer, and a line has an end.
    let progress: Vec<_> = progress.iter().take(12).map(ToString::to_string).collect();
    let (interval, all) = (duration(TICK.as_secs_f64()), done.len());
    println!("\njobs done at each tick of {interval}: {}", progress.join(" "));
    let shares = (1..=CONSUMERS).map(|number| {
        done.iter().filter(|(consumer, _)| *consumer == number).count().to_string()
    });
    let shares: Vec<_> = shares.collect();
    println!("jobs of each consumer: {} of {all}", shares.join(" + "));
    done.sort_unstable_by_key(|(_, job)| *job);
    let jobs = done.iter().map(|(_, job)| *job);
    ensure!(jobs.eq(0..PRODUCERS * JOBS), "not every job was done once: {done:?}");
    println!("ok: each job went to exactly one consumer");
    Ok(())
}

/// Returns all results, and how many there were at each tick.
fn collect(clerk: Actor, results: &Receiver<Done>) -> (Vec<Done>, Vec<usize>) {
    let (mut done, mut progress) = (Vec::new(), Vec::new());
    let ticks = tick(TICK);
    loop {
        let _waiting = clerk.waits("a result or a tick");
        select! {
            recv(results) -> result => match result {
                Ok(result) => done.push(result),
                // All consumers are gone.
                Err(_) => return (done, progress),
            },
            recv(ticks) -> _ => {
                clerk.marks("tick");
                progress.push(done.len());
            }
        }
    }
}
