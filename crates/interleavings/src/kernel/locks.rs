//! The effects of locks, condition variables, barriers and initialisation.

use super::ids::{Loc, ModelId, Obj, Tid};
use super::record::{Action, Woke};
use crate::sync::Spare;

use super::{Arrival, Change, Exec, Hold, LockOrder, Need, State, arrive, point, with};

/// Where a blocking call gives up, as a moment of the virtual clock.
pub(crate) type Deadline = Option<u64>;

impl State {
    /// The hold of the only thread that may write.
    fn writer(&mut self) -> Option<&mut Hold> {
        match self {
            State::Mutex { holder: hold, .. } | State::RwLock { writer: hold, .. } => {
                hold.as_mut()
            }
            _ => None,
        }
    }

    fn is_held_by(&self, t: Tid) -> bool {
        match self {
            State::Mutex { holder: Some(hold), .. }
            | State::RwLock { writer: Some(hold), .. } => hold.thread == t,
            State::RwLock { readers, .. } => readers.iter().any(|h| h.thread == t),
            _ => false,
        }
    }
}

impl Exec {
    /// The running thread, holding something since `at`.
    pub(crate) fn hold(&self, at: Loc) -> Hold {
        Hold {
            thread: self.current,
            at,
            was_panicking: self.threads[self.current].panicking,
            written: false,
            before: None,
            spare: None,
        }
    }

    /// Keeps which locks were held when another one was taken.
    fn note_lock_order(&mut self, taken: Obj, at: Loc) {
        let me = self.current;
        if !self.objects.iter().any(|o| o.state.is_held_by(me)) {
            return;
        }
        let mut held = Vec::new();
        for (o, object) in self.objects.iter().enumerate() {
            if o == taken {
                continue;
            }
            let hold = match &object.state {
                State::Mutex { holder: Some(hold), .. } if hold.thread == me => *hold,
                State::RwLock { writer: Some(hold), .. } if hold.thread == me => *hold,
                State::RwLock { readers, .. } => {
                    match readers.iter().find(|hold| hold.thread == me) {
                        Some(hold) => *hold,
                        None => continue,
                    }
                }
                _ => continue,
            };
            held.push((o, object.made_at, hold.at));
        }
        let all: Vec<Obj> = held.iter().map(|h| h.0).collect();
        for (o, first_made_at, first_at) in held {
            let known = |k: &LockOrder| (k.first, k.second, k.thread) == (o, taken, me);
            if self.lock_order.iter().any(known) || self.lock_order.len() >= 256 {
                continue;
            }
            self.lock_order.push(LockOrder {
                first: o,
                second: taken,
                first_made_at,
                second_made_at: self.objects[taken].made_at,
                first_at,
                second_at: at,
                thread: me,
                held: all.clone(),
            });
            self.note_cycle();
        }
    }

    /// Keeps a cycle of different threads that the newest pair closes, unless one
    /// more lock, held by two of them, keeps them apart.
    fn note_cycle(&mut self) {
        if self.stats.lock_cycles.len() >= 8 {
            return;
        }
        let newest = self.lock_order.len() - 1;
        let mut path = vec![newest];
        if self.extend_cycle(&mut path) {
            let cycle: Vec<_> =
                path.iter().map(|&i| self.lock_order[i].clone()).collect();
            let places = |c: &[LockOrder]| -> Vec<_> {
                let mut places: Vec<_> =
                    c.iter().map(|l| (l.first_at, l.second_at)).collect();
                places.sort_unstable();
                places
            };
            let known = places(&cycle);
            if !self.stats.lock_cycles.iter().any(|c| places(c) == known) {
                self.stats.lock_cycles.push(cycle);
            }
        }
    }

    fn extend_cycle(&self, path: &mut Vec<usize>) -> bool {
        let (start, last) =
            (&self.lock_order[path[0]], &self.lock_order[path[path.len() - 1]]);
        if path.len() > 1 && last.second == start.first {
            return true;
        }
        for (i, next) in self.lock_order.iter().enumerate() {
            let fits = next.first == last.second
                && path.iter().all(|&j| {
                    let other = &self.lock_order[j];
                    other.thread != next.thread
                        && !next.held.iter().any(|o| other.held.contains(o))
                });
            if fits {
                path.push(i);
                if self.extend_cycle(path) {
                    return true;
                }
                path.pop();
            }
        }
        false
    }

