//! The judge: the outcomes of every execution of a small program that the axioms allow.
//!
//! Source: Lahav, Vafeiadis, Kang, Hur and Dreyer, "Repairing sequential consistency
//! in C/C++11", PLDI 2017, which calls its model RC11; the names are the paper's. A
//! read-modify-write is one event here that reads and writes, so `[RMW]` stands where
//! the paper has two events and the relation `rmw` between them.
//!
//! C++20, and so Rust, took the paper's repair over with two changes, made here as
//! well. A release sequence is not continued by relaxed stores of the thread that began
//! it (P0982R1). And the order of sequentially consistent events is the one of
//! [atomics.order] (P0668R5): [`SeqCst`] has both.
//!
//! Nothing of the checker is used: here are neither views nor schedules.

// As on paper, composition binds closer than union.
#![allow(clippy::precedence)]

use std::collections::BTreeSet;

use interleavings::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release};

use super::program::{LOCATIONS, Op, Outcome, Program, Step};
use super::relation::{Relation, Set, bits};

/// What is asked of the order of sequentially consistent events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeqCst {
    /// `psc` is acyclic, as in the paper.
    Rc11,
    /// There is an order S as in [atomics.order] of C++20.
    Cpp20,
    /// The same, and S agrees with `sb ∪ rf`: no event of S takes effect before what
    /// its thread had read until then.
    InOrderOfExecution,
}

/// Every outcome that the axioms allow.
pub fn outcomes(program: &Program, seq_cst: SeqCst) -> BTreeSet<Outcome> {
    let mut outcomes = BTreeSet::new();
    Candidate::new(program).read_from_everywhere(0, seq_cst, &mut outcomes);
    outcomes
}

/// What an event is in one execution; the initial stores belong to no thread.
#[derive(Clone, Copy)]
struct Event {
    thread: Option<usize>,
    step: Step,
}

/// A program with some of its reads decided.
struct Candidate {
    /// First the initial store of each location, then the steps of each thread.
    events: Vec<Event>,
    sb: Relation,
    /// Which store each read reads from, and whether a weak exchange fails all the same.
    sources: Vec<Option<(usize, bool)>>,
}

