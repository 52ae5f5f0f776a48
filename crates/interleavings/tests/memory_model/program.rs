//! Programs as data: written as text, made at random, run with std's own operations.
//!
//! `W x 1 rel; R y acq | …` is a thread that stores 1 to `x` and then loads `y`, beside
//! others. `A` is `fetch_add`, `S` is `swap`, `C x 0 1 ar rlx` exchanges 0 for 1,
//! `V` does so weakly, `F sc` is a fence. `*` for an ordering stands for each that the
//! operation may have.

use std::fmt;
use std::time::Duration;

use interleavings::Checker;
use interleavings::sync::atomic::Ordering::{
    self, AcqRel, Acquire, Relaxed, Release, SeqCst,
};
use interleavings::sync::atomic::{AtomicU32, fence};
use interleavings::thread;

/// Locations are named `x`, `y`, `z`.
pub const LOCATIONS: usize = 3;

/// The values read, thread by thread, and then the last value of each location.
pub type Outcome = Vec<u32>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Load,
    Store(u32),
    Add(u32),
    Swap(u32),
    /// Exchanges the first value for the second.
    Exchange(u32, u32),
    /// The same, but may fail for no reason.
    WeakExchange(u32, u32),
    Fence,
}

/// One operation of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub op: Op,
    pub location: usize,
    pub order: Ordering,
    /// The ordering of an exchange that fails.
    pub failure: Ordering,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub threads: Vec<Vec<Step>>,
}

const LOADS: [Ordering; 3] = [Relaxed, Acquire, SeqCst];
const STORES: [Ordering; 3] = [Relaxed, Release, SeqCst];
const UPDATES: [Ordering; 5] = [Relaxed, Acquire, Release, AcqRel, SeqCst];
const FENCES: [Ordering; 4] = [Acquire, Release, AcqRel, SeqCst];

impl Op {
    /// The orderings that std accepts.
    fn orders(self) -> &'static [Ordering] {
        match self {
            Op::Load => &LOADS,
            Op::Store(_) => &STORES,
            Op::Fence => &FENCES,
            _ => &UPDATES,
        }
    }

    fn may_fail(self) -> bool {
        matches!(self, Op::Exchange(..) | Op::WeakExchange(..))
    }
}

impl Step {
    /// Returns the value read, if the operation reads.
    fn run(self, memory: &[AtomicU32; LOCATIONS]) -> Option<u32> {
        let Step { op, location, order, failure } = self;
        let atomic = &memory[location];
        match op {
            Op::Load => Some(atomic.load(order)),
            Op::Store(value) => {
                atomic.store(value, order);
                None
            }
            Op::Add(value) => Some(atomic.fetch_add(value, order)),
            Op::Swap(value) => Some(atomic.swap(value, order)),
            Op::Exchange(old, new) => {
                match atomic.compare_exchange(old, new, order, failure) {
                    Ok(read) | Err(read) => Some(read),
                }
            }
            Op::WeakExchange(old, new) => {
                match atomic.compare_exchange_weak(old, new, order, failure) {
                    Ok(read) | Err(read) => Some(read),
                }
            }
            Op::Fence => {
                fence(order);
                None
            }
        }
    }
}

impl Program {
    /// The program run by the checker: every outcome that it finds.
    pub fn explored(&self) -> Vec<Outcome> {
        let all = Checker::new().preemptions(usize::MAX).max_interleavings(u64::MAX);
        let all = all.max_time(Duration::MAX);
        let outcomes = all.outcomes(|| {
            let memory = [const { AtomicU32::new(0) }; LOCATIONS];
            let mut outcome: Outcome = thread::scope(|scope| {
                let memory = &memory;
                let threads: Vec<_> = self
                    .threads
                    .iter()
                    .map(|steps| {
                        scope.spawn(|| -> Outcome {
                            steps.iter().filter_map(|step| step.run(memory)).collect()
                        })
                    })
                    .collect();
                threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
            });
            outcome.extend(memory.map(AtomicU32::into_inner));
            outcome
        });
        assert!(outcomes.coverage.exhaustive, "{self}: {}", outcomes.coverage);
        outcomes.into_set()
    }

    /// All programs that have one step less.
    pub fn with_a_step_less(&self) -> impl Iterator<Item = Program> {
        let places = self.threads.iter().enumerate();
        let places =
            places.flat_map(|(t, steps)| (0..steps.len()).map(move |i| (t, i)));
        places.map(|(t, i)| {
            let mut smaller = self.clone();
            smaller.threads[t].remove(i);
            smaller.threads.retain(|steps| !steps.is_empty());
            smaller
        })
    }

    /// The programs that a text stands for: each `*` is every ordering in turn.
    pub fn all(text: &str) -> Vec<Program> {
        let threads: Vec<Vec<Vec<Step>>> = text
            .split('|')
            .map(|thread| thread.split(';').map(parsed).collect())
            .collect();
        let mut programs = vec![Program { threads: Vec::new() }];
        for thread in threads {
            programs.iter_mut().for_each(|program| program.threads.push(Vec::new()));
            for choices in thread {
                programs = programs
                    .iter()
                    .flat_map(|program| {
                        choices.iter().map(|step| {
                            let mut program = program.clone();
                            program.threads.last_mut().unwrap().push(*step);
                            program
                        })
                    })
                    .collect();
            }
        }
        programs
    }

