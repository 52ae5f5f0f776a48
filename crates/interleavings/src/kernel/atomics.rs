//! Atomics under the memory model: every atomic keeps its history of stores.
//!
//! The model is the view-based fragment of C++20 (which Rust uses), as in Kang,
//! Hur, Lahav, Vafeiadis and Dreyer, "A promising semantics for relaxed-memory
//! concurrency", POPL 2017, without promises, so load buffering is forbidden as
//! in RC11 (Lahav et al., PLDI 2017). A view says, for each atomic, the oldest
//! store that may still be read. A relaxed load may return any store from there
//! on; reading a released one with acquire joins the view that was released.
//!
//! Where it is narrower than the model: stores take their place in the
//! modification order when they are executed, so programs whose only weakness is
//! the order of two stores (the litmus test 2+2W) show fewer outcomes than
//! allowed. Read-modify-writes read the newest store, as the model demands.
//!
//! Sequentially consistent operations take part in one order, that of execution,
//! with a global view: such a load reads no older store than the newest one that
//! any earlier such operation on the same atomic wrote or read ([atomics.order]
//! in C++20), and a fence exchanges the whole view.

use std::sync::atomic::Ordering;

use super::ids::{Loc, ModelId, Obj};
use super::record::Action;
use super::{Exec, State, point, with};

/// For each atomic the index of the oldest store that may still be read.
#[derive(Clone, Debug, Default)]
pub(crate) struct View(Vec<u32>);

impl View {
    pub(crate) fn get(&self, object: Obj) -> u32 {
        self.0.get(object).copied().unwrap_or(0)
    }

    fn raise(&mut self, object: Obj, index: u32) {
        if index == 0 {
            return;
        }
        if self.0.len() <= object {
            self.0.resize(object + 1, 0);
        }
        self.0[object] = self.0[object].max(index);
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

/// One store in an atomic's history.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) value: u64,
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
        history: vec![Store { value: target.initial, at: None, view: View::default() }],
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

    /// Makes the running thread's view include the store that it has read.
    fn read_store(&mut self, o: Obj, index: usize, order: Ordering) -> u64 {
        let State::Atomic { history, .. } = &self.objects[o].state else { return 0 };
        let store = &history[index];
        let thread = &mut self.threads[self.current];
        thread.view.raise(o, index as u32);
        if acquires(order) {
            thread.view.join(&store.view);
        } else {
            thread.acquirable.join(&store.view);
        }
        if order == Ordering::SeqCst {
            self.sc_view.raise(o, index as u32);
        }
        store.value
    }

    /// Appends a store; `continues` is the release sequence it belongs to.
    fn add_store(
        &mut self,
        o: Obj,
        value: u64,
        order: Ordering,
        continues: Option<usize>,
        at: Loc,
    ) {
        let index = self.history(o).len() as u32;
        let thread = &mut self.threads[self.current];
        thread.view.raise(o, index);
        let mut view =
            if releases(order) { thread.view.clone() } else { thread.released.clone() };
        if let Some(previous) = continues {
            view.join(&self.history(o)[previous].view);
        }
        view.raise(o, index);
        if order == Ordering::SeqCst {
            self.sc_view.raise(o, index);
        }
        if let State::Atomic { history, .. } = &mut self.objects[o].state {
            history.push(Store { value, at: Some(at), view });
        }
        self.objects[o].stamp += 1;
    }
}

/// Reads the newest store, or an older one that the ordering allows.
pub(crate) fn load(target: &Target<'_>, order: Ordering, at: Loc) -> u64 {
    let o = atomic(target);
    point(Action::Load, Some(o), at);
    with(|x| {
        let newest = x.history(o).len() - 1;
        let mut oldest = x.thread().view.get(o);
        if order == Ordering::SeqCst {
            oldest = oldest.max(x.sc_view.get(o));
            x.sc_event(false);
        }
        let mut age = 0;
        if (oldest as usize) < newest && x.rules.stale_reads {
            let count = newest as u32 - oldest + 1;
            age = x.search.choose(1, count, 0);
        }
        let index = newest - age as usize;
        let value = x.read_store(o, index, order);
        // An old read comes before the stores that it missed.
        x.event(Some(o), age > 0, 20 + u64::from(age));
        let text = x.shown(o, value);
        let places = (x.history(o)[newest].at, x.history(o)[index].at);
        x.step_with(Action::Load, at, Some(o), |s| {
            s.value = text;
            s.ordering = Some(name(order));
            if let (true, (Some(newer), old)) = (age > 0, places) {
                s.stale = Some((newer, old));
            }
        });
        x.looked(at, o, index as u64);
        value
    })
}

pub(crate) fn store(target: &Target<'_>, value: u64, order: Ordering, at: Loc) {
    let o = atomic(target);
    point(Action::Store, Some(o), at);
    with(|x| {
        if order == Ordering::SeqCst {
            x.sc_event(false);
        }
        x.event(Some(o), true, 21);
        x.add_store(o, value, order, None, at);
        x.progressed();
        let text = x.shown(o, value);
        x.step_with(Action::Store, at, Some(o), |s| {
            s.value = text;
            s.ordering = Some(name(order));
        });
    });
}

/// Reads the newest store and replaces it by what `change` makes of it, if anything.
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
        let old = x.history(o)[newest].value;
        let mut new = change(old);
        if new.is_some() && weak && x.rules.spurious && x.search.choose(1, 2, 0) == 1 {
            new = None;
        }
        let order = if new.is_some() { success } else { failure };
        if order == Ordering::SeqCst {
            x.sc_event(false);
        }
        let read_order = match order {
            Ordering::Release => Ordering::Relaxed,
            order => order,
        };
        x.read_store(o, newest, read_order);
        let extra = 22 + u64::from(new.is_some());
        x.event(Some(o), new.is_some(), extra);
        if let Some(new) = new {
            x.add_store(o, new, order, Some(newest), at);
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
        let is = new.and_then(|new| x.shown(o, new));
        let action = if new.is_some() { Action::Update } else { Action::FailedUpdate };
        x.step_with(action, at, Some(o), |s| {
            s.value = match (was, is) {
                (Some(was), Some(is)) => Some(format!("{was} → {is}")),
                (was, _) => was,
            };
            s.failed = new.is_none();
            s.ordering = Some(name(order));
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
