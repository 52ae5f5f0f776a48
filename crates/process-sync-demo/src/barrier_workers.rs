//! The workers of the scene `barrier`: they come when they are told to, and say what the
//! barrier answers.

use std::thread;
use std::time::Duration;

use common::Actor;
use crossprocess::process::{Child, Entry};
use crossprocess::{Barrier, Error, Queue, Segment};

use crate::child;

pub const WORKER: Entry<u32> = Entry::new("barrier-worker");

pub const WORKERS: u32 = 3;
/// The second worker works twice as long, the third three times.
const WORK_TIME: Duration = Duration::from_millis(10);
/// No wait takes so long unless something is broken.
pub const LIMIT: Duration = Duration::from_secs(10);

/// Who has come to the barrier, and either as which of them, or why it did not pass.
pub type Answer = (u32, Result<u32, String>);

/// Processes that come to the barrier when they are told to.
pub struct Workers {
    children: Vec<Child>,
    /// For each: how long it is to wait for the others when it comes.
    orders: Vec<Queue<Duration>>,
    answers: Queue<Answer>,
}

impl Workers {
    pub fn start(segment: &Segment) -> Result<Self, Error> {
        let answers = Queue::create(segment, "answers", 1 << 12)?;
        let _lanes: Vec<_> = (1..=WORKERS).map(lane).collect();
        let numbers = 1..=WORKERS;
        let orders = |number| Queue::create(segment, &format!("orders {number}"), 64);
        let orders = numbers.clone().map(orders).collect::<Result<_, _>>()?;
        let children = numbers.map(|number| child::start(&WORKER, &number, segment));
        Ok(Self { children: children.collect::<Result<_, _>>()?, orders, answers })
    }

    /// Returns what the barrier answers to these workers when they come.
    pub fn come(
        &self,
        numbers: &[u32],
        patience: Duration,
    ) -> Result<Vec<Answer>, Error> {
        self.send(numbers, patience)?;
        self.answers(numbers.len())
    }

    pub fn send(&self, numbers: &[u32], patience: Duration) -> Result<(), Error> {
        let places = numbers.iter().map(|number| *number as usize - 1);
        places.into_iter().try_for_each(|place| self.orders[place].send(&patience))
    }

    /// So many answers, in the order of the workers, with their names.
    pub fn answers(&self, count: usize) -> Result<Vec<Answer>, Error> {
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

    pub fn kill(&mut self, number: u32) -> Result<(), Error> {
        self.children[number as usize - 1].kill()?;
        lane(number).dies("killed");
        Ok(())
    }

    /// Lets those go who are alive.
    pub fn end(self) -> anyhow::Result<()> {
        self.orders.iter().try_for_each(Queue::close)?;
        child::join(self.children.into_iter().take(2))
    }
}

pub fn lane(number: u32) -> Actor {
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