    /// The program that a text without `*` stands for.
    pub fn one(text: &str) -> Program {
        let mut all = Self::all(text);
        assert_eq!(all.len(), 1, "`{text}` leaves a choice");
        all.remove(0)
    }

    /// A program of two to four threads, at most `most_steps` and up to three locations.
    pub fn random(random: &mut Random, most_steps: usize, seq_cst: bool) -> Program {
        let mut lengths = vec![1; [2, 2, 2, 3, 3, 4][random.below(6)]];
        for _ in 0..random.below(most_steps + 1 - lengths.len()) {
            let longer = random.below(lengths.len());
            lengths[longer] += 1;
        }
        let locations = if random.below(4) == 0 { 3 } else { 2 };
        let mut next = 0;
        let mut step = |random: &mut Random| {
            next += 1;
            let op = match random.below(20) {
                0..7 => Op::Load,
                7..14 => Op::Store(next),
                14 => Op::Add(10),
                15 => Op::Swap(next),
                16 => Op::Exchange(random.below(next as usize) as u32, next),
                17 => Op::WeakExchange(random.below(next as usize) as u32, next),
                _ => Op::Fence,
            };
            let order = |orders: &[Ordering], random: &mut Random| loop {
                let order = orders[random.below(orders.len())];
                if seq_cst || order != SeqCst {
                    return order;
                }
            };
            let location = if op == Op::Fence { 0 } else { random.below(locations) };
            let failure = if op.may_fail() { order(&LOADS, random) } else { Relaxed };
            Step { op, location, order: order(op.orders(), random), failure }
        };
        let steps = |length: usize| (0..length).map(|_| step(random)).collect();
        let threads = lengths.into_iter().map(steps).collect();
        Program { threads }
    }
}

/// The steps that `text` stands for.
fn parsed(text: &str) -> Vec<Step> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |word: &str| word.parse().unwrap_or_else(|_| panic!("in `{text}`"));
    let (op, rest) = match *words.as_slice() {
        ["R", _, ref rest @ ..] => (Op::Load, rest),
        ["W", _, value, ref rest @ ..] => (Op::Store(number(value)), rest),
        ["A", _, value, ref rest @ ..] => (Op::Add(number(value)), rest),
        ["S", _, value, ref rest @ ..] => (Op::Swap(number(value)), rest),
        ["C", _, old, new, ref rest @ ..] => {
            (Op::Exchange(number(old), number(new)), rest)
        }
        ["V", _, old, new, ref rest @ ..] => {
            (Op::WeakExchange(number(old), number(new)), rest)
        }
        ["F", ref rest @ ..] => (Op::Fence, rest),
        _ => panic!("no step: `{text}`"),
    };
    let location = match (op, words[1]) {
        (Op::Fence, _) | (_, "x") => 0,
        (_, "y") => 1,
        (_, "z") => 2,
        _ => panic!("no location in `{text}`"),
    };
    let orders = |index: usize, all: &[Ordering]| match rest.get(index) {
        Some(&"*") => all.to_vec(),
        Some(word) => match UPDATES.iter().find(|order| name(**order) == *word) {
            Some(order) => vec![*order],
            None => panic!("no ordering in `{text}`"),
        },
        None => vec![Relaxed],
    };
    let mut steps = Vec::new();
    for &order in &orders(0, op.orders()) {
        for &failure in &orders(1, &LOADS) {
            steps.push(Step { op, location, order, failure });
        }
    }
    steps
}

fn name(order: Ordering) -> &'static str {
    match order {
        Relaxed => "rlx",
        Acquire => "acq",
        Release => "rel",
        AcqRel => "ar",
        _ => "sc",
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = ["x", "y", "z"][self.location];
        match self.op {
            Op::Load => write!(f, "R {place}"),
            Op::Store(value) => write!(f, "W {place} {value}"),
            Op::Add(value) => write!(f, "A {place} {value}"),
            Op::Swap(value) => write!(f, "S {place} {value}"),
            Op::Exchange(old, new) => write!(f, "C {place} {old} {new}"),
            Op::WeakExchange(old, new) => write!(f, "V {place} {old} {new}"),
            Op::Fence => write!(f, "F"),
        }?;
        write!(f, " {}", name(self.order))?;
        if self.op.may_fail() {
            write!(f, " {}", name(self.failure))?;
        }
        Ok(())
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (t, thread) in self.threads.iter().enumerate() {
            f.write_str(if t == 0 { "" } else { " | " })?;
            for (i, step) in thread.iter().enumerate() {
                write!(f, "{}{step}", if i == 0 { "" } else { "; " })?;
            }
        }
        Ok(())
    }
}

/// Numbers that are the same on every machine (Steele, Lea and Flood, OOPSLA 2014).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}
