//! The model of std's primitives: who waits for what, and who may run next.
//!
//! An exploration runs on one OS thread. Every modelled thread is a coroutine;
//! at each operation it declares what it needs ([`Need`]) and the kernel picks
//! among the threads whose needs are met. The effect of an operation happens
//! when its thread is picked, so a step is: one operation, then the thread's own
//! code up to its next one.
//!
//! The types in [`crate::sync`] hold the real std type beside a [`ModelId`].
//! What is read and written is always in the real type; the kernel only
//! decides the order, so there is no `unsafe` here for the reader's data.
//!
//! Why not on top of `shuttle`, whose coroutines do the same: the report has to know
//! who waits for what and since which line; spurious wake-ups, early time-outs and
//! stale reads have to be choices in the same tree as preemptions; and a blocked
//! `Drop` in a panicking thread has to work, which needs a panic state for each
//! modelled thread.

pub(crate) mod atomics;
pub(crate) mod channel;
pub(crate) mod coroutine;
pub(crate) mod ids;
pub(crate) mod locks;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod threads;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use self::atomics::{Store, View};
use self::ids::{Loc, ModelId, Obj, Tid};
use self::record::{Action, RawStep, Woke};
use crate::search::{Search, splitmix};
use crate::sync::Spare;

/// Repeated looks at an unchanged thing that make a busy wait.
const SPIN_LIMIT: u32 = 8;

/// The same for a thread that may have changed something itself each time, where
/// nobody can tell: behind a lock of an unknown type. No loop of an exercise goes
/// round so often while everybody else stands still.
pub(crate) const UNSURE_LIMIT: u32 = 200;

/// Steps without a change that is certain, after which all of them busy-wait.
pub(crate) const UNSURE_STEPS: u32 = 20_000;

/// Steps that are recorded; of a longer schedule the end is kept.
const MOST_STEPS_RECORDED: usize = 4_000;

/// Looks at different places that are told apart; more are not a loop.
const SPIN_PLACES: usize = 8;

thread_local! {
    static ACTIVE: Cell<bool> = const { Cell::new(false) };
    static EXEC: RefCell<Option<Box<Exec>>> = const { RefCell::new(None) };
}

/// Whether the caller runs inside an exploration.
///
/// Not `#[inline]`: a learner's crate is built without optimisation, this one with,
/// and a call is cheaper than a thread-local's accessors without it.
pub(crate) fn active() -> bool {
    // A thread-local of the caller's may be dropped after ours.
    ACTIVE.try_with(Cell::get).unwrap_or(false)
}

/// Runs `f` on the current execution. Must only be called when [`active`].
pub(crate) fn with<R>(f: impl FnOnce(&mut Exec) -> R) -> R {
    EXEC.with_borrow_mut(|exec| {
        f(exec.as_deref_mut().expect("active() was checked by the caller"))
    })
}

/// What a thread needs before its next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Nothing,
    Mutex(Obj),
    Read(Obj),
    Write(Obj),
    /// A notification of the condition variable; then the mutex.
    Notified(Obj, Obj),
    /// The barrier's next round.
    Round(Obj, u32),
    /// Nobody is running the initialisation.
    Once(Obj),
    /// The initialisation is done, or has failed.
    Initialised(Obj),
    /// A message, or that nobody can send one any more.
    Message(Obj),
    /// Room in the channel, or that nobody can receive any more.
    Room(Obj),
    /// That the message with this number has been taken.
    Taken(Obj, u32),
    Join(Tid),
    /// That no thread of the scope is left.
    ScopeEnd(Obj),
    Token,
    Sleep,
    Meeting(Obj, u32),
}

impl Need {
    /// The thread whose end is waited for.
    fn other(self) -> Option<Tid> {
        match self {
            Need::Join(t) => Some(t),
            _ => None,
        }
    }
}

/// One modelled thread.
pub(crate) struct ThreadState {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) spawned_at: Loc,
    pub(crate) need: Need,
    pub(crate) deadline: Option<u64>,
    /// The place and kind of the operation that comes next.
    pub(crate) at: Loc,
    pub(crate) action: Action,
    pub(crate) object: Option<Obj>,
    pub(crate) woke: Woke,
    pub(crate) finished: bool,
    pub(crate) joined: bool,
    pub(crate) scope: Option<Obj>,
    pub(crate) panicking: bool,
    pub(crate) panic: Option<PanicNote>,
    /// Whose panic this thread got to know last, by a join, a scope or a poisoned lock.
    pub(crate) saw_panic_of: Option<Tid>,
    /// Whose scope has ended with this thread's panic, which nobody had joined.
    pub(crate) panic_passed_to: Option<Tid>,
    pub(crate) token: bool,
    /// Values of the modelled thread-locals.
    pub(crate) locals: Vec<(usize, Rc<dyn Any>)>,
    pub(crate) view: View,
    pub(crate) acquirable: View,
    pub(crate) released: View,
    /// What `unpark` hands over to `park`.
    pub(crate) token_view: View,
    hash: u64,
    carry: u64,
    ops: u32,
    /// Threads that must run first: this one yielded and they never got a turn.
    gives_way_to: Vec<Tid>,
    last_run: u32,
    last_yield: Option<u32>,
    /// Looks without effect since this thread last changed something.
    looks: Vec<Look>,
    /// It has looked at something since it last offered its turn.
    has_looked: bool,
    spins: bool,
    /// Nothing done yet: a start and the first operation are one step.
    fresh: bool,
}

