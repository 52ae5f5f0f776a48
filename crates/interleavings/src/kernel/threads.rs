//! The effects of spawning, joining, parking, sleeping and yielding.

use std::sync::Arc;

use super::ids::{Loc, Obj, Tid};
use super::record::{Action, Woke};
use super::{
    Arrival, Exec, Halt, Need, PanicNote, State, ThreadState, arrive, point, with,
};

/// More threads than this are taken for a runaway loop.
const MOST_THREADS: usize = 1_000;

impl Exec {
    /// The moment at which a wait of `timeout` nanoseconds ends.
    pub(crate) fn deadline(&mut self, timeout: Option<u64>) -> Option<u64> {
        let timeout = timeout?;
        self.reads_clock();
        Some(self.clock.saturating_add(timeout))
    }

    /// The running thread has ended; picks the next one.
    pub(crate) fn finish(&mut self, panicked: bool) {
        let me = self.current;
        self.event(None, true, 40);
        let at = self.threads[me].at;
        self.threads[me].woke = Woke::Normal;
        self.step(Action::End, at, None);
        self.progressed();
        self.threads[me].finished = true;
        if let Some(scope) = self.threads[me].scope {
            self.release_view(scope);
            self.event(Some(scope), true, 41);
            if let State::Scope { running, panicked: any } =
                &mut self.objects[scope].state
            {
                *running -= 1;
                *any |= panicked;
            }
        }
        if me == 0 {
            self.body_ended = true;
            let unfinished = |t: &Tid| !self.threads[*t].finished;
            self.left_over = (1..self.threads.len()).find(unfinished);
            if panicked || self.left_over.is_none() {
                self.stop(Halt::Done);
            }
            // What is left gets a chance to end by itself, but not for ever.
            self.step_limit = self.step_limit.min(self.steps + 10_000);
        } else if self.body_ended && self.threads.iter().all(|t| t.finished) {
            self.stop(Halt::Done);
        }
        if self.halt.is_none() {
            self.pick(false);
        }
    }
}

/// Makes a modelled thread; `body` runs on a coroutine of its own.
pub(crate) fn spawn(
    name: Option<Arc<str>>,
    scope: Option<Obj>,
    at: Loc,
    body: Box<dyn FnOnce()>,
) -> Tid {
    let too_many = with(|x| {
        let too_many = x.threads.len() >= MOST_THREADS;
        if too_many {
            x.stop(Halt::TooManyThreads);
        }
        too_many
    });
    if too_many {
        // The run is over; nothing resumes this thread.
        point(Action::Spawn, None, at);
    }
    with(|x| {
        let tid = x.threads.len();
        let parent = x.current;
        // From here on it matters who goes on, before the first operation too.
        x.threads[parent].fresh = false;
        x.event(None, true, 42);
        x.progress.spawn(tid, at, name.clone());
        let mut thread = ThreadState::new(name, at);
        thread.view = x.threads[parent].view.clone();
        thread.scope = scope;
        thread.last_run = x.steps;
        x.threads.push(thread);
        x.hand_over_to(tid);
        x.spawned.push(body);
        if let Some(scope) = scope
            && let State::Scope { running, .. } = &mut x.objects[scope].state
        {
            *running += 1;
        }
        x.progressed();
        x.step_with(Action::Spawn, at, None, |s| s.other = Some(tid));
        let alive = x.threads.iter().skip(1).filter(|t| !t.finished).count();
        x.stats.threads_at_once = x.stats.threads_at_once.max(alive);
        x.stats.threads_started = x.stats.threads_started.max(tid);
        tid
    })
}

