//! Atomics under the memory model: every atomic keeps its history of stores.
//!
//! The model is the view-based fragment of C++20 (which Rust uses), as in Kang,
//! Hur, Lahav, Vafeiadis and Dreyer, "A promising semantics for relaxed-memory
//! concurrency", POPL 2017, without promises, so load buffering is forbidden as
//! in RC11 (Lahav et al., PLDI 2017). A view says, for each atomic, the oldest
//! store that may still be read. A relaxed load may return any store from there
//! on; reading a released one with acquire joins the view that was released.
//!
//! A store takes any place in the modification order that the thread's view leaves
//! open, mostly the last. A read-modify-write takes the place right after the store
//! that it reads; an exchange that fails is a load.
//!
//! Sequentially consistent operations take part in one order, that of execution,
//! with a global view: such a load reads no older store than the newest one that
//! any earlier such operation on the same atomic wrote or read ([atomics.order]
//! in C++20), and a fence exchanges the whole view.
//!
//! Here alone it is narrower than RC11. C++20 lets a sequentially consistent operation
//! come in that order before what its thread has seen through weaker ones: where one
//! thread stores data and then a flag, both `SeqCst`, and another finds the flag set by
//! a `Relaxed` load, its `SeqCst` load of the data may miss them. In order of execution
//! it does not. `tests/memory_model` shows that there is no other difference: what
//! is explored are all the outcomes of the axioms with `sb ∪ rf ∪ S` acyclic.

use std::sync::atomic::Ordering;

use super::ids::{Loc, ModelId, Obj};
use super::record::Action;
use super::{Exec, State, point, with};

/// A place in the modification order of an atomic, which is not the order in which
/// its stores are executed; 0 for the value at construction.
type Place = u64;

/// Between a store and the next one at the end of the order. A store that takes its
/// place between two others halves what is left; the 33rd in a row finds none.
const GAP: Place = 1 << 32;

/// For each atomic the place of the oldest store that may still be read.
#[derive(Clone, Debug, Default)]
pub(crate) struct View(Vec<Place>);

impl View {
    fn get(&self, object: Obj) -> Place {
        self.0.get(object).copied().unwrap_or(0)
    }

    fn raise(&mut self, object: Obj, place: Place) {
        if place == 0 {
            return;
        }
        if self.0.len() <= object {
            self.0.resize(object + 1, 0);
        }
        self.0[object] = self.0[object].max(place);
    }

    pub(crate) fn join(&mut self, other: &View) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = (*mine).max(*theirs);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// One store in an atomic's history, which is kept in modification order.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) value: u64,
    place: Place,
    /// It belongs to the store before it, by a read-modify-write: nothing comes between.
    updates: bool,
    /// Where it was stored; `None` for the value at construction.
    pub(crate) at: Option<Loc>,
    /// What a thread that reads this with acquire gets to know.
    view: View,
}

/// A type's way from bits to text.
pub(crate) type Show = fn(u64) -> String;

/// What every operation on an atomic needs to know about it.
pub(crate) struct Target<'a> {
    pub(crate) id: &'a ModelId,
    pub(crate) type_name: &'static str,
    /// The real atomic's value, which is the first one of every execution.
    pub(crate) initial: u64,
    pub(crate) show: Show,
}

fn atomic(target: &Target<'_>) -> Obj {
    let state = || State::Atomic {
        history: vec![Store {
            value: target.initial,
            place: 0,
            updates: false,
            at: None,
            view: View::default(),
        }],
        show: target.show,
    };
    with(|x| x.object(target.id, target.type_name, state))
}

fn acquires(order: Ordering) -> bool {
    matches!(order, Ordering::Acquire | Ordering::AcqRel | Ordering::SeqCst)
}

fn releases(order: Ordering) -> bool {
    matches!(order, Ordering::Release | Ordering::AcqRel | Ordering::SeqCst)
}

pub(crate) fn name(order: Ordering) -> &'static str {
    match order {
        Ordering::Relaxed => "Relaxed",
        Ordering::Acquire => "Acquire",
        Ordering::Release => "Release",
        Ordering::AcqRel => "AcqRel",
        _ => "SeqCst",
    }
}

impl Exec {
    fn history(&self, o: Obj) -> &[Store] {
        match &self.objects[o].state {
            State::Atomic { history, .. } => history,
            _ => &[],
        }
    }

    fn shown(&self, o: Obj, value: u64) -> Option<String> {
        match &self.objects[o].state {
            State::Atomic { show, .. } if self.recording => Some(show(value)),
            _ => None,
        }
    }