/// A panic of a modelled thread, as the panic hook saw it.
#[derive(Clone, Debug)]
pub(crate) struct PanicNote {
    pub(crate) message: String,
    pub(crate) file: String,
    pub(crate) line: u32,
    /// The locks that the thread held.
    pub(crate) holding: Vec<Obj>,
    /// Panics are numbered in the order in which they happen.
    pub(crate) number: u32,
    /// The panic is only the echo of this other thread's.
    pub(crate) echo_of: Option<Tid>,
}

/// What a thread has looked at, again and again.
struct Look {
    at: Loc,
    /// `usize::MAX` for an offer of the turn.
    object: Obj,
    /// Stands for what the thread saw.
    seen: u64,
    times: u32,
    /// The thread may have changed something since.
    unsure: bool,
}

/// What a thread may have done to the value behind a lock that it held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Nothing,
    Something,
    /// It had a mutable reference, and the type is not known.
    Unknown,
}

/// Who holds a lock, and since which line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold {
    pub(crate) thread: Tid,
    pub(crate) at: Loc,
    /// The thread was panicking already when it took the lock.
    was_panicking: bool,
    /// The guard has given out a mutable reference.
    written: bool,
    /// What the value was before, for a thread that seems to go in circles.
    before: Option<u64>,
    /// What frees the real lock, should the thread be given up.
    spare: Option<Spare>,
}

/// The state of one modelled object.
pub(crate) enum State {
    Mutex { holder: Option<Hold>, poisoned: bool },
    RwLock { writer: Option<Hold>, readers: Vec<Hold>, poisoned: bool },
    Condvar { waiters: Vec<Tid> },
    Barrier { size: usize, arrived: usize, round: u32 },
    Once { running: Option<Hold>, done: bool, poisoned: bool },
    Channel(ChannelState),
    Atomic { history: Vec<Store>, show: fn(u64) -> String },
    Scope { running: usize, panicked: bool },
    Meeting { size: usize, arrived: usize, round: u32 },
}

/// The state of a channel; the messages themselves are with its two ends.
pub(crate) struct ChannelState {
    pub(crate) capacity: Option<usize>,
    pub(crate) queued: VecDeque<View>,
    pub(crate) sent: u32,
    pub(crate) taken: u32,
    pub(crate) senders: usize,
    pub(crate) receiver: bool,
}

/// One modelled object.
pub(crate) struct Object {
    pub(crate) state: State,
    pub(crate) made_at: Loc,
    /// Where it was when it was first used; 0 for what has no place of its own.
    pub(crate) address: usize,
    pub(crate) type_name: &'static str,
    pub(crate) view: View,
    /// A second view, for what only some operations hand over.
    pub(crate) view_of_readers: View,
    written: u64,
    read: u64,
    /// The execution before this one in which the value was used, and as what.
    pub(crate) outlived: Option<(u32, Obj)>,
    /// The value has not been used in this execution yet.
    pub(crate) unused: bool,
    /// Whose panic has poisoned it.
    pub(crate) poisoned_by: Option<Tid>,
    /// Changes of the value, to tell polling from progress.
    pub(crate) stamp: u64,
    /// Changes of the value can be told.
    comparable: bool,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// Every thread ended.
    Done,
    /// Nobody can go on.
    Deadlock,
    /// Everybody looks and nobody changes anything.
    Livelock,
    /// The thread looked again and again, here, where that is not allowed.
    BusyWait(Tid, Loc),
    TooManySteps,
    TooManyThreads,
}

/// What a scheduling point can do next.
#[derive(Clone, Copy, Debug)]
enum Move {
    Run(Tid),
    /// Let the thread's time-out run out although others could run.
    TimeOut(Tid),
    /// Wake the thread for no reason.
    WakeUp(Tid),
}

/// How a scheduling point came about, and what has happened at it so far.
#[derive(Default)]
struct Turn {
    gives_way: bool,
    /// Nobody could run, and the clock has jumped.
    time_passed: bool,
    /// Whose time has run out early; they need their mutex before they can go on.
    expired: Vec<Tid>,
}

/// What is known from all executions together.
#[derive(Default)]
pub(crate) struct Stats {
    pub(crate) threads_started: usize,
    pub(crate) threads_at_once: usize,
    /// Where a thread looked again and again; with true, as far as can be told.
    pub(crate) busy_waits: Vec<(bool, Loc)>,
    /// Cycles in the order in which locks are taken while others are held.
    pub(crate) lock_cycles: Vec<Vec<LockOrder>>,
    /// Where locks were made that keep their value from one execution to the next.
    pub(crate) carried_over: Vec<Loc>,
}

/// `second` was taken at `second_at` while `first`, taken at `first_at`, was held.
#[derive(Clone, Debug)]
pub(crate) struct LockOrder {
    pub(crate) first: Obj,
    pub(crate) second: Obj,
    pub(crate) first_made_at: Loc,
    pub(crate) second_made_at: Loc,
    pub(crate) first_at: Loc,
    pub(crate) second_at: Loc,
    pub(crate) thread: Tid,
    /// Everything that was held.
    pub(crate) held: Vec<Obj>,
}

