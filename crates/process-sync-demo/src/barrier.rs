//! A barrier holds processes back until all have come; if one never can, it breaks.
//!
//! Three processes pass it together. Then one is late: the others give up after a while,
//! and the barrier is broken for all, until it is reset. Then one is killed on the way:
//! the others learn so, and who it was, long before their time is over. Python's
//! `multiprocessing.Barrier` hangs when a party is killed while it waits, even with a
//! time limit.
//!
//! Run:     cargo run -p process-sync-demo -- barrier
//! Expect:  a round that passes, two that are broken, and by whom, as lanes too
//! Chapter: book/src/process-conditions.md
//! Source:  crossprocess::Barrier; the twin is condition-demo's `barrier`

use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use common::{Actor, println, timeline};
use crossprocess::process::{Child, Entry};
use crossprocess::{Barrier, Error, Queue, Segment};

use crate::child;

pub const WORKER: Entry<u32> = Entry::new("barrier-worker");

const WORKERS: u32 = 3;
/// The second worker works twice as long, the third three times.
const WORK_TIME: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_millis(40);
/// No wait takes so long unless something is broken.
const LIMIT: Duration = Duration::from_secs(10);

/// Who has come to the barrier, and either as which of them, or why it did not pass.
type Answer = (u32, Result<u32, String>);

pub fn run() -> anyhow::Result<()> {
    let rounds = rounds().context("three workers and a barrier")?;
    for Round { what, answers } in &rounds {
        println!("{what}");
        for (number, answer) in answers {
            match answer {
                Ok(index) => {
                    lane(*number).says(format_args!("passes, as number {index}"));
                }
                Err(why) => lane(*number).says(why),
            }
        }
    }
    println!("");
    timeline::so_far().print();
    let [all, late, at_last, killed] = &rounds;
    let mut numbers: Vec<_> =
        all.answers.iter().map(|(_, passed)| passed.clone()).collect();
    numbers.sort_unstable();
    ensure!(numbers == [Ok(0), Ok(1), Ok(2)], "the three came as {numbers:?}");
    for round in [late, at_last, killed] {
        let passed = round.answers.iter().any(|(_, passed)| passed.is_ok());
        ensure!(!passed, "{}: somebody passed", round.what);
    }
    println!("\nok: all three pass or none does, and none is left waiting");
    Ok(())
}

struct Round {
    what: &'static str,
    answers: Vec<Answer>,
}

fn rounds() -> anyhow::Result<[Round; 4]> {
    let segment = Segment::create(1 << 16)?;
    let barrier = Barrier::create(&segment, "barrier", WORKERS)?;
    let mut workers = Workers::start(&segment)?;

    let all = workers.come(&[1, 2, 3], LIMIT)?;
    let late = workers.come(&[1, 2], PATIENCE)?;
    let at_last = workers.come(&[3], PATIENCE)?;
    barrier.reset()?;
    workers.send(&[1, 2], LIMIT)?;
    workers.children[2].kill()?;
    lane(3).dies("killed");
    let killed = workers.answers(2)?;
    workers.end()?;
    Ok([
        Round { what: "all three come:", answers: all },
        Round { what: "worker 3 is late:", answers: late },
        Round { what: "it comes at last:", answers: at_last },
        Round {
            what: "reset, and worker 3 is killed before it comes:",
            answers: killed,
        },
    ])
}

/// Processes that come to the barrier when they are told to.
struct Workers {
    children: Vec<Child>,
    /// For each: how long it is to wait for the others when it comes.
    orders: Vec<Queue<Duration>>,
    answers: Queue<Answer>,
}

impl Workers {
    fn start(segment: &Segment) -> Result<Self, Error> {
        let answers = Queue::create(segment, "answers", 1 << 12)?;
        let _lanes: Vec<_> = (1..=WORKERS).map(lane).collect();
        let numbers = 1..=WORKERS;
        let orders = |number| Queue::create(segment, &format!("orders {number}"), 64);
        let orders = numbers.clone().map(orders).collect::<Result<_, _>>()?;
        let children = numbers.map(|number| child::start(&WORKER, &number, segment));
        Ok(Self { children: children.collect::<Result<_, _>>()?, orders, answers })
    }

    /// Returns what the barrier answers to these workers when they come.
    fn come(&self, numbers: &[u32], patience: Duration) -> Result<Vec<Answer>, Error> {
        self.send(numbers, patience)?;
        self.answers(numbers.len())
    }

    fn send(&self, numbers: &[u32], patience: Duration) -> Result<(), Error> {
        let places = numbers.iter().map(|number| *number as usize - 1);
        places.into_iter().try_for_each(|place| self.orders[place].send(&patience))
    }

    /// So many answers, in the order of the workers, with their names.
    fn answers(&self, count: usize) -> Result<Vec<Answer>, Error> {
        let answers = (0..count).map(|_| self.answers.recv_timeout(LIMIT));
        let mut answers = answers.collect::<Result<Vec<_>, _>>()?;
        answers.sort_unstable();
        for (child, number) in self.children.iter().zip(1..) {
            let process = format!("process {}", child.pid());
            let whys =
                answers.iter_mut().filter_map(|(_, passed)| passed.as_mut().err());
            whys.for_each(|why| {
                *why = why.replace(&process, &format!("worker {number}"));
            });
        }
        Ok(answers)
    }

    fn end(self) -> anyhow::Result<()> {
        self.orders.iter().try_for_each(Queue::close)?;
        child::join(self.children.into_iter().take(2))
    }
}

fn lane(number: u32) -> Actor {
    Actor::new(format!("worker {number}"))
}

/// Works, and comes to the barrier, each time that it is told to.
pub fn worker(number: u32) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let barrier = Barrier::open(&segment, "barrier")?;
    let orders = Queue::<Duration>::open(&segment, &format!("orders {number}"))?;
    let answers = Queue::<Answer>::open(&segment, "answers")?;
    let me = lane(number);
    for patience in orders.iter() {
        let working = me.works("its part");
        // Stands for work; all pass or none whatever it takes.
        thread::sleep(WORK_TIME * number);
        drop(working);
        let waiting = me.waits("the others");
        let passed = barrier.wait_timeout(patience);
        drop(waiting);
        let passed =
            passed.map(|passage| passage.index).map_err(|error| error.to_string());
        answers.send(&(number, passed))?;
    }
    Ok(())
}