/// Waits until `t` has ended.
pub(crate) fn join(t: Tid, at: Loc) {
    if with(|x| !x.threads[t].finished) {
        arrive(Arrival::new(Action::Join, None, at, Need::Join(t)));
    }
    with(|x| {
        x.take_over_from(t);
        x.event(None, false, 43);
        x.dealt_with(t);
        if x.threads[t].panic.is_some() {
            x.thread().saw_panic_of = Some(t);
        }
        let view = x.threads[t].view.clone();
        x.thread().view.join(&view);
        x.step_with(Action::Join, at, None, |s| s.other = Some(t));
    });
}

pub(crate) fn is_finished(t: Tid, at: Loc) -> bool {
    point(Action::Join, None, at);
    with(|x| {
        let finished = x.threads[t].finished;
        x.take_over_from(t);
        x.event(None, false, 44 + u64::from(finished));
        if !finished {
            x.looked(at, usize::MAX - t, 0);
        }
        finished
    })
}

pub(crate) fn begin_scope(at: Loc) -> Obj {
    with(|x| x.add_object(at, "", State::Scope { running: 0, panicked: false }))
}

/// Waits for all threads of the scope; true when one of them panicked unjoined.
pub(crate) fn end_scope(scope: Obj, at: Loc) -> bool {
    if with(|x| !matches!(x.objects[scope].state, State::Scope { running: 0, .. })) {
        arrive(Arrival::new(Action::ScopeEnd, Some(scope), at, Need::ScopeEnd(scope)));
    }
    with(|x| {
        x.event(Some(scope), true, 46);
        let view = x.objects[scope].view.clone();
        x.thread().view.join(&view);
        x.step(Action::ScopeEnd, at, None);
        let me = x.current;
        let mut first: Option<(u32, Tid)> = None;
        for (t, thread) in x.threads.iter_mut().enumerate() {
            if thread.scope == Some(scope) {
                let open = thread.panic.as_ref().filter(|_| !thread.joined);
                let open = open.map(|panic| (panic.number, t));
                if open.is_some() {
                    thread.panic_passed_to = Some(me);
                } else {
                    thread.joined = true;
                }
                first = first.into_iter().chain(open).min();
            }
        }
        if let Some((_, t)) = first {
            x.thread().saw_panic_of = Some(t);
        }
        first.is_some()
    })
}

/// Offers the turn to others.
pub(crate) fn give_way(action: Action, at: Loc) {
    arrive(Arrival {
        gives_way: true,
        ..Arrival::new(action, None, at, Need::Nothing)
    });
    with(|x| {
        x.event(None, false, 47);
        x.step(action, at, None);
        x.looked(at, usize::MAX, 0);
    });
}

pub(crate) fn sleep(nanos: u64, at: Loc) {
    let deadline = with(|x| x.deadline(Some(nanos)));
    arrive(Arrival {
        deadline,
        gives_way: true,
        ..Arrival::new(Action::Sleep, None, at, Need::Sleep)
    });
    with(|x| {
        x.event(None, false, 48);
        x.step(Action::Sleep, at, None);
        x.looked(at, usize::MAX, 0);
    });
}

/// Waits for the thread's token, or until time runs out, or for no reason.
pub(crate) fn park(timeout: Option<u64>, at: Loc) {
    let deadline = with(|x| x.deadline(timeout));
    arrive(Arrival { deadline, ..Arrival::new(Action::Park, None, at, Need::Token) });
    with(|x| {
        let thread = x.thread();
        thread.token = false;
        let view = std::mem::take(&mut thread.token_view);
        thread.view.join(&view);
        x.event(None, true, 49);
        x.step(Action::Park, at, None);
    });
}

/// Makes the thread's token available.
pub(crate) fn unpark(t: Tid, at: Loc) {
    point(Action::Unpark, None, at);
    with(|x| {
        // Two tokens are one, so the order against the other's `park` matters.
        x.take_over_from(t);
        x.event(None, true, 50 + t as u64);
        x.hand_over_to(t);
        let view = x.thread().view.clone();
        let thread = &mut x.threads[t];
        thread.token = true;
        thread.token_view.join(&view);
        x.progressed();
        x.step_with(Action::Unpark, at, None, |s| s.other = Some(t));
    });
}