/// What the caller may set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) spurious: bool,
    pub(crate) stale_reads: bool,
    pub(crate) allow_detached: bool,
    pub(crate) allow_busy_waits: bool,
    pub(crate) max_steps: u32,
    pub(crate) stack_size: usize,
}

/// One execution of the body, and what is kept from one to the next.
pub(crate) struct Exec {
    pub(crate) epoch: u32,
    pub(crate) threads: Vec<ThreadState>,
    pub(crate) objects: Vec<Object>,
    pub(crate) current: Tid,
    pub(crate) steps: u32,
    pub(crate) clock: u64,
    pub(crate) halt: Option<Halt>,
    pub(crate) rules: Rules,
    pub(crate) search: Search,
    pub(crate) stats: Stats,
    /// Threads to start: coroutines that the runner has not made yet.
    pub(crate) spawned: Vec<Box<dyn FnOnce()>>,
    pub(crate) recording: bool,
    pub(crate) record: Vec<RawStep>,
    /// Steps before the recorded ones.
    pub(crate) skipped: usize,
    /// Unjoined threads at the end of the body.
    pub(crate) left_over: Option<Tid>,
    pub(crate) body_ended: bool,
    /// Panics in this execution.
    pub(crate) panics: u32,
    /// Which lock was taken while which other was held.
    pub(crate) lock_order: Vec<LockOrder>,
    /// First values of the locks that outlive an execution, by address.
    pub(crate) first_values: HashMap<usize, Box<dyn Any>>,
    /// Locks that were poisoned before their first use in any execution, by address.
    poisoned_at_first: Vec<usize>,
    /// What frees the locks that earlier executions left locked, by their record.
    left_locked: HashMap<(u32, Obj), Vec<Spare>>,
    /// Rendezvous points by their line.
    pub(crate) meetings: Vec<(Loc, Obj)>,
    /// Open scopes by the address of the reader's `Scope`.
    pub(crate) scopes: Vec<(usize, Obj)>,
    /// Unlocking is a scheduling point only when somebody can see the difference.
    pub(crate) unlock_points: bool,
    pub(crate) wants_restart: bool,
    pub(crate) sc_view: View,
    pub(crate) progress: Arc<run::Progress>,
    sc_written: u64,
    sc_read: u64,
    clock_hash: u64,
    hash: u64,
    hashing: bool,
    yielded: bool,
    /// Looks since anybody changed anything, for all that is known.
    idle: u32,
    /// Looks since a change that is certain.
    unsure: u32,
    step_limit: u32,
    menu: Vec<(Move, bool)>,
    preempted: Option<Tid>,
}

fn mix(a: u64, b: u64) -> u64 {
    splitmix(a ^ b.rotate_left(29).wrapping_mul(0x2545_f491_4f6c_dd1d))
}

impl Exec {
    pub(crate) fn new(
        rules: Rules,
        search: Search,
        progress: Arc<run::Progress>,
    ) -> Self {
        Self {
            epoch: 0,
            threads: Vec::new(),
            objects: Vec::new(),
            current: 0,
            steps: 0,
            clock: 0,
            halt: None,
            rules,
            search,
            stats: Stats::default(),
            spawned: Vec::new(),
            recording: false,
            record: Vec::new(),
            skipped: 0,
            left_over: None,
            body_ended: false,
            panics: 0,
            lock_order: Vec::new(),
            first_values: HashMap::new(),
            poisoned_at_first: Vec::new(),
            left_locked: HashMap::new(),
            meetings: Vec::new(),
            scopes: Vec::new(),
            unlock_points: false,
            wants_restart: false,
            sc_view: View::default(),
            progress,
            sc_written: 0,
            sc_read: 0,
            clock_hash: 0,
            hash: 0,
            hashing: false,
            yielded: false,
            idle: 0,
            unsure: 0,
            step_limit: 0,
            menu: Vec::new(),
            preempted: None,
        }
    }

    /// Makes everything ready for the next execution.
    pub(crate) fn reset(&mut self, epoch: u32, body_at: Loc) {
        self.epoch = epoch;
        self.threads.clear();
        self.objects.clear();
        self.current = 0;
        self.steps = 0;
        self.clock = 0;
        self.halt = None;
        self.spawned.clear();
        self.record.clear();
        self.skipped = 0;
        self.left_over = None;
        self.body_ended = false;
        self.panics = 0;
        self.lock_order.clear();
        self.meetings.clear();
        self.scopes.clear();
        self.sc_view.clear();
        self.sc_written = 0;
        self.sc_read = 0;
        self.clock_hash = 0;
        self.hash = 0;
        self.yielded = false;
        self.idle = 0;
        self.unsure = 0;
        self.step_limit = self.rules.max_steps;
        self.preempted = None;
        self.search.start_execution();
        self.hashing = self.search.wants_keys();
        self.threads.push(ThreadState::new(None, body_at));
    }

    pub(crate) fn thread(&mut self) -> &mut ThreadState {
        &mut self.threads[self.current]
    }