impl Candidate {
    fn new(program: &Program) -> Self {
        let initial = (0..LOCATIONS).map(|location| Event {
            thread: None,
            step: Step { op: Op::Store(0), location, order: Relaxed, failure: Relaxed },
        });
        let threads = program.threads.iter().enumerate();
        let steps = threads.flat_map(|(t, steps)| {
            steps.iter().map(move |&step| Event { thread: Some(t), step })
        });
        let events: Vec<Event> = initial.chain(steps).collect();
        let pairs = (0..events.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let sb = Relation::of(pairs.filter(|&(a, b)| {
            let (first, second) = (events[a].thread, events[b].thread);
            second.is_some() && (first.is_none() || first == second)
        }));
        Self { sb, sources: vec![None; events.len()], events }
    }

    /// Decides what the events from `next` on read.
    fn read_from_everywhere(
        &mut self,
        next: usize,
        seq_cst: SeqCst,
        outcomes: &mut BTreeSet<Outcome>,
    ) {
        if next == self.events.len() {
            if let Some(execution) = Execution::new(self) {
                execution.order_stores(self, seq_cst, outcomes);
            }
            return;
        }
        let Event { step, .. } = self.events[next];
        if matches!(step.op, Op::Store(_) | Op::Fence) {
            return self.read_from_everywhere(next + 1, seq_cst, outcomes);
        }
        for source in 0..self.events.len() {
            let Event { step: from, .. } = self.events[source];
            let writes = !matches!(from.op, Op::Load | Op::Fence);
            if source == next || !writes || from.location != step.location {
                continue;
            }
            self.sources[next] = Some((source, false));
            // No thin air: `sb ∪ rf` is acyclic.
            if !(self.sb | self.rf()).is_acyclic() {
                continue;
            }
            self.read_from_everywhere(next + 1, seq_cst, outcomes);
            if matches!(step.op, Op::WeakExchange(..)) {
                self.sources[next] = Some((source, true));
                self.read_from_everywhere(next + 1, seq_cst, outcomes);
            }
        }
        self.sources[next] = None;
    }

    fn rf(&self) -> Relation {
        let sources = self.sources.iter().enumerate();
        Relation::of(sources.filter_map(|(read, source)| Some(((*source)?.0, read))))
    }

    /// The value that an event reads; `sb ∪ rf` is acyclic, so it has one.
    fn read(&self, event: usize) -> Option<u32> {
        Some(self.written(self.sources[event]?.0))
    }

    /// The value that an event writes, if it writes.
    fn written(&self, event: usize) -> u32 {
        let read = || self.read(event).expect("an update reads");
        match self.events[event].step.op {
            Op::Store(value) | Op::Swap(value) => value,
            Op::Add(value) => read() + value,
            Op::Exchange(_, new) | Op::WeakExchange(_, new) => new,
            Op::Load | Op::Fence => unreachable!("it does not write"),
        }
    }

    /// Whether an exchange fails, which makes it a load.
    fn fails(&self, event: usize) -> bool {
        match self.events[event].step.op {
            Op::Exchange(old, _) => self.read(event) != Some(old),
            Op::WeakExchange(old, _) => {
                let in_vain = self.sources[event].is_some_and(|(_, in_vain)| in_vain);
                in_vain || self.read(event) != Some(old)
            }
            _ => false,
        }
    }
}

/// An execution whose reads are decided; only the order of its stores is open.
struct Execution {
    /// The events at each location.
    at: [Set; LOCATIONS],
    /// `W`, without the initial stores.
    stores: Set,
    /// Events with an ordering of `SeqCst`, and the fences among them.
    sc: Set,
    sc_fences: Set,
    sb: Relation,
    rf: Relation,
    sw: Relation,
    hb: Relation,
}

impl Execution {
    /// `None` when something is read from an exchange that fails.
    fn new(candidate: &Candidate) -> Option<Self> {
        let Candidate { events, sb, sources } = candidate;
        let order = |event: usize| match events[event].step {
            step if candidate.fails(event) => step.failure,
            step => step.order,
        };
        let set = |is: &dyn Fn(usize, Op) -> bool| -> Set {
            (0..events.len())
                .filter(|&e| is(e, events[e].step.op))
                .map(|e| 1 << e)
                .sum()
        };
        let with_order = |among: &[Ordering]| set(&|e, _| among.contains(&order(e)));

        let fences = set(&|_, op| op == Op::Fence);
        let reads = set(&|e, _| sources[e].is_some());
        let writes = !fences & set(&|e, op| op != Op::Load && !candidate.fails(e));
        let updates = reads & writes;
        let acquires = with_order(&[Acquire, AcqRel, Ordering::SeqCst]);
        let releases = with_order(&[Release, AcqRel, Ordering::SeqCst]);
        let sc = with_order(&[Ordering::SeqCst]);

        let (sb, rf, id) = (*sb, candidate.rf(), Relation::identity);
        if rf != id(writes) * rf {
            return None;
        }
        // rs = [W]; (rf; [RMW])*
        let rs = id(writes) * (rf * id(updates)).star();
        // sw = [E⊒rel]; ([F]; sb)?; rs; rf; (sb; [F])?; [E⊒acq]
        let sw = id(releases)
            * (id(fences) * sb).maybe()
            * rs
            * rf
            * (sb * id(fences)).maybe()
            * id(acquires);
        // hb = (sb ∪ sw)⁺
        let hb = (sb | sw).plus();

        let at = |location| {
            set(&|e, op| op != Op::Fence && events[e].step.location == location)
        };
        let at = std::array::from_fn(at);
        let stores = writes & !((1 << LOCATIONS) - 1);
        Some(Self { at, stores, sc, sc_fences: sc & fences, sb, rf, sw, hb })
    }