    /// Somebody tries a lock: from now on the time between the last step of a
    /// critical section and its end matters.
    fn needs_unlock_points(&mut self) {
        if !self.unlock_points {
            self.unlock_points = true;
            self.wants_restart = true;
        }
    }

    fn acquire_view(&mut self, object: Obj, readers_too: bool) {
        let me = self.current;
        let object = &self.objects[object];
        self.threads[me].view.join(&object.view);
        if readers_too {
            self.threads[me].view.join(&object.view_of_readers);
        }
    }

    pub(crate) fn release_view(&mut self, object: Obj) {
        let me = self.current;
        self.objects[object].view.join(&self.threads[me].view);
    }
}

// ---- Mutex ------------------------------------------------------------------------

fn mutex(id: &ModelId, name: &'static str, poisoned: bool) -> Obj {
    with(|x| {
        if let Some(o) = id.get(x.epoch) {
            return o;
        }
        let poisoned = x.first_poison(id, poisoned);
        x.object(id, name, || State::Mutex { holder: None, poisoned })
    })
}

fn take_mutex(x: &mut Exec, o: Obj, at: Loc) -> bool {
    let hold = x.hold(at);
    x.note_lock_order(o, at);
    x.acquire_view(o, false);
    x.event(Some(o), true, 1);
    let object = &mut x.objects[o];
    let State::Mutex { holder, poisoned } = &mut object.state else { return false };
    *holder = Some(hold);
    let poisoned = *poisoned;
    x.saw_poison(o, poisoned)
}

/// Blocks until the running thread holds the mutex; returns whether it is poisoned.
pub(crate) fn lock(
    id: &ModelId,
    name: &'static str,
    real_poison: bool,
    at: Loc,
) -> bool {
    let o = mutex(id, name, real_poison);
    arrive(Arrival::new(Action::Lock, Some(o), at, Need::Mutex(o)));
    with(|x| {
        let poisoned = take_mutex(x, o, at);
        x.step(Action::Lock, at, Some(o));
        poisoned
    })
}

/// Takes the mutex if it is free: `None`, or whether it is poisoned.
pub(crate) fn try_lock(
    id: &ModelId,
    name: &'static str,
    real_poison: bool,
    at: Loc,
) -> Option<bool> {
    let o = mutex(id, name, real_poison);
    point(Action::TryLock, Some(o), at);
    with(|x| {
        x.needs_unlock_points();
        let free = x.is_free(o, true);
        if free {
            let poisoned = take_mutex(x, o, at);
            x.step(Action::TryLock, at, Some(o));
            Some(poisoned)
        } else {
            x.event(Some(o), false, 2);
            x.step_with(Action::TryLock, at, Some(o), |s| s.failed = true);
            let stamp = x.objects[o].stamp;
            x.looked(at, o, stamp);
            None
        }
    })
}

/// Ends the running thread's hold of the mutex.
///
/// `after` stands for the value, and is asked if it is known what that was before.
pub(crate) fn unlock(
    id: &ModelId,
    value: Option<String>,
    after: impl FnOnce() -> Option<u64>,
) {
    let Some((o, at)) = with(|x| Some((id.get(x.epoch)?, x.held_since(id)?))) else {
        return;
    };
    let after = if knows_before(id) { after() } else { None };
    if with(|x| x.unlock_points) {
        point(Action::Unlock, Some(o), at);
    }
    with(|x| {
        x.unlock(o, after, |x| {
            x.step_with(Action::Unlock, at, Some(o), |s| s.value = value);
        });
    });
}

/// The guard of a lock gives out a mutable reference. `before` stands for the value, and
/// is asked if that is worth knowing; it answers `None` if nobody can tell.
pub(crate) fn note_write(id: &ModelId, before: impl FnOnce() -> Option<u64>) {
    let wanted = with(|x| {
        let Some(o) = id.get(x.epoch) else { return false };
        let Some(hold) = x.objects[o].state.writer() else { return false };
        let first = !std::mem::replace(&mut hold.written, true);
        first && x.looks_for_something(o)
    });
    if !wanted {
        return;
    }
    let value = before();
    with(|x| {
        let Some(o) = id.get(x.epoch) else { return };
        x.objects[o].comparable = value.is_some();
        if let Some(hold) = x.objects[o].state.writer() {
            hold.before = value;
        }
    });
}