    /// The record of the object behind `id`, made at its first use.
    pub(crate) fn object(
        &mut self,
        id: &ModelId,
        type_name: &'static str,
        state: impl FnOnce() -> State,
    ) -> Obj {
        if let Some(object) = id.get(self.epoch) {
            return object;
        }
        let object = self.add_object(id.made_at, type_name, state());
        self.objects[object].outlived = id.last();
        self.objects[object].address = std::ptr::from_ref(id).addr();
        id.set(self.epoch, object);
        object
    }

    pub(crate) fn add_object(
        &mut self,
        made_at: Loc,
        type_name: &'static str,
        state: State,
    ) -> Obj {
        self.objects.push(Object {
            state,
            made_at,
            address: 0,
            type_name,
            view: View::default(),
            view_of_readers: View::default(),
            written: 0,
            read: 0,
            outlived: None,
            unused: true,
            poisoned_by: None,
            stamp: 0,
            comparable: true,
        });
        self.objects.len() - 1
    }

    /// The poison flag that a lock begins the execution with.
    fn first_poison(&mut self, id: &ModelId, real: bool) -> bool {
        let address = std::ptr::from_ref(id).addr();
        if id.last().is_some() {
            return self.poisoned_at_first.contains(&address);
        }
        if real {
            self.poisoned_at_first.push(address);
        }
        real
    }

    /// At the end of an execution: notes which real locks its threads leave locked.
    pub(crate) fn note_left_locked(&mut self) {
        for (o, object) in self.objects.iter().enumerate() {
            let (one, readers) = match &object.state {
                State::Mutex { holder, .. } => (holder, &[][..]),
                State::RwLock { writer, readers, .. } => (writer, &readers[..]),
                _ => continue,
            };
            // A guard that a thread has forgotten before it ended may live anywhere.
            let given_up = |hold: &&Hold| !self.threads[hold.thread].finished;
            let holds = one.iter().chain(readers).filter(given_up);
            let spares: Vec<Spare> = holds.filter_map(|hold| hold.spare).collect();
            if !spares.is_empty() {
                self.left_locked.insert((self.epoch, o), spares);
            }
        }
    }

    // ---- who may run ------------------------------------------------------

    fn satisfied(&self, thread: &ThreadState) -> bool {
        match thread.need {
            Need::Nothing => true,
            Need::Mutex(o) => {
                matches!(self.objects[o].state, State::Mutex { holder: None, .. })
            }
            Need::Read(o) => {
                matches!(self.objects[o].state, State::RwLock { writer: None, .. })
            }
            Need::Write(o) => match &self.objects[o].state {
                State::RwLock { writer: None, readers, .. } => readers.is_empty(),
                _ => false,
            },
            Need::Once(o) => {
                matches!(self.objects[o].state, State::Once { running: None, .. })
            }
            Need::Initialised(o) => match &self.objects[o].state {
                State::Once { done, poisoned, .. } => *done || *poisoned,
                _ => false,
            },
            Need::Message(o) => match &self.objects[o].state {
                State::Channel(c) => !c.queued.is_empty() || c.senders == 0,
                _ => false,
            },
            Need::Room(o) => match &self.objects[o].state {
                State::Channel(c) => {
                    !c.receiver || c.capacity.is_none_or(|cap| c.queued.len() < cap)
                }
                _ => false,
            },
            Need::Taken(o, number) => match &self.objects[o].state {
                State::Channel(c) => !c.receiver || c.taken > number,
                _ => false,
            },
            Need::Round(o, seen) => match &self.objects[o].state {
                State::Barrier { round, .. } => *round > seen,
                _ => false,
            },
            Need::Meeting(o, seen) => match &self.objects[o].state {
                State::Meeting { round, .. } => *round > seen,
                _ => false,
            },
            Need::Join(t) => self.threads[t].finished,
            Need::ScopeEnd(o) => {
                matches!(self.objects[o].state, State::Scope { running: 0, .. })
            }
            Need::Token => thread.token,
            Need::Notified(..) | Need::Sleep => false,
        }
    }

    pub(crate) fn enabled(&self, t: Tid) -> bool {
        let thread = &self.threads[t];
        !thread.finished && self.satisfied(thread)
    }

    /// Whether a spurious wake-up lets the thread run now.
    fn could_wake(&self, thread: &ThreadState) -> bool {
        match thread.need {
            Need::Notified(_, mutex) => {
                matches!(self.objects[mutex].state, State::Mutex { holder: None, .. })
            }
            _ => true,
        }
    }