/// The virtual time since the execution began, in nanoseconds.
///
/// Looking at the clock takes a microsecond of it, so that a loop which waits for
/// a moment to come ends.
pub(crate) fn clock(at: Loc) -> u64 {
    with(|x| {
        x.steps += 1;
        x.progress.step(x.current, at);
        x.ticks(1_000);
        x.clock
    })
}

/// Whether the message is what std says when it passes on a panic of another thread.
fn is_echo(message: &str) -> bool {
    message.ends_with("Any { .. }")
        || message.contains("PoisonError")
        || message.contains("has previously been poisoned")
        || message == "a scoped thread panicked"
}

impl Exec {
    /// Somebody has joined the thread, or caught what it passed on.
    fn dealt_with(&mut self, t: Tid) {
        self.threads[t].joined = true;
        self.dealt_with_passed_to(t);
    }

    /// With the panic of `t` those are dealt with that its scopes ended with.
    fn dealt_with_passed_to(&mut self, t: Tid) {
        for other in 0..self.threads.len() {
            let thread = &self.threads[other];
            if thread.panic_passed_to == Some(t) && !thread.joined {
                self.dealt_with(other);
            }
        }
    }

    /// The note of a panic of the running thread.
    fn panic_note(
        &mut self,
        message: String,
        file: &str,
        line: u32,
        echo: bool,
    ) -> PanicNote {
        let me = self.current;
        let held = self.holds().into_iter().filter(|(t, _)| *t == me);
        let holding = held.map(|(_, o)| o).collect();
        self.panics += 1;
        let echo_of = self.threads[me].saw_panic_of.filter(|_| echo);
        let (file, number) = (file.to_owned(), self.panics);
        PanicNote { message, file, line, holding, number, echo_of }
    }
}

/// Notes a panic of the running thread; called by the panic hook.
pub(crate) fn note_panic(message: String, file: &str, line: u32) {
    with(|x| {
        let echo = is_echo(&message);
        let note = x.panic_note(message, file, line, echo);
        let me = x.current;
        x.threads[me].panicking = true;
        x.threads[me].panic = Some(note);
        let at = x.threads[me].at;
        x.step(Action::Panic, at, None);
    });
}

/// The running thread's unwinding has ended, for now or for good.
pub(crate) fn panic_caught() {
    with(|x| x.thread().panicking = false);
}

/// The reader's program has caught the running thread's panic: it is no failure.
pub(crate) fn panic_handled() {
    with(|x| {
        let me = x.current;
        x.dealt_with_passed_to(me);
        x.threads[me].panicking = false;
        x.threads[me].panic = None;
    });
}

pub(crate) fn panicking() -> bool {
    with(|x| x.thread().panicking)
}

/// The place of the running thread's last step, for what has none of its own.
pub(crate) fn here() -> Loc {
    with(|x| x.thread().at)
}

/// The running thread goes on with a panic that was caught before.
pub(crate) fn panic_resumed() {
    with(|x| {
        let me = x.current;
        x.threads[me].panicking = true;
        if x.threads[me].panic.is_none() {
            let at = x.threads[me].at;
            let message = "it goes on with a panic that was caught before".to_owned();
            let note = x.panic_note(message, at.file(), at.line(), true);
            x.threads[me].panic = Some(note);
        }
    });
}

/// The body has panicked; a payload without a note was raised without the hook.
pub(crate) fn note_body_panic(payload: &dyn std::any::Any) {
    with(|x| {
        if x.threads[0].panic.is_none() {
            let at = x.threads[0].at;
            let text = crate::thread::payload_text(payload);
            let text = text.unwrap_or_else(|| "it panicked without a message".into());
            let note = x.panic_note(text, at.file(), at.line(), true);
            x.threads[0].panic = Some(note);
        }
    });
}