/// Whether the value before is known, so that the one after is worth knowing.
fn knows_before(id: &ModelId) -> bool {
    with(|x| {
        let hold = id.get(x.epoch).and_then(|o| x.objects[o].state.writer());
        hold.is_some_and(|hold| hold.before.is_some())
    })
}

/// What was found out about a hold that is to be forgotten again.
pub(crate) fn was_written(id: &ModelId) -> bool {
    with(|x| match id.get(x.epoch).map(|o| &x.objects[o].state) {
        Some(State::Mutex { holder: Some(hold), .. }) => hold.written,
        _ => false,
    })
}

/// The condition of a wait has only looked at the value, for all we know.
pub(crate) fn forget_write(id: &ModelId) {
    with(|x| {
        let Some(o) = id.get(x.epoch) else { return };
        if let State::Mutex { holder: Some(hold), .. } = &mut x.objects[o].state {
            (hold.written, hold.before) = (false, None);
        }
    });
}

impl Exec {
    /// Whether a lock can be taken now, for writing or for reading.
    fn is_free(&self, o: Obj, to_write: bool) -> bool {
        match &self.objects[o].state {
            State::Mutex { holder, .. } => holder.is_none(),
            State::RwLock { writer, readers, .. } => {
                writer.is_none() && (!to_write || readers.is_empty())
            }
            _ => false,
        }
    }

    /// Where the running thread has taken the lock that it holds.
    fn held_since(&self, id: &ModelId) -> Option<Loc> {
        let me = self.current;
        match &self.objects[id.get(self.epoch)?].state {
            State::Mutex { holder: Some(hold), .. }
            | State::RwLock { writer: Some(hold), .. } => Some(hold.at),
            State::RwLock { readers, .. } => {
                readers.iter().rfind(|hold| hold.thread == me).map(|hold| hold.at)
            }
            _ => None,
        }
    }

    fn unlock(&mut self, o: Obj, after: Option<u64>, tell: impl FnOnce(&mut Self)) {
        self.release_view(o);
        self.event(Some(o), true, 3);
        tell(self);
        let State::Mutex { holder, .. } = &mut self.objects[o].state else { return };
        if let Some(hold) = holder.take() {
            self.ends_writing(o, hold, after);
        }
    }

    /// The running thread gives back a lock that it could write under.
    fn ends_writing(&mut self, o: Obj, hold: Hold, after: Option<u64>) {
        let poisons = self.threads[self.current].panicking && !hold.was_panicking;
        if poisons && let Some(poisoned) = self.poison(o) {
            *poisoned = true;
            self.objects[o].poisoned_by = Some(hold.thread);
        }
        let change = match (hold.before, after) {
            _ if poisons => Change::Something,
            _ if !hold.written => Change::Nothing,
            (Some(before), Some(after)) if before == after => Change::Nothing,
            (Some(_), Some(_)) => Change::Something,
            _ => Change::Unknown,
        };
        if let Some(step) = self.record.last_mut()
            && step.thread == hold.thread
            && step.object == Some(o)
        {
            step.wrote = hold.written;
        }
        self.released(hold.at, o, change);
    }
}

/// A lock with a poison flag.
#[derive(Clone, Copy)]
pub(crate) enum Poisonable {
    Mutex,
    RwLock,
}

impl Poisonable {
    fn register(self, id: &ModelId, name: &'static str, real_poison: bool) -> Obj {
        match self {
            Poisonable::Mutex => mutex(id, name, real_poison),
            Poisonable::RwLock => rw_lock(id, name, real_poison),
        }
    }
}

impl Exec {
    /// Remembers whose panic the running thread meets in a poisoned object.
    fn saw_poison(&mut self, o: Obj, poisoned: bool) -> bool {
        if poisoned {
            let by = self.objects[o].poisoned_by;
            let thread = self.thread();
            thread.saw_panic_of = by.or(thread.saw_panic_of);
        }
        poisoned
    }