    /// Picks the next thread; true means that the running one has to stop.
    fn pick(&mut self, gives_way: bool) -> bool {
        let running = self.current;
        let mut turn = Turn { gives_way, ..Turn::default() };
        let next = loop {
            let Some(chosen) = self.choose(&turn) else {
                if let Some(deadline) = self.next_deadline() {
                    // Nobody can run, so time passes; then nobody is preempted.
                    self.advance_clock(deadline);
                    turn.time_passed = true;
                    continue;
                }
                self.stop(Halt::Deadlock);
                self.record_who_waits();
                return true;
            };
            match chosen {
                Move::Run(t) => break t,
                Move::TimeOut(t) => {
                    let needs_mutex =
                        matches!(self.threads[t].need, Need::Notified(..));
                    let deadline = self.threads[t].deadline.unwrap_or(self.clock);
                    self.advance_clock(deadline);
                    if !needs_mutex {
                        break t;
                    }
                    // Between the time-out and taking the mutex again others may run.
                    turn.expired.push(t);
                }
                Move::WakeUp(t) => {
                    self.wake(t, Woke::Spurious);
                    self.add_event_of(t, 0x5b);
                    break t;
                }
            }
        };
        let stays = next == running;
        if self.recording {
            let could_go_on = !stays && !gives_way && self.enabled(running);
            self.preempted = could_go_on.then_some(running);
        }
        if !stays && self.yielded {
            for thread in &mut self.threads {
                thread.gives_way_to.retain(|&t| t != next);
            }
        }
        self.threads[next].last_run = self.steps;
        self.current = next;
        !stays
    }

    /// Lets the search choose one of the moves; `None` when nobody can run.
    fn choose(&mut self, turn: &Turn) -> Option<Move> {
        let mut menu = std::mem::take(&mut self.menu);
        self.fill_menu(&mut menu, turn);
        let chosen = match menu.as_slice() {
            [] => None,
            [(only, _)] => Some(*only),
            _ => {
                let free = menu.iter().filter(|(_, free)| *free).count();
                let key = if self.hashing {
                    let at_turn = self.current << 1 | usize::from(turn.gives_way);
                    let state = at_turn + 1 + (turn.expired.len() << 16);
                    mix(self.hash, state as u64 + self.fairness_hash()) | 1
                } else {
                    0
                };
                let choice =
                    self.search.choose_turn(free as u32, menu.len() as u32, key);
                Some(menu[choice as usize].0)
            }
        };
        self.menu = menu;
        chosen
    }

    fn fill_menu(&self, menu: &mut Vec<(Move, bool)>, turn: &Turn) {
        menu.clear();
        let running = self.current;
        let gives_way = turn.gives_way;
        // A time-out is paid for already, so that its thread runs costs no more.
        let expired = turn.expired.iter().filter(|&&t| self.enabled(t));
        menu.extend(expired.map(|&t| (Move::Run(t), true)));
        // Whoever has just been blocked is one among the others.
        let was_blocked = turn.time_passed || turn.expired.contains(&running);
        let goes_on = self.enabled(running) && !was_blocked;
        if goes_on && !gives_way {
            menu.push((Move::Run(running), true));
        }
        let switch_is_free = !goes_on || gives_way;
        for t in 0..self.threads.len() {
            let offered = (goes_on && t == running) || turn.expired.contains(&t);
            if !offered && self.enabled(t) && !self.held_back(t) {
                menu.push((Move::Run(t), switch_is_free));
            }
        }
        if goes_on && gives_way && (menu.is_empty() || !self.held_back(running)) {
            menu.push((Move::Run(running), true));
        }
        if menu.is_empty() {
            // All that could run give way to each other.
            for t in 0..self.threads.len() {
                if self.enabled(t) {
                    menu.push((Move::Run(t), true));
                }
            }
        }
        // Whoever the clock has woken goes on before it moves again.
        if menu.is_empty() || turn.time_passed {
            return;
        }
        for (t, thread) in self.threads.iter().enumerate() {
            if thread.finished || self.enabled(t) {
                continue;
            }
            if thread.deadline.is_some() {
                menu.push((Move::TimeOut(t), false));
            }
            let wakes = matches!(thread.need, Need::Notified(..) | Need::Token);
            // Without anybody else a spurious wake-up would hide a deadlock.
            if wakes && self.rules.spurious && self.could_wake(thread) {
                menu.push((Move::WakeUp(t), false));
            }
        }
    }

    /// When the first of all waits ends by its time-out.
    fn next_deadline(&self) -> Option<u64> {
        let waiting = self.threads.iter().filter(|thread| !thread.finished);
        waiting.filter_map(|thread| thread.deadline).min()
    }

    /// What fairness remembers, which the happens-before graph does not tell.
    fn fairness_hash(&self) -> u64 {
        if !self.yielded {
            return 0;
        }
        let mut hash = 1;
        for thread in &self.threads {
            let Some(last_yield) = thread.last_yield else {
                hash = mix(hash, 1);
                continue;
            };
            for (u, other) in self.threads.iter().enumerate() {
                let had_turn = other.last_run >= last_yield;
                let goes_first = thread.gives_way_to.contains(&u);
                hash = mix(hash, 2 + u64::from(had_turn) + 2 * u64::from(goes_first));
            }
        }
        hash
    }

    /// Whether fairness keeps the thread back: it yielded, and somebody who
    /// could run has not had a turn since its yield before that.
    fn held_back(&self, t: Tid) -> bool {
        self.threads[t].gives_way_to.iter().any(|&u| self.enabled(u))
    }