    /// Adds the outcomes of all the orders of stores that the axioms allow.
    fn order_stores(
        &self,
        candidate: &Candidate,
        seq_cst: SeqCst,
        outcomes: &mut BTreeSet<Outcome>,
    ) {
        let reads = (0..candidate.events.len()).filter_map(|e| candidate.read(e));
        let reads: Outcome = reads.collect();
        // Coherence and atomicity speak of one location at a time, and so does `mo`.
        let mut choices = vec![(reads, Relation::EMPTY)];
        for location in 0..LOCATIONS {
            let stores: Vec<usize> = bits(self.stores & self.at[location]).collect();
            let mut orders = Vec::new();
            permutations(&mut stores.clone(), 0, &mut |order| {
                let order = || std::iter::once(location).chain(order.iter().copied());
                let pairs = order()
                    .enumerate()
                    .flat_map(|(i, a)| order().skip(i + 1).map(move |b| (a, b)));
                let mo = Relation::of(pairs);
                if self.is_coherent(mo) && self.is_atomic(mo) {
                    let last = order().last().unwrap_or(location);
                    orders.push((candidate.written(last), mo));
                }
            });
            let extend = |(outcome, mo): &(Outcome, Relation)| {
                let extended = orders.iter().map(|(last, more)| {
                    ([outcome.as_slice(), &[*last]].concat(), *mo | *more)
                });
                extended.collect::<Vec<_>>()
            };
            choices = choices.iter().flat_map(extend).collect();
        }
        for (outcome, mo) in choices {
            if !outcomes.contains(&outcome) && self.is_sc_consistent(mo, seq_cst) {
                outcomes.insert(outcome);
            }
        }
    }

    /// rb = rf⁻¹; mo, without the step of an update to itself
    fn rb(&self, mo: Relation) -> Relation {
        (self.rf.inverse() * mo).without(Relation::identity(!0))
    }

    /// eco = (rf ∪ mo ∪ rb)⁺
    fn eco(&self, mo: Relation) -> Relation {
        (self.rf | mo | self.rb(mo)).plus()
    }

    /// Coherence: hb; eco? is irreflexive. So is eco, which the paper gets from `sb`
    /// between the two events of an update.
    fn is_coherent(&self, mo: Relation) -> bool {
        let eco = self.eco(mo);
        eco.is_irreflexive() && (self.hb * eco.maybe()).is_irreflexive()
    }

    /// Atomicity: rmw ∩ (rb; mo) = ∅
    fn is_atomic(&self, mo: Relation) -> bool {
        (self.rb(mo) * mo).is_irreflexive()
    }

    fn is_sc_consistent(&self, mo: Relation, seq_cst: SeqCst) -> bool {
        if self.sc == 0 {
            return true;
        }
        match seq_cst {
            SeqCst::Rc11 => self.psc(mo).is_acyclic(),
            SeqCst::Cpp20 => self.s(mo).is_acyclic(),
            SeqCst::InOrderOfExecution => (self.s(mo) | self.sb | self.rf).is_acyclic(),
        }
    }

    /// The partial SC relation of the paper.
    fn psc(&self, mo: Relation) -> Relation {
        let Self { sb, hb, .. } = *self;
        let (sc, f) = (Relation::identity(self.sc), Relation::identity(self.sc_fences));
        let same = |r: Relation| self.same_location() & r;
        let other = |r: Relation| r.without(self.same_location());
        // scb = sb ∪ sb|≠loc; hb; sb|≠loc ∪ hb|=loc ∪ mo ∪ rb
        let scb = sb | other(sb) * hb * other(sb) | same(hb) | mo | self.rb(mo);
        // psc_base = ([E^sc] ∪ [F^sc]; hb?); scb; ([E^sc] ∪ hb?; [F^sc])
        let base = (sc | f * hb.maybe()) * scb * (sc | hb.maybe() * f);
        // psc_F = [F^sc]; (hb ∪ hb; eco; hb); [F^sc]
        base | f * (hb | hb * self.eco(mo) * hb) * f
    }

    /// What the order S of [atomics.order] of C++20 has to contain.
    fn s(&self, mo: Relation) -> Relation {
        let Self { sb, sw, hb, .. } = *self;
        let (sc, f) = (Relation::identity(self.sc), Relation::identity(self.sc_fences));
        // [intro.races]: A strongly happens before D.
        let strongly = (sb | sc * sw * sc | sb * hb * sb).plus();
        // A is coherence-ordered before B: that is eco.
        sc * strongly * sc | (sc | f * hb) * self.eco(mo) * (sc | hb * f)
    }

    fn same_location(&self) -> Relation {
        let pairs =
            |set: Set| bits(set).flat_map(move |a| bits(set).map(move |b| (a, b)));
        Relation::of(self.at.iter().flat_map(|&set| pairs(set)))
    }
}

/// Calls `f` with every order of `items[from..]`.
fn permutations(items: &mut [usize], from: usize, f: &mut impl FnMut(&[usize])) {
    if from == items.len() {
        return f(items);
    }
    for i in from..items.len() {
        items.swap(from, i);
        permutations(items, from + 1, f);
        items.swap(from, i);
    }
}