    fn poison(&mut self, o: Obj) -> Option<&mut bool> {
        match &mut self.objects[o].state {
            State::Mutex { poisoned, .. } | State::RwLock { poisoned, .. } => {
                Some(poisoned)
            }
            _ => None,
        }
    }
}

/// Whether the lock is poisoned, at a moment that the search decides.
pub(crate) fn is_poisoned(
    kind: Poisonable,
    id: &ModelId,
    name: &'static str,
    real_poison: bool,
    at: Loc,
) -> bool {
    let o = kind.register(id, name, real_poison);
    point(Action::SeePoison, Some(o), at);
    with(|x| {
        x.event(Some(o), false, 53);
        let poisoned = x.poison(o).is_some_and(|poisoned| *poisoned);
        x.step_with(Action::SeePoison, at, Some(o), |s| s.failed = !poisoned);
        x.looked(at, o, u64::from(poisoned));
        poisoned
    })
}

/// The poison flag for a caller who has the lock to itself.
pub(crate) fn own_poison(id: &ModelId, real_poison: bool) -> bool {
    with(|x| match id.get(x.epoch).and_then(|o| x.poison(o)) {
        Some(poisoned) => *poisoned,
        None => real_poison,
    })
}

pub(crate) fn clear_poison(
    kind: Poisonable,
    id: &ModelId,
    name: &'static str,
    real_poison: bool,
    at: Loc,
) {
    let o = kind.register(id, name, real_poison);
    point(Action::ClearPoison, Some(o), at);
    with(|x| {
        x.event(Some(o), true, 54);
        if let Some(poisoned) = x.poison(o)
            && std::mem::take(poisoned)
        {
            x.objects[o].stamp += 1;
            x.progressed();
        }
        x.step(Action::ClearPoison, at, Some(o));
    });
}

// ---- RwLock -----------------------------------------------------------------------

fn rw_lock(id: &ModelId, name: &'static str, poisoned: bool) -> Obj {
    with(|x| {
        if let Some(o) = id.get(x.epoch) {
            return o;
        }
        let poisoned = x.first_poison(id, poisoned);
        let state = || State::RwLock { writer: None, readers: Vec::new(), poisoned };
        x.object(id, name, state)
    })
}

fn take_rw(x: &mut Exec, o: Obj, at: Loc, to_write: bool) -> bool {
    let hold = x.hold(at);
    x.note_lock_order(o, at);
    x.acquire_view(o, to_write);
    x.event(Some(o), true, 4);
    let State::RwLock { writer, readers, poisoned } = &mut x.objects[o].state else {
        return false;
    };
    if to_write {
        *writer = Some(hold);
    } else {
        readers.push(hold);
    }
    let poisoned = *poisoned;
    x.saw_poison(o, poisoned)
}

/// Blocks until the lock is held for reading or writing; returns the poison flag.
pub(crate) fn rw_acquire(
    id: &ModelId,
    name: &'static str,
    real_poison: bool,
    to_write: bool,
    at: Loc,
) -> bool {
    let o = rw_lock(id, name, real_poison);
    let (action, need) = match to_write {
        true => (Action::LockWrite, Need::Write(o)),
        false => (Action::LockRead, Need::Read(o)),
    };
    arrive(Arrival::new(action, Some(o), at, need));
    with(|x| {
        let poisoned = take_rw(x, o, at, to_write);
        x.step(action, at, Some(o));
        poisoned
    })
}

/// Takes the lock if it is free: `None`, or the poison flag.
pub(crate) fn rw_try(
    id: &ModelId,
    name: &'static str,
    real_poison: bool,
    to_write: bool,
    at: Loc,
) -> Option<bool> {
    let o = rw_lock(id, name, real_poison);
    let action = if to_write { Action::TryLockWrite } else { Action::TryLockRead };
    point(action, Some(o), at);
    with(|x| {
        x.needs_unlock_points();
        if x.is_free(o, to_write) {
            let poisoned = take_rw(x, o, at, to_write);
            x.step(action, at, Some(o));
            Some(poisoned)
        } else {
            x.event(Some(o), false, 5);
            x.step_with(action, at, Some(o), |s| s.failed = true);
            let stamp = x.objects[o].stamp;
            x.looked(at, o, stamp);
            None
        }
    })
}

