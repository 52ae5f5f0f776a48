//! A supervisor starts a worker anew when it dies, but neither at once nor for ever.
//!
//! A crash takes one worker and one job with it. The supervisor reads end of file, asks
//! how the worker ended, starts the next and gives it the same job: that death may have
//! been chance. A job that kills a second worker is put aside. A worker that does not
//! even come up is started again after longer and longer pauses, then given up.
//! Python's `Pool` replaces a dead worker too, but its job never ends, and a worker that
//! fails at its start is replaced without end.
//!
//! Run:     cargo run -p process-demo -- supervisor
//! Expect:  five jobs and three deaths, then a worker that never comes up, as lanes too
//! Chapter: book/src/supervision.md
//! Source:  J. Armstrong, "Making reliable distributed systems in the presence of
//!          software errors", chapter 5

use std::thread;
use std::time::Duration;

use anyhow::{bail, ensure};
use common::{Actor, println, timeline};

use crate::supervised::Worker;

/// How many workers a job may kill: the first may have died by chance.
const TRIES: usize = 2;

/// How often in a row a worker may fail to come up.
const STARTS: usize = 3;

/// After the first failed start; doubled after each further one.
const PAUSE: Duration = Duration::from_millis(10);

/// Parentheses in parentheses, deeper than a worker's stack.
const TOO_DEEP: usize = 100_000;

pub fn run() -> anyhow::Result<()> {
    let nested = format!("{}1{}", "(".repeat(TOO_DEEP), ")".repeat(TOO_DEEP));
    let jobs = ["1+2", "(3+4)+5", &nested, "6+(7+8)", "9"];
    let mut supervisor = Supervisor::new();
    let mut worker = supervisor.next_worker()?;
    let mut values = Vec::new();
    for job in jobs {
        if job == jobs[1] {
            // As the system does it when memory is short.
            worker.kill()?;
        }
        let value = supervisor.value(&mut worker, job)?;
        let text = if job.len() > 20 { "(((((…" } else { job };
        match value {
            Some(value) => println!("{text} = {value}"),
            None => println!("{text} is put aside: it has killed {TRIES} workers"),
        }
        values.push(value);
    }
    drop(worker);
    ensure!(values == [Some(3), Some(12), None, Some(21), Some(9)], "{values:?}");
    ensure!(supervisor.started == 4, "{} workers, 3 deaths", supervisor.started);

    println!("\nThe next one has wrong settings:");
    supervisor.broken = true;
    let Err(error) = supervisor.next_worker() else { bail!("the worker came up") };
    supervisor.me.says(format!("gives up: {error}\n"));
    ensure!(supervisor.started == 4 + STARTS, "{} starts", supervisor.started);
    timeline::so_far().print();
    println!("\nok: three deaths cost one job, and starting again came to an end");
    Ok(())
}

struct Supervisor {
    me: Actor,
    /// Workers so far, which is also the number of the last.
    started: usize,
    /// Whether further workers get settings that make them fail.
    broken: bool,
}

impl Supervisor {
    fn new() -> Self {
        Self { me: Actor::new("supervisor"), started: 0, broken: false }
    }

    /// What `worker` or its successor answers; `None` for a job that kills them.
    fn value(&mut self, worker: &mut Worker, job: &str) -> anyhow::Result<Option<u64>> {
        for _ in 0..TRIES {
            match worker.ask(job)? {
                Ok(value) => return Ok(Some(value)),
                Err(death) => self.me.says(death),
            }
            *worker = self.next_worker()?;
        }
        Ok(None)
    }

    /// Starts workers until one comes up.
    fn next_worker(&mut self) -> anyhow::Result<Worker> {
        for failed in 0..STARTS as u32 {
            if failed > 0 {
                let _waiting = self.me.waits("better times");
                // Whatever is missing may come back. To ask for it without a pause
                // would keep the machine busy, and what is missing too.
                thread::sleep(PAUSE * 2_u32.pow(failed - 1));
            }
            self.started += 1;
            match Worker::start(self.started, self.broken)? {
                Ok(worker) => return Ok(worker),
                Err(death) => self.me.says(death),
            }
        }
        bail!("no worker came up in {STARTS} starts")
    }
}