    /// Lets the virtual time pass and ends every wait that lasts no longer.
    fn advance_clock(&mut self, to: u64) {
        self.clock = self.clock.max(to);
        self.clock_hash = mix(self.clock_hash, self.clock);
        for t in 0..self.threads.len() {
            let thread = &self.threads[t];
            if !thread.finished && thread.deadline.is_some_and(|d| d <= self.clock) {
                self.wake(t, Woke::TimedOut);
                self.add_event_of(t, self.clock_hash);
            }
        }
    }

    /// Ends a wait for another reason than its normal one.
    fn wake(&mut self, t: Tid, woke: Woke) {
        let thread = &mut self.threads[t];
        thread.woke = woke;
        thread.deadline = None;
        match thread.need {
            Need::Notified(condvar, mutex) => {
                thread.need = Need::Mutex(mutex);
                if let State::Condvar { waiters, .. } = &mut self.objects[condvar].state
                {
                    waiters.retain(|&w| w != t);
                }
            }
            _ => thread.need = Need::Nothing,
        }
    }

    pub(crate) fn stop(&mut self, halt: Halt) {
        if self.halt.is_none() {
            self.halt = Some(halt);
        }
    }

    // ---- the state's hash ----------------------------------------------------

    /// Adds a step of the running thread to the happens-before graph.
    pub(crate) fn event(&mut self, object: Option<Obj>, write: bool, extra: u64) {
        let t = self.current;
        let thread = &mut self.threads[t];
        thread.ops += 1;
        if !self.hashing {
            return;
        }
        let place = (t as u64) << 32 | u64::from(thread.ops);
        let mut hash = mix(thread.hash.wrapping_add(thread.carry), place);
        thread.carry = 0;
        hash = mix(hash, extra);
        if let Some(o) = object {
            let object = &mut self.objects[o];
            hash = mix(hash, object.written);
            if write {
                hash = mix(hash, object.read);
                object.written = hash;
                object.read = 0;
            } else {
                object.read = object.read.wrapping_add(hash);
            }
        }
        self.threads[t].hash = hash;
        self.hash = self.hash.wrapping_add(hash);
    }

    /// Adds something that happened to a thread that was not running.
    pub(crate) fn add_event_of(&mut self, t: Tid, cause: u64) {
        if self.hashing {
            let thread = &mut self.threads[t];
            let hash = mix(mix(thread.hash, cause), 0x77);
            thread.carry = thread.carry.wrapping_add(hash);
            self.hash = self.hash.wrapping_add(hash);
        }
    }

    /// Lets the next event of `t` come after the running thread's last one.
    pub(crate) fn hand_over_to(&mut self, t: Tid) {
        let hash = self.threads[self.current].hash;
        let thread = &mut self.threads[t];
        thread.carry = thread.carry.wrapping_add(mix(hash, 0x99));
    }

    /// Lets the running thread's next event come after the last one of `t`.
    pub(crate) fn take_over_from(&mut self, t: Tid) {
        let hash = self.threads[t].hash;
        let thread = &mut self.threads[self.current];
        thread.carry = thread.carry.wrapping_add(mix(hash, 0x33));
    }

    /// Looking at the clock moves it, so the order of looks matters.
    pub(crate) fn ticks(&mut self, nanos: u64) {
        self.clock += nanos;
        self.reads_clock();
        self.event(None, true, 51);
        let hash = self.threads[self.current].hash;
        self.clock_hash = mix(self.clock_hash, hash);
    }

    /// Lets the running thread's next event come after the clock's last change.
    pub(crate) fn reads_clock(&mut self) {
        let hash = self.clock_hash;
        let thread = &mut self.threads[self.current];
        thread.carry = thread.carry.wrapping_add(mix(hash, 0x44));
    }

    /// An access that is part of the single order of all sequentially consistent ones.
    pub(crate) fn sc_event(&mut self, write: bool) {
        if !self.hashing {
            return;
        }
        let thread = &mut self.threads[self.current];
        thread.carry = thread.carry.wrapping_add(mix(self.sc_written, 0x55));
        if write {
            thread.carry = thread.carry.wrapping_add(mix(self.sc_read, 0x66));
            self.sc_written = mix(thread.hash.wrapping_add(thread.carry), 1);
            self.sc_read = 0;
        } else {
            let hash = mix(thread.hash.wrapping_add(thread.carry), 2);
            self.sc_read = self.sc_read.wrapping_add(hash);
        }
    }

    // ---- progress --------------------------------------------------------------

    /// The running thread changed something that others can see.
    pub(crate) fn progressed(&mut self) {
        (self.idle, self.unsure) = (0, 0);
        let thread = &mut self.threads[self.current];
        thread.looks.clear();
        thread.spins = false;
    }

    /// The running thread looked at `object` at `at` and changed nothing.
    ///
    /// `seen` stands for what it saw: the same again and again is a busy wait. To
    /// offer the turn (`usize::MAX` for the object) twice for nothing is one already,
    /// as the others run then and there is hardly a third time; but not for a thread
    /// that looks at nothing in between.
    pub(crate) fn looked(&mut self, at: Loc, object: Obj, seen: u64) {
        self.look(at, object, seen, seen);
    }