/// Ends a hold of the running thread. `after` as in [`unlock`].
pub(crate) fn rw_release(
    id: &ModelId,
    of_writer: bool,
    value: Option<String>,
    after: impl FnOnce() -> Option<u64>,
) {
    let Some((o, at)) = with(|x| Some((id.get(x.epoch)?, x.held_since(id)?))) else {
        return;
    };
    let after = if of_writer && knows_before(id) { after() } else { None };
    let action = if of_writer { Action::UnlockWrite } else { Action::UnlockRead };
    if with(|x| x.unlock_points) {
        point(action, Some(o), at);
    }
    with(|x| {
        let me = x.current;
        let view = x.threads[me].view.clone();
        x.event(Some(o), true, 6);
        x.step_with(action, at, Some(o), |s| s.value = value);
        let object = &mut x.objects[o];
        let into =
            if of_writer { &mut object.view } else { &mut object.view_of_readers };
        into.join(&view);
        let State::RwLock { writer, readers, .. } = &mut object.state else { return };
        if !of_writer {
            let index = readers.iter().rposition(|hold| hold.thread == me);
            index.map(|index| readers.remove(index));
            x.released(at, o, Change::Nothing);
        } else if let Some(hold) = writer.take() {
            x.ends_writing(o, hold, after);
        }
    });
}

/// Turns the writer's hold into a reader's.
pub(crate) fn rw_downgrade(id: &ModelId, at: Loc) {
    let Some(o) = with(|x| id.get(x.epoch)) else { return };
    if with(|x| x.unlock_points) {
        point(Action::Downgrade, Some(o), at);
    }
    with(|x| {
        x.release_view(o);
        x.event(Some(o), true, 7);
        x.step(Action::Downgrade, at, Some(o));
        let hold = x.hold(at);
        if let State::RwLock { writer, readers, .. } = &mut x.objects[o].state {
            *writer = None;
            readers.push(hold);
        }
        x.progressed();
    });
}

// ---- Condvar -----------------------------------------------------------------------

fn condvar(id: &ModelId) -> Obj {
    let state = || State::Condvar { waiters: Vec::new() };
    with(|x| x.object(id, "", state))
}

/// How a wait on a condition variable ended.
pub(crate) struct WaitEnd {
    pub(crate) timed_out: bool,
    pub(crate) poisoned: bool,
}

/// Gives the mutex back, waits, and takes the mutex again.
///
/// `hand_back` releases the real mutex; nobody else runs between its release in
/// the model and this call.
pub(crate) fn wait(
    id: &ModelId,
    mutex: &ModelId,
    timeout: Option<u64>,
    at: Loc,
    hand_back: impl FnOnce(),
) -> WaitEnd {
    let cv = condvar(id);
    let mutex = with(|x| mutex.get(x.epoch)).expect("the guard's mutex is registered");
    point(Action::Wait, Some(cv), at);
    let deadline = with(|x| {
        let me = x.current;
        x.unlock(mutex, None, |_| {});
        x.event(Some(cv), true, 8);
        if let State::Condvar { waiters, .. } = &mut x.objects[cv].state {
            waiters.push(me);
        }
        x.step_with(Action::Wait, at, Some(cv), |s| s.blocked = true);
        x.deadline(timeout)
    });
    hand_back();
    arrive(Arrival {
        deadline,
        ..Arrival::new(Action::WakeUp, Some(cv), at, Need::Notified(cv, mutex))
    });
    with(|x| {
        let timed_out = x.thread().woke == Woke::TimedOut;
        let poisoned = take_mutex(x, mutex, at);
        x.step_with(Action::WakeUp, at, Some(cv), |s| s.failed = timed_out);
        if timed_out {
            x.progressed();
        }
        WaitEnd { timed_out, poisoned }
    })
}