    /// The oldest store that the running thread may still read or come after.
    fn oldest(&self, o: Obj, order: Ordering) -> usize {
        let mut known = self.threads[self.current].view.get(o);
        if order == Ordering::SeqCst {
            known = known.max(self.sc_view.get(o));
        }
        self.history(o).partition_point(|store| store.place < known)
    }

    /// Whether a store can take its place right after this one.
    fn has_room_after(&self, o: Obj, index: usize) -> bool {
        let history = self.history(o);
        history
            .get(index + 1)
            .is_none_or(|next| !next.updates && next.place - history[index].place > 1)
    }

    /// Takes one of `count` options: the first is what happens without a weak memory.
    fn choose_weakly(&mut self, count: usize) -> usize {
        if count < 2 { 0 } else { self.search.choose(1, count as u32, 0) as usize }
    }

    /// Makes the running thread's view include the store that it has read.
    fn read_store(&mut self, o: Obj, index: usize, order: Ordering) -> u64 {
        let State::Atomic { history, .. } = &self.objects[o].state else { return 0 };
        let store = &history[index];
        let thread = &mut self.threads[self.current];
        thread.view.raise(o, store.place);
        if acquires(order) {
            thread.view.join(&store.view);
        } else {
            thread.acquirable.join(&store.view);
        }
        if order == Ordering::SeqCst {
            self.sc_view.raise(o, store.place);
        }
        store.value
    }

    /// Adds a store right after another one; with `updates` it has read that one and
    /// carries on the release sequence that it belongs to.
    fn add_store(
        &mut self,
        o: Obj,
        value: u64,
        order: Ordering,
        (after, updates): (usize, bool),
        at: Loc,
    ) {
        let State::Atomic { history, .. } = &mut self.objects[o].state else { return };
        let previous = &history[after];
        let place = match history.get(after + 1) {
            Some(next) => previous.place + (next.place - previous.place) / 2,
            None => previous.place + GAP,
        };
        let thread = &mut self.threads[self.current];
        thread.view.raise(o, place);
        let mut view =
            if releases(order) { thread.view.clone() } else { thread.released.clone() };
        if updates {
            view.join(&previous.view);
        }
        view.raise(o, place);
        if order == Ordering::SeqCst {
            self.sc_view.raise(o, place);
        }
        history.insert(after + 1, Store { value, place, updates, at: Some(at), view });
        self.objects[o].stamp += 1;
    }

    /// The value of the store at `index`, and which newer one it comes before.
    fn shown_store(&self, o: Obj, index: usize) -> Option<String> {
        let history = self.history(o);
        let text = self.shown(o, history[index].value)?;
        Some(match history.get(index + 1) {
            Some(next) => format!("{text}, before {}", self.shown(o, next.value)?),
            None => text,
        })
    }

    /// Where the newest store and this older one were executed, for the report.
    fn stale(&self, o: Obj, index: usize) -> Option<(Loc, Option<Loc>)> {
        let history = self.history(o);
        let newest = history.len() - 1;
        let newer = history[newest].at.filter(|_| index < newest)?;
        Some((newer, history[index].at))
    }
}

/// Reads the newest store, or an older one that the ordering allows.
pub(crate) fn load(target: &Target<'_>, order: Ordering, at: Loc) -> u64 {
    let o = atomic(target);
    point(Action::Load, Some(o), at);
    with(|x| {
        if order == Ordering::SeqCst {
            x.sc_event(false);
        }
        let newest = x.history(o).len() - 1;
        let oldest = if x.rules.stale_reads { x.oldest(o, order) } else { newest };
        let age = x.choose_weakly(newest + 1 - oldest);
        let index = newest - age;
        let value = x.read_store(o, index, order);
        // An old read comes before the stores that it missed.
        x.event(Some(o), age > 0, 20 + ((age as u64) << 8));
        let text = x.shown(o, value);
        let stale = x.stale(o, index);
        x.step_with(Action::Load, at, Some(o), |s| {
            s.value = text;
            s.ordering = Some(name(order));
            s.stale = stale;
        });
        x.looked(at, o, x.history(o)[index].place);
        value
    })
}