    /// The running thread had a mutable reference to what `o` protects, taken at `at`,
    /// and nobody can tell what it did with it.
    ///
    /// To pop from an empty queue of an unknown type is to look, to push is progress.
    /// A thread that comes back here many times, while nobody else changes anything,
    /// is taken to look.
    fn may_have_changed(&mut self, at: Loc, o: Obj) {
        let before = self.objects[o].stamp;
        self.objects[o].stamp += 1;
        self.look(at, o, before, before + 1);
        self.idle = 0;
        let thread = &mut self.threads[self.current];
        thread.looks.iter_mut().for_each(|look| look.unsure = true);
    }

    /// What the running thread did between taking and giving back the lock `o`.
    pub(crate) fn released(&mut self, at: Loc, o: Obj, change: Change) {
        match change {
            Change::Nothing => self.looked(at, o, self.objects[o].stamp),
            Change::Unknown => self.may_have_changed(at, o),
            Change::Something => {
                self.objects[o].stamp += 1;
                self.progressed();
            }
        }
    }

    /// Notes a look of the running thread that found `seen` and left `leaves`.
    fn look(&mut self, at: Loc, object: Obj, seen: u64, leaves: u64) {
        self.idle += 1;
        self.unsure += 1;
        let offers = object == usize::MAX;
        let thread = &mut self.threads[self.current];
        let has_looked = std::mem::replace(&mut thread.has_looked, !offers);
        let looks = &mut thread.looks;
        let same = |look: &Look| std::ptr::eq(look.at, at) && look.object == object;
        let Some(index) = looks.iter().position(same) else {
            if looks.len() == SPIN_PLACES {
                looks.remove(0);
            }
            looks.push(Look { at, object, seen: leaves, times: 0, unsure: false });
            return;
        };
        let look = &mut looks[index];
        if look.seen != seen {
            *look = Look { seen: leaves, times: 0, unsure: false, ..*look };
            return;
        }
        look.seen = leaves;
        if offers && !has_looked {
            return;
        }
        look.times += 1;
        let limit = match (look.unsure, offers) {
            (true, _) => UNSURE_LIMIT,
            (false, true) => 1,
            (false, false) => SPIN_LIMIT,
        };
        if look.times >= limit {
            look.times = 0;
            // Who offers the turn anyway need not be made to.
            self.threads[self.current].spins = !offers;
            self.note_busy_wait(at, limit == UNSURE_LIMIT);
        }
    }

    /// Whether nobody can tell that the program stands still: it may do something each
    /// time to a value of a type that is not known.
    pub(crate) fn may_still_change(&self) -> bool {
        self.unsure > UNSURE_STEPS
    }

    /// Whether the running thread has looked at something in vain, so that it is worth
    /// finding out whether it changes what is behind the lock `o`.
    fn looks_for_something(&self, o: Obj) -> bool {
        self.objects[o].comparable && !self.threads[self.current].looks.is_empty()
    }

    fn note_busy_wait(&mut self, at: Loc, unsure: bool) {
        // Schedules made at random wake a waiter for no reason again and again, which
        // looks as if it were not asleep.
        if self.search.is_sampling() {
            return;
        }
        if !self.rules.allow_busy_waits {
            self.stop(Halt::BusyWait(self.current, at));
        }
        let waits = &mut self.stats.busy_waits;
        let known = |(_, place): &(bool, Loc)| {
            place.file() == at.file() && place.line() == at.line()
        };
        if waits.len() < 32 && !waits.iter().any(known) {
            waits.push((unsure, at));
        }
    }

    // ---- recording -------------------------------------------------------------

    /// Writes down a step of the running thread.
    pub(crate) fn step(&mut self, action: Action, at: Loc, object: Option<Obj>) {
        self.step_with(action, at, object, |_| {});
    }

    /// Writes down a step with more to say about it.
    pub(crate) fn step_with(
        &mut self,
        action: Action,
        at: Loc,
        object: Option<Obj>,
        more: impl FnOnce(&mut RawStep),
    ) {
        if !self.recording {
            return;
        }
        self.snapshot();
        let mut step = RawStep {
            holds: None,
            thread: self.current,
            at,
            action,
            object,
            value: None,
            other: None,
            blocked: false,
            failed: false,
            preempted: self.preempted.take(),
            woke: self.threads[self.current].woke,
            stale: None,
            ordering: None,
            wrote: false,
        };
        more(&mut step);
        if self.record.len() >= MOST_STEPS_RECORDED {
            let half = MOST_STEPS_RECORDED / 2;
            self.record.drain(..half);
            self.skipped += half;
        }
        self.record.push(step);
    }

    /// Writes down who holds what after the last step, at the end of that step: before
    /// anybody takes or gives back anything more.
    pub(crate) fn snapshot(&mut self) {
        let open = |last: &RawStep| last.holds.is_none();
        if self.record.last().is_some_and(open) {
            let holds = self.holds();
            if let Some(last) = self.record.last_mut() {
                last.holds = Some(holds);
            }
        }
    }

    /// Adds the waiting of those who found their way free when they came, and whom
    /// somebody else has shut out since: nobody runs them any more.
    fn record_who_waits(&mut self) {
        let running = self.current;
        for t in 0..self.threads.len() {
            let thread = &self.threads[t];
            let told = self.record.iter().rev().find(|step| step.thread == t);
            let told = told.is_some_and(|step| step.blocked);
            let (action, at, object) = (thread.action, thread.at, thread.object);
            let other = thread.need.other();
            if !thread.finished && thread.need != Need::Nothing && !told {
                self.current = t;
                self.step_with(action, at, object, |step| {
                    step.blocked = true;
                    step.other = other;
                });
            }
        }
        self.current = running;
    }