/// Wakes one waiting thread, or all.
pub(crate) fn notify(id: &ModelId, all: bool, at: Loc) {
    let cv = condvar(id);
    let action = if all { Action::NotifyAll } else { Action::NotifyOne };
    point(action, Some(cv), at);
    with(|x| {
        let State::Condvar { waiters } = &mut x.objects[cv].state else { return };
        let woken: Vec<Tid> = if waiters.is_empty() {
            Vec::new()
        } else if all {
            std::mem::take(waiters)
        } else if waiters.len() == 1 {
            vec![waiters.remove(0)]
        } else {
            // std does not say whom it wakes. Whoever waits longest is the usual
            // choice; another one costs as much as a spurious wake-up.
            let count = waiters.len() as u32;
            let free = if x.rules.spurious { 1 } else { count };
            let key = 0;
            let choice =
                if free == count { 0 } else { x.search.choose_turn(free, count, key) };
            vec![waiters.remove(choice as usize)]
        };
        let first = woken.first().copied();
        x.event(Some(cv), true, 9 + first.map_or(0, |t| t as u64 + 1));
        for &t in &woken {
            if let Need::Notified(_, mutex) = x.threads[t].need {
                x.threads[t].need = Need::Mutex(mutex);
                x.threads[t].deadline = None;
            }
            x.hand_over_to(t);
        }
        if !woken.is_empty() {
            x.progressed();
        }
        x.step_with(action, at, Some(cv), |s| {
            s.other = first;
            s.failed = woken.is_empty();
        });
    });
}

// ---- Barrier -----------------------------------------------------------------------

/// Waits for the others of the round; true for its leader.
pub(crate) fn barrier_wait(id: &ModelId, size: usize, at: Loc) -> bool {
    let state = || State::Barrier { size, arrived: 0, round: 0 };
    let o = with(|x| x.object(id, "", state));
    point(Action::BarrierWait, Some(o), at);
    let waits_for = with(|x| {
        x.event(Some(o), true, 10);
        x.release_view(o);
        x.progressed();
        let State::Barrier { size, arrived, round } = &mut x.objects[o].state else {
            return None;
        };
        *arrived += 1;
        if *arrived >= *size {
            *arrived = 0;
            *round += 1;
            x.step(Action::BarrierWait, at, Some(o));
            x.acquire_view(o, false);
            None
        } else {
            Some(*round)
        }
    });
    let Some(round) = waits_for else { return true };
    arrive(Arrival::new(Action::BarrierWait, Some(o), at, Need::Round(o, round)));
    with(|x| {
        x.event(Some(o), false, 11);
        x.acquire_view(o, false);
        x.step(Action::BarrierWait, at, Some(o));
    });
    false
}

// ---- initialisation ------------------------------------------------------------------

/// What a thread finds when it comes to an initialisation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Initialised {
    /// It is done.
    Yes,
    /// The caller has to do it; an earlier attempt may have panicked.
    ByUs { poisoned: bool },
    /// An earlier attempt panicked.
    Poisoned,
}

fn once(id: &ModelId, name: &'static str, done: bool) -> Obj {
    with(|x| {
        x.object(id, name, || State::Once { running: None, done, poisoned: false })
    })
}

/// Comes to an initialisation, waiting while another thread is at it.
pub(crate) fn once_begin(
    id: &ModelId,
    name: &'static str,
    done: bool,
    ignore_poison: bool,
    at: Loc,
) -> Initialised {
    let o = once(id, name, done);
    arrive(Arrival::new(Action::OnceRun, Some(o), at, Need::Once(o)));
    with(|x| {
        let hold = x.hold(at);
        x.acquire_view(o, false);
        let State::Once { running, done, poisoned } = &mut x.objects[o].state else {
            return Initialised::Yes;
        };
        if *done {
            x.event(Some(o), false, 12);
            x.step(Action::OnceSeen, at, Some(o));
            Initialised::Yes
        } else if *poisoned && !ignore_poison {
            x.event(Some(o), false, 13);
            x.saw_poison(o, true);
            Initialised::Poisoned
        } else {
            *running = Some(hold);
            let poisoned = *poisoned;
            x.event(Some(o), true, 14);
            x.step(Action::OnceRun, at, Some(o));
            x.progressed();
            Initialised::ByUs { poisoned }
        }
    })
}