/// Adds a store at the end of the modification order, or further up where nothing
/// that the thread knows forbids it.
pub(crate) fn store(target: &Target<'_>, value: u64, order: Ordering, at: Loc) {
    let o = atomic(target);
    point(Action::Store, Some(o), at);
    with(|x| {
        if order == Ordering::SeqCst {
            x.sc_event(false);
        }
        let newest = x.history(o).len() - 1;
        let oldest = if x.rules.stale_reads { x.oldest(o, order) } else { newest };
        let places = (oldest..=newest).rev().filter(|&i| x.has_room_after(o, i));
        let places: Vec<usize> = places.collect();
        let taken = x.choose_weakly(places.len());
        let after = places[taken];
        x.event(Some(o), true, 21 + ((taken as u64) << 8));
        x.add_store(o, value, order, (after, false), at);
        x.progressed();
        let text = x.shown_store(o, after + 1);
        x.step_with(Action::Store, at, Some(o), |s| {
            s.value = text;
            s.ordering = Some(name(order));
        });
    });
}

/// Reads a store and puts right after it what `change` makes of its value, if
/// anything: the newest one, or an older one that the ordering allows and that nothing
/// else was put after in this way.
///
/// `weak` may fail for no reason. Returns the value read, as `Err` without change.
pub(crate) fn update(
    target: &Target<'_>,
    success: Ordering,
    failure: Ordering,
    weak: bool,
    at: Loc,
    change: &mut dyn FnMut(u64) -> Option<u64>,
) -> Result<u64, u64> {
    let o = atomic(target);
    point(Action::Update, Some(o), at);
    with(|x| {
        let newest = x.history(o).len() - 1;
        let stale_reads = x.rules.stale_reads;
        let oldest = |order| if stale_reads { x.oldest(o, order) } else { newest };
        let (updates_from, fails_from) = (oldest(success), oldest(failure));
        let mut options = Vec::new();
        for index in (updates_from.min(fails_from)..=newest).rev() {
            let new = change(x.history(o)[index].value);
            if new.is_some() && index >= updates_from && x.has_room_after(o, index) {
                options.push((index, new));
            }
            let fails = new.is_none() || weak && x.rules.spurious;
            if fails && index >= fails_from {
                options.push((index, None));
            }
        }
        let taken = x.choose_weakly(options.len());
        let (index, new) = options[taken];
        let old = x.history(o)[index].value;
        let order = if new.is_some() { success } else { failure };
        if order == Ordering::SeqCst {
            x.sc_event(false);
        }
        let stale = x.stale(o, index);
        x.read_store(o, index, order);
        let extra = 22 + u64::from(new.is_some()) + ((taken as u64) << 8);
        x.event(Some(o), new.is_some() || stale.is_some(), extra);
        if let Some(new) = new {
            x.add_store(o, new, order, (index, true), at);
            if new == old {
                x.objects[o].stamp -= 1;
                let stamp = x.objects[o].stamp;
                x.looked(at, o, stamp);
            } else {
                x.progressed();
            }
        } else {
            let stamp = x.objects[o].stamp;
            x.looked(at, o, stamp);
        }
        let was = x.shown(o, old);
        let is = new.and_then(|_| x.shown_store(o, index + 1));
        let action = if new.is_some() { Action::Update } else { Action::FailedUpdate };
        x.step_with(action, at, Some(o), |s| {
            s.value = match (was, is) {
                (Some(was), Some(is)) => Some(format!("{was} → {is}")),
                (was, _) => was,
            };
            s.failed = new.is_none();
            s.ordering = Some(name(order));
            s.stale = stale.filter(|_| new.is_none());
        });
        if new.is_some() { Ok(old) } else { Err(old) }
    })
}

/// The newest value, for access by `&mut` or by value: nobody else can be at it.
pub(crate) fn newest(id: &ModelId) -> Option<u64> {
    with(|x| {
        let o = id.get(x.epoch)?;
        x.history(o).last().map(|store| store.value)
    })
}

pub(crate) fn fence(order: Ordering, at: Loc) {
    point(Action::Fence, None, at);
    with(|x| {
        let sc = order == Ordering::SeqCst;
        if sc {
            x.sc_event(true);
        }
        x.event(None, false, 24);
        let thread = &mut x.threads[x.current];
        if acquires(order) {
            let acquirable = std::mem::take(&mut thread.acquirable);
            thread.view.join(&acquirable);
        }
        if sc {
            thread.view.join(&x.sc_view);
            x.sc_view.join(&thread.view);
        }
        if releases(order) {
            thread.released = thread.view.clone();
        }
        x.step_with(Action::Fence, at, None, |s| s.ordering = Some(name(order)));
    });
}