    /// Who holds which lock: pairs of thread and object.
    pub(crate) fn holds(&self) -> Vec<(Tid, Obj)> {
        let mut holds = Vec::new();
        for (o, object) in self.objects.iter().enumerate() {
            match &object.state {
                State::Mutex { holder: Some(hold), .. }
                | State::RwLock { writer: Some(hold), .. }
                | State::Once { running: Some(hold), .. } => {
                    holds.push((hold.thread, o));
                }
                State::RwLock { readers, .. } => {
                    holds.extend(readers.iter().map(|hold| (hold.thread, o)));
                }
                _ => {}
            }
        }
        holds
    }
}

impl ThreadState {
    pub(crate) fn new(name: Option<Arc<str>>, spawned_at: Loc) -> Self {
        Self {
            name,
            spawned_at,
            need: Need::Nothing,
            deadline: None,
            at: spawned_at,
            action: Action::Start,
            object: None,
            woke: Woke::Normal,
            finished: false,
            joined: false,
            scope: None,
            panicking: false,
            panic: None,
            saw_panic_of: None,
            panic_passed_to: None,
            token: false,
            locals: Vec::new(),
            view: View::default(),
            acquirable: View::default(),
            released: View::default(),
            token_view: View::default(),
            hash: 0,
            carry: 0,
            ops: 0,
            gives_way_to: Vec::new(),
            last_run: 0,
            last_yield: None,
            looks: Vec::new(),
            has_looked: false,
            spins: false,
            fresh: true,
        }
    }
}

// ---- scheduling points -----------------------------------------------------------

/// What a thread is about to do.
#[derive(Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) need: Need,
    pub(crate) deadline: Option<u64>,
    pub(crate) action: Action,
    pub(crate) object: Option<Obj>,
    pub(crate) at: Loc,
    /// The thread offers its turn to others.
    pub(crate) gives_way: bool,
}

impl Arrival {
    pub(crate) fn new(
        action: Action,
        object: Option<Obj>,
        at: Loc,
        need: Need,
    ) -> Self {
        Self { need, deadline: None, action, object, at, gives_way: false }
    }
}

/// Lets the search decide who runs, and returns when the running thread may go on
/// with the step that it announces.
pub(crate) fn arrive(arrival: Arrival) {
    let stops = with(|x| x.arrive(arrival));
    if stops {
        coroutine::suspend();
    }
}

/// A scheduling point before an operation that never blocks.
pub(crate) fn point(action: Action, object: Option<Obj>, at: Loc) {
    arrive(Arrival::new(action, object, at, Need::Nothing));
}

impl Exec {
    fn arrive(&mut self, arrival: Arrival) -> bool {
        if self.recording {
            self.snapshot();
        }
        self.steps += 1;
        self.progress.step(self.current, arrival.at);
        if self.steps >= self.step_limit {
            self.stop(Halt::TooManySteps);
        }
        let crowd = self.threads.len() as u32;
        if self.idle > 400 * crowd + 2_000 || self.unsure > UNSURE_STEPS {
            self.stop(Halt::Livelock);
        }
        let thread = &mut self.threads[self.current];
        thread.need = arrival.need;
        thread.deadline = arrival.deadline;
        thread.at = arrival.at;
        thread.action = arrival.action;
        thread.object = arrival.object;
        thread.woke = Woke::Normal;
        let spins = std::mem::take(&mut thread.spins);
        let fresh = std::mem::take(&mut thread.fresh);
        // A thread that runs alone for a very long time has to give way once, or
        // a loop that polls under a lock would never let the others in.
        let long = thread.ops != 0 && thread.ops.is_multiple_of(1024);
        if self.halt.is_some() {
            return true;
        }
        let gives_way = arrival.gives_way || spins || long;
        if fresh && !gives_way && self.enabled(self.current) {
            return false;
        }
        if gives_way {
            self.yields();
        }
        let told = arrival.action == Action::WakeUp;
        if self.recording && !told && !self.enabled(self.current) {
            self.step_with(arrival.action, arrival.at, arrival.object, |step| {
                step.blocked = true;
                step.other = arrival.need.other();
            });
        }
        self.pick(gives_way)
    }

    /// Fairness: whoever could run and had no turn since this thread's last yield
    /// must have one before it. Source: Musuvathi and Qadeer, "Fair stateless model
    /// checking", PLDI 2008.
    fn yields(&mut self) {
        self.yielded = true;
        let (now, running) = (self.steps, self.current);
        if let Some(before) = self.threads[running].last_yield.replace(now) {
            let starved = |t: &Tid| {
                *t != running
                    && self.threads[*t].last_run < before
                    && self.enabled(*t)
                    && !self.threads[running].gives_way_to.contains(t)
            };
            let starved: Vec<Tid> = (0..self.threads.len()).filter(starved).collect();
            self.threads[running].gives_way_to.extend(starved);
        }
    }
}