/// Ends the initialisation that the running thread began.
pub(crate) fn once_end(id: &ModelId, succeeded: bool, poisons: bool, at: Loc) {
    let Some(o) = with(|x| id.get(x.epoch)) else { return };
    point(Action::OnceDone, Some(o), at);
    with(|x| {
        x.release_view(o);
        x.event(Some(o), true, 15);
        x.progressed();
        if let State::Once { running, done, poisoned } = &mut x.objects[o].state {
            *running = None;
            *done = succeeded;
            *poisoned = poisons;
        }
        x.objects[o].poisoned_by = poisons.then_some(x.current);
        x.step_with(Action::OnceDone, at, Some(o), |s| s.failed = !succeeded);
    });
}

/// Waits until the initialisation is done (true) or an attempt has panicked.
pub(crate) fn once_wait(id: &ModelId, done: bool, at: Loc) -> bool {
    let o = once(id, "", done);
    arrive(Arrival::new(Action::OnceSeen, Some(o), at, Need::Initialised(o)));
    with(|x| {
        x.event(Some(o), false, 19);
        x.acquire_view(o, false);
        let done = matches!(x.objects[o].state, State::Once { done: true, .. });
        x.step_with(Action::OnceSeen, at, Some(o), |s| s.failed = !done);
        done
    })
}

/// Whether the initialisation is done, without waiting for it.
pub(crate) fn once_is_done(
    id: &ModelId,
    name: &'static str,
    done: bool,
    at: Loc,
) -> bool {
    let o = once(id, name, done);
    point(Action::OnceSeen, Some(o), at);
    with(|x| {
        x.event(Some(o), false, 16);
        let State::Once { done, .. } = x.objects[o].state else { return false };
        if done {
            x.acquire_view(o, false);
        } else {
            x.looked(at, o, 0);
        }
        x.step_with(Action::OnceSeen, at, Some(o), |s| s.failed = !done);
        done
    })
}

// ---- rendezvous of judges --------------------------------------------------------------

/// Waits until `size` threads have come to the same line.
pub(crate) fn meet(size: usize, at: Loc) {
    let o = with(|x| {
        if let Some((_, o)) = x.meetings.iter().find(|(place, _)| *place == at) {
            return *o;
        }
        let o = x.add_object(at, "", State::Meeting { size, arrived: 0, round: 0 });
        x.meetings.push((at, o));
        o
    });
    point(Action::Meet, Some(o), at);
    let waits_for = with(|x| {
        x.event(Some(o), true, 17);
        x.progressed();
        let State::Meeting { size, arrived, round } = &mut x.objects[o].state else {
            return None;
        };
        *arrived += 1;
        if *arrived >= *size {
            *arrived = 0;
            *round += 1;
            x.step(Action::Meet, at, Some(o));
            None
        } else {
            Some(*round)
        }
    });
    if let Some(round) = waits_for {
        arrive(Arrival::new(Action::Meet, Some(o), at, Need::Meeting(o, round)));
        with(|x| {
            x.event(Some(o), false, 18);
            x.step(Action::Meet, at, Some(o));
        });
    }
}

/// Whether this is the first use of a lock's value in this execution, and whether the
/// value has been used in one before.
pub(crate) fn first_use(id: &ModelId) -> Option<bool> {
    with(|x| {
        let object = &mut x.objects[id.get(x.epoch)?];
        std::mem::take(&mut object.unused).then_some(object.outlived.is_some())
    })
}

/// Keeps what frees the real lock that the running thread has just taken.
pub(crate) fn keep_spare(id: &ModelId, spare: Spare) {
    with(|x| {
        let me = x.current;
        let Some(o) = id.get(x.epoch) else { return };
        let hold = match &mut x.objects[o].state {
            State::Mutex { holder, .. } => holder.as_mut(),
            State::RwLock { writer: Some(hold), .. } => Some(hold),
            State::RwLock { readers, .. } => {
                readers.iter_mut().rfind(|hold| hold.thread == me)
            }
            _ => None,
        };
        if let Some(hold) = hold {
            hold.spare = Some(spare);
        }
    });
}

/// Hands out what frees a lock that the execution in which it was used last has left
/// locked; each is handed out once.
pub(crate) fn left_locked(id: &ModelId) -> Vec<Spare> {
    with(|x| {
        let last = id.get(x.epoch).and_then(|o| x.objects[o].outlived);
        last.and_then(|last| x.left_locked.remove(&last)).unwrap_or_default()
    })
}
