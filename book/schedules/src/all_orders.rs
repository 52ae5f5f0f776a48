//! Everything that the threads of `turns` can do, as a tree: the reader chooses who runs.
//!
//! The checker is asked for each order of the four steps; its schedules make the tree.

use core::sync::atomic::AtomicU32 as Unseen;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;

use anyhow::{Context, ensure};
use interleavings::Checker;
use interleavings::trace::{Step, Trace};
use serde_json::{Value, json};

use crate::turns;

/// The threads, in the order in which `turns` starts them.
const NAMES: [&str; 2] = ["one", "two"];

/// Each of them loads and stores.
const STEPS: usize = 2;

/// A counter that remembers in which order the threads came.
pub struct Counter {
    counter: AtomicU32,
    /// A digit for each step, to base three: 1 for the first thread, 2 for the second.
    ///
    /// This one is from `core`: the checker does not see it, so it adds no steps.
    order: Unseen,
}

impl Counter {
    fn new() -> Self {
        Self { counter: AtomicU32::new(0), order: Unseen::new(0) }
    }

    #[track_caller]
    pub fn load(&self) -> u32 {
        let value = self.counter.load(SeqCst);
        self.note();
        value
    }

    #[track_caller]
    pub fn store(&self, value: u32) {
        self.counter.store(value, SeqCst);
        self.note();
    }

    /// No other thread comes in between: the checker switches at what it sees.
    fn note(&self) {
        let current = thread::current();
        let index = NAMES.iter().position(|name| current.name() == Some(name));
        let digit = index.map_or(0, |index| index as u32 + 1);
        self.order.store(self.order.load(SeqCst) * 3 + digit, SeqCst);
    }
}

/// All orders with what comes out, a line each; and the tree as a trace for the player.
///
/// The trace also holds one schedule that goes wrong, as every trace does.
///
/// # Errors
///
/// When the checker does not find an order.
pub fn explain() -> anyhow::Result<(Vec<String>, Value)> {
    let mut tree = Tree::default();
    tree.grow(&mut Vec::new())?;
    let turns = schedule(&[0, 1, 0, 1])?;
    let trace = json!({
        "verdict": { "sentence": "Here they take turns, and one addition is lost." },
        "threads": NAMES.map(|name| json!({ "name": name })),
        "objects": turns.objects,
        "sources": turns.sources,
        "steps": steps(&turns),
        "tree": { "steps": tree.steps, "nodes": tree.nodes },
    });
    Ok((tree.lines, trace))
}

/// The checker's schedule in which the threads take their steps in this order.
fn schedule(order: &[usize]) -> anyhow::Result<Trace> {
    let wanted = order.iter().fold(0, |digits, thread| digits * 3 + *thread as u32 + 1);
    // Without pruning: what makes no difference to the result makes one to the order.
    let checker = Checker::new().preemptions(2 * STEPS).pruning(false);
    let found = checker.spurious(false).stale_reads(false).explore(|| {
        let counter = Counter::new();
        turns::run(&counter);
        assert_ne!(counter.order.load(SeqCst), wanted, "this is the order");
    });
    let failure = found.err().with_context(|| format!("the order {order:?}"))?;
    Ok(failure.trace().clone())
}

/// The steps of the two threads; `main`, which is thread 0, only starts and joins them.
fn steps(trace: &Trace) -> Vec<Step> {
    let at_the_counter = |step: &&Step| step.op == "load" || step.op == "store";
    let mut steps: Vec<Step> =
        trace.steps.iter().filter(at_the_counter).cloned().collect();
    // After both have ended the order is asked for, outside of them.
    steps.retain(|step| step.thread > 0);
    for step in &mut steps {
        step.thread -= 1;
        step.waits.clear();
    }
    steps
}

#[derive(Default)]
struct Tree {
    steps: Vec<Step>,
    nodes: Vec<Value>,
    /// An order and its result.
    lines: Vec<String>,
}

impl Tree {
    /// Adds the situation after `done`, and all that can follow; returns its number.
    fn grow(&mut self, done: &mut Vec<usize>) -> anyhow::Result<usize> {
        let number = self.nodes.len();
        self.nodes.push(Value::Null);
        let mut choices = Vec::new();
        for thread in 0..NAMES.len() {
            if done.iter().filter(|before| **before == thread).count() == STEPS {
                continue;
            }
            done.push(thread);
            let (step, _) = Self::last_step(done)?;
            self.steps.push(step);
            let step = self.steps.len() - 1;
            choices.push(json!({ "step": step, "to": self.grow(done)? }));
            done.pop();
        }
        self.nodes[number] = if choices.is_empty() {
            let (_, value) = Self::last_step(done)?;
            let order = done.iter().map(|thread| NAMES[*thread]);
            self.lines
                .push(format!("{}: {value}", order.collect::<Vec<_>>().join(", ")));
            json!({ "outcome": format!("Both have added one, and the counter is {value}.") })
        } else {
            json!({ "choices": choices })
        };
        Ok(number)
    }

    /// The last of the steps `done`, and the value that it read or wrote.
    fn last_step(done: &[usize]) -> anyhow::Result<(Step, String)> {
        // What comes later makes no difference; any order of it will do.
        let mut order = done.to_vec();
        for thread in 0..NAMES.len() {
            let left = STEPS - done.iter().filter(|before| **before == thread).count();
            order.extend(std::iter::repeat_n(thread, left));
        }
        let steps = steps(&schedule(&order)?);
        ensure!(
            steps.iter().map(|step| step.thread).eq(order),
            "the checker ran another order"
        );
        let step = steps[done.len() - 1].clone();
        let value = step.value.clone().context("a load or a store has a value")?;
        Ok((step, value))
    }
}
