//! Puts a failed execution into words: the mistake in one sentence, and its steps.

use crate::judge::{self, Fault};
use crate::kernel::ids::{Loc, Obj, Tid};
use crate::kernel::record::{Action, RawStep, Woke};
use crate::kernel::{
    Exec, Hold, LockOrder, Need, Object, State, ThreadState, UNSURE_LIMIT, UNSURE_STEPS,
};
use crate::names::{Element, Sources, short_type};
use crate::trace::{
    Explored, ObjectInfo, Place, Source, Step, ThreadInfo, Trace, Verdict, direct,
};

/// Lines shown around those that the steps point to.
const AROUND: u32 = 2;

/// Turns a recorded execution into a trace.
pub(crate) fn trace(
    x: &Exec,
    fault: &Fault,
    title: &str,
    coverage: Explored,
    replay: &str,
) -> Trace {
    let mut words = Words::new(x);
    let verdict = words.verdict(fault);
    // What happens after the panic is its consequence, not its cause.
    let panics = |s: &RawStep| match fault {
        Fault::Panic(t) => s.action == Action::Panic && s.thread == *t,
        _ => false,
    };
    let end = x.record.iter().rposition(panics).map_or(x.record.len(), |i| i + 1);
    let mut waits = Vec::new();
    let steps: Vec<Step> = x.record[..end]
        .iter()
        .map(|raw| {
            waits.retain(|(t, _)| *t != raw.thread);
            if let (true, Some(o)) = (raw.blocked, raw.object) {
                waits.push((raw.thread, o));
            }
            words.step(raw, waits.clone())
        })
        .collect();
    let threads = (0..x.threads.len())
        .map(|t| ThreadInfo {
            id: t,
            name: words.threads[t].clone(),
            spawned_at: place(x.threads[t].spawned_at),
        })
        .collect();
    let objects = (0..x.objects.len())
        .map(|o| ObjectInfo {
            id: o,
            kind: words.kind(o).to_owned(),
            name: words.objects[o].clone(),
            type_name: short_type(x.objects[o].type_name),
            created_at: place(x.objects[o].made_at),
        })
        .collect();
    let sources = words.sources_of(&steps, x);
    Trace {
        version: 1,
        title: title.to_owned(),
        file: direct(words.file),
        verdict,
        threads,
        objects,
        sources,
        skipped: x.skipped,
        steps,
        coverage,
        replay: replay.to_owned(),
    }
}

/// A trace without steps, for what no schedule shows.
pub(crate) fn bare_trace(title: &str, verdict: Verdict, coverage: Explored) -> Trace {
    Trace {
        version: 1,
        title: title.to_owned(),
        file: String::new(),
        verdict,
        threads: Vec::new(),
        objects: Vec::new(),
        sources: Vec::new(),
        skipped: 0,
        steps: Vec::new(),
        coverage,
        replay: String::new(),
    }
}

pub(crate) fn place(at: Loc) -> Place {
    Place::new(at.file(), at.line())
}

/// Joins the lines of a panic's message, as `assert_eq!` writes several.
fn one_line(message: &str) -> String {
    let lines: Vec<&str> = message.lines().map(str::trim).collect();
    match lines.as_slice() {
        [] => "it gave no message".to_owned(),
        [only] => (*only).to_owned(),
        [first, rest @ ..] => {
            let first = first.trim_end_matches(':');
            format!("{first}: {}", rest.join(", "))
        }
    }
}

/// A notification that came when nobody waited.
struct Lost {
    thread: Tid,
    at: Loc,
    /// It came while the waiter already had the lock, after it may have looked.
    in_between: bool,
}

/// The names of everything in one execution.
struct Words<'a> {
    x: &'a Exec,
    sources: Sources,
    threads: Vec<String>,
    objects: Vec<String>,
    /// Its lines need no file's name.
    file: &'static str,
}

impl<'a> Words<'a> {
    fn new(x: &'a Exec) -> Self {
        let mut sources = Sources::default();
        let threads = thread_names(x, &mut sources);
        let file = main_file(x);
        let mut words = Self { x, sources, threads, objects: Vec::new(), file };
        words.objects = words.object_names();
        words
    }

    fn object_names(&mut self) -> Vec<String> {
        let all = 0..self.x.objects.len();
        let made_at: Vec<Loc> =
            all.clone().map(|o| self.x.objects[o].made_at).collect();
        let elements: Vec<Option<Element>> =
            made_at.iter().map(|&at| self.sources.element(at)).collect();
        let names: Vec<Option<String>> = made_at
            .iter()
            .zip(&elements)
            .map(|(&at, element)| match element {
                Some(Element::Named(name) | Element::OfArray(name)) => {
                    Some(name.clone())
                }
                _ => self.sources.binding(at),
            })
            .collect();
        all.clone()
            .map(|o| {
                // Several of one kind that have one name, or none and one line.
                let line = |o: Obj| (made_at[o].file(), made_at[o].line());
                let same = |other: &Obj| {
                    self.kind(*other) == self.kind(o)
                        && names[*other] == names[o]
                        && (names[o].is_some() || line(*other) == line(o))
                };
                let group: Vec<Obj> = all.clone().filter(same).collect();
                let told_apart = |element: &Option<Element>| {
                    group.iter().filter(|&&o| elements[o] == *element).count() == 1
                };
                match &names[o] {
                    Some(name) => match &elements[o] {
                        _ if group.len() == 1 => name.clone(),
                        Some(Element::OfTuple(element)) if told_apart(&elements[o]) => {
                            element.clone()
                        }
                        _ => format!("{name}[{}]", self.place_among(&group, o)),
                    },
                    None if group.len() == 1 => {
                        format!("the {} of {}", self.kind(o), self.line(made_at[o]))
                    }
                    None => format!(
                        "the {} {} of {}",
                        ordinal(self.place_among(&group, o) + 1),
                        self.kind(o),
                        self.line(made_at[o])
                    ),
                }
            })
            .collect()
    }

    /// The number of an object among others of its name, from 0 as the elements of an
    /// array are: by its place in the line, in the array, or in the order of first uses.
    fn place_among(&self, group: &[Obj], o: Obj) -> usize {
        let object = |o: Obj| &self.x.objects[o];
        let atomics = group.iter().all(|&o| self.kind(o) == "atomic");
        let mut addresses: Vec<usize> =
            group.iter().map(|&o| object(o).address).collect();
        addresses.sort_unstable();
        // Values of their own on the heap are further apart than elements of an array.
        let size = size_of::<crate::sync::atomic::AtomicU64>();
        let gaps = || addresses.windows(2).map(|pair| pair[1] - pair[0]);
        let is_array = atomics
            && gaps().all(|gap| gap > 0 && gap.is_multiple_of(size))
            && gaps().any(|gap| gap == size);
        if is_array {
            return (object(o).address - addresses[0]) / size;
        }
        let place = |o: Obj| (object(o).made_at.line(), object(o).made_at.column(), o);
        group.iter().filter(|&&other| place(other) < place(o)).count()
    }

    fn kind(&self, o: Obj) -> &'static str {
        match self.x.objects[o].state {
            State::Mutex { .. } => "mutex",
            State::RwLock { .. } => "rwlock",
            State::Condvar { .. } => "condvar",
            State::Barrier { .. } => "barrier",
            State::Once { .. } => "once",
            State::Channel(_) => "channel",
            State::Atomic { .. } => "atomic",
            State::Scope { .. } => "scope",
            State::Meeting { .. } => "rendezvous",
        }
    }

    /// A thread in a sentence.
    fn who(&self, t: Tid) -> String {
        let name = &self.threads[t];
        if t == 0 || name.starts_with("thread ") {
            name.clone()
        } else {
            format!("thread `{name}`")
        }
    }

    /// An object in a sentence.
    fn what(&self, o: Obj) -> String {
        let name = &self.objects[o];
        if name.starts_with("the ") { name.clone() } else { format!("`{name}`") }
    }

    /// A place in a sentence: the line, with its file if that is another one.
    fn line(&self, at: Loc) -> String {
        self.line_in(at.file(), at.line())
    }

    fn line_in(&self, file: &str, line: u32) -> String {
        if file == self.file {
            format!("line {line}")
        } else if is_test(file) {
            // It often has the name of the file that it tests.
            format!("line {line} of the test")
        } else {
            let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
            format!("{name}:{line}")
        }
    }

    // ---- the mistake ---------------------------------------------------------

    fn verdict(&mut self, fault: &Fault) -> Verdict {
        match fault {
            Fault::Panic(t) => self.panic(*t),
            Fault::Deadlock => self.deadlock(),
            Fault::LeftWaiting(_) if self.cycle().is_some() => self.deadlock(),
            Fault::LeftWaiting(t) => {
                let sentence = format!(
                    "{} still waits when the program ends: {}",
                    self.who(*t),
                    self.waiting(*t)
                );
                let hint = "Join every thread, and give each a way to end.";
                verdict("left-waiting", sentence, Some(hint))
            }
            Fault::LeftRunning(t) => {
                let sentence = format!(
                    "{} was still running when the program ended: nobody joined it (it \
                     was started at {})",
                    self.who(*t),
                    self.line(self.x.threads[*t].spawned_at)
                );
                let hint = "Keep the handle and call `join`, or use `thread::scope`.";
                verdict("left-running", sentence, Some(hint))
            }
            Fault::Livelock if self.x.may_still_change() => {
                let t = self.busiest();
                let sentence = format!(
                    "{} seems to busy-wait for ever at {}: it takes the lock again and \
                     again, and nobody changes anything that can be told",
                    self.who(t),
                    self.line(self.x.threads[t].at)
                );
                let hint = format!(
                    "The value behind the lock is of a type that cannot be compared. If \
                     each round does change it, make fewer rounds: {} steps are the limit.",
                    crate::api::grouped(u64::from(UNSURE_STEPS))
                );
                verdict("busy-wait", sentence, Some(&hint))
            }
            Fault::Livelock => {
                let t = self.busiest();
                let sentence = format!(
                    "{} busy-waits for ever at {}: it looks again and again, and nobody \
                     changes what it looks at",
                    self.who(t),
                    self.line(self.x.threads[t].at)
                );
                verdict("busy-wait", sentence, None)
            }
            Fault::BusyWait(t, at) => {
                let sentence = format!(
                    "{} busy-waits at {}: it looks again and again, where it should \
                     sleep until it is woken",
                    self.who(*t),
                    self.line(at)
                );
                let waits = &self.x.stats.busy_waits;
                let unsure =
                    waits.iter().any(|(unsure, place)| *unsure && *place == *at);
                let hint = unsure.then(|| {
                    format!(
                        "It took the lock {UNSURE_LIMIT} times while nobody else changed \
                         anything, and the value behind the lock is of a type that cannot \
                         be compared. If each round does change it, make fewer rounds."
                    )
                });
                verdict("busy-wait", sentence, hint.as_deref())
            }
            Fault::TooManySteps => {
                let t = self.busiest();
                let sentence = format!(
                    "the program does not end: after {} steps {} is still at {}",
                    crate::api::grouped(u64::from(self.x.steps)),
                    self.who(t),
                    self.line(self.x.threads[t].at)
                );
                verdict("endless", sentence, None)
            }
            Fault::TooManyThreads => {
                let sentence = format!(
                    "{} starts thread after thread at {}: there are {} already",
                    self.who(self.x.current),
                    self.line(self.x.threads[self.x.current].at),
                    self.x.threads.len()
                );
                verdict("too-many-threads", sentence, None)
            }
            Fault::NothingSeen => {
                let sentence =
                    "the program starts no thread and uses no lock, atomic or \
                                channel: there is nothing to explore"
                        .to_owned();
                let hint = "If it does start threads, they are not the checker's: the \
                            test must know `interleavings-std` under the name `std`.";
                verdict("nothing-to-explore", sentence, Some(hint))
            }
            Fault::NotRepeatable => {
                let sentence = "the body does something else each time it is run, \
                                although the schedule is the same"
                    .to_owned();
                let hint = "Take neither time nor random numbers from outside, make \
                            everything inside the body, and mind statics and the order \
                            of a `HashMap`.";
                verdict("not-repeatable", sentence, Some(hint))
            }
        }
    }

    fn panic(&mut self, t: Tid) -> Verdict {
        let Some(note) = &self.x.threads[t].panic else {
            return verdict("panic", format!("{} panicked", self.who(t)), None);
        };
        // The message first: in a test it is the sentence about the reader's program.
        let mut sentence = format!(
            "{} ({} panicked at {})",
            one_line(&note.message),
            self.who(t),
            self.line_in(&note.file, note.line)
        );
        let poisoned = |other: &ThreadState| {
            let panic = other.panic.as_ref();
            panic.is_some_and(|panic| panic.message.contains("PoisonError"))
        };
        if let Some(&held) = note.holding.first()
            && self.x.threads.iter().any(poisoned)
        {
            let what = self.what(held);
            sentence.push_str(&format!("; it held {what}, which is poisoned since"));
        }
        let mut verdict = verdict("panic", sentence, None);
        // What was dealt with may still have led to it.
        for (other, thread) in self.x.threads.iter().enumerate() {
            if let Some(earlier) = &thread.panic
                && earlier.number < note.number
            {
                verdict.details.push(format!(
                    "{} had panicked before, at {}: {}",
                    self.who(other),
                    self.line_in(&earlier.file, earlier.line),
                    one_line(&earlier.message)
                ));
            }
            if let Some(echo) = &thread.panic
                && echo.echo_of == Some(t)
                && echo.message != "a scoped thread panicked"
            {
                verdict.details.push(format!(
                    "{} did not deal with it and panicked as well, at {}",
                    self.who(other),
                    self.line_in(&echo.file, echo.line)
                ));
            }
        }
        if self.x.halt == Some(crate::kernel::Halt::Deadlock) {
            verdict = self.with_others(verdict, &[t]);
        }
        verdict.hint = self.stale_hint();
        if verdict.hint.is_none() {
            verdict.hint = self.spurious_hint(t).or_else(|| self.lost_update());
        }
        verdict
    }

    /// What reading an old value has to do with it.
    fn stale_hint(&self) -> Option<String> {
        let step = self.x.record.iter().rev().find(|s| s.stale.is_some())?;
        let (newer, old) = step.stale?;
        let from = old.map_or("the one it was made with".to_owned(), |at| {
            format!("stored at {}", self.line(at))
        });
        let ordering = step.ordering.unwrap_or("Relaxed");
        let article = if ordering.starts_with('A') { "an" } else { "a" };
        Some(format!(
            "{} read an old value of {} at {} ({from}), after another was stored at {}: \
             {article} `{ordering}` load need not see that yet.",
            self.who(step.thread),
            self.what(step.object?),
            self.line(step.at),
            self.line(newer),
        ))
    }

    /// Whether the thread had woken up without the condition it waited for.
    fn spurious_hint(&mut self, t: Tid) -> Option<String> {
        let wakes = |s: &&RawStep| s.thread == t && s.action == Action::WakeUp;
        let step = self.x.record.iter().rev().filter(|s| !s.blocked).find(wakes)?;
        let why = match step.woke {
            Woke::Spurious => "for no reason, as std allows",
            _ => return None,
        };
        if self.sources.looks_again(step.at) {
            return None;
        }
        Some(format!(
            "{} woke at {} {why}: look at the condition again after every wake-up, with \
             `while` or `wait_while`.",
            self.who(t),
            self.line(step.at)
        ))
    }

    /// Looks for a value that was read, changed by another, and written over.
    fn lost_update(&self) -> Option<String> {
        let record = &self.x.record;
        for (j, store) in record.iter().enumerate() {
            let writes = match store.action {
                Action::Store => true,
                Action::Lock | Action::LockWrite => !store.blocked,
                _ => false,
            };
            if !writes {
                continue;
            }
            let object = store.object?;
            let same =
                |s: &&(usize, &RawStep)| s.1.object == Some(object) && !s.1.blocked;
            let earlier: Vec<(usize, &RawStep)> =
                record[..j].iter().enumerate().collect();
            let looks = if store.action == Action::Store {
                [Action::Load, Action::Load]
            } else {
                [Action::Unlock, Action::UnlockRead]
            };
            let looked = earlier
                .iter()
                .filter(same)
                .rfind(|s| s.1.thread == store.thread && looks.contains(&s.1.action));
            let Some((i, look)) = looked else { continue };
            let of_atomic = store.action == Action::Store;
            if !of_atomic {
                // Whoever has changed something the first time, or nothing the second
                // time, or goes round in a loop, has not decided by what it saw.
                let end = record[j..].iter().find(|s| {
                    let ends = [Action::Unlock, Action::UnlockWrite];
                    s.thread == store.thread
                        && s.object == Some(object)
                        && ends.contains(&s.action)
                });
                let place = |s: &RawStep| (s.at.file(), s.at.line());
                let decided = !look.wrote && end.is_some_and(|end| end.wrote);
                if !decided || place(look) == place(store) {
                    continue;
                }
            }
            let changes = if store.action == Action::Store {
                [Action::Store, Action::Update]
            } else {
                [Action::Unlock, Action::UnlockWrite]
            };
            let between = earlier[i + 1..].iter().filter(same).find(|s| {
                s.1.thread != store.thread
                    && changes.contains(&s.1.action)
                    && (of_atomic || s.1.wrote)
            });
            if let Some((_, change)) = between {
                let (me, other) = (self.who(store.thread), self.who(change.thread));
                let what = self.what(object);
                return Some(if store.action == Action::Store {
                    format!(
                        "Lost update? {me} read {what} at {} and stored at {}; in \
                         between {other} changed it at {}.",
                        self.line(look.at),
                        self.line(store.at),
                        self.line(change.at)
                    )
                } else {
                    format!(
                        "{me} looked at {what} at {} and came back at {}; in between \
                         {other} had it, at {}.",
                        self.line(look.at),
                        self.line(store.at),
                        self.line(change.at)
                    )
                });
            }
        }
        None
    }

    fn busiest(&self) -> Tid {
        let running = |t: &Tid| !self.x.threads[*t].finished;
        let last = self.x.record.iter().rev().map(|s| s.thread).find(running);
        last.unwrap_or(self.x.current)
    }

    /// The threads that a thread waits for, as far as they are known.
    fn waits_for(&self, t: Tid) -> Vec<Tid> {
        let holders = |o: Obj| -> Vec<Tid> {
            let holds = self.x.holds().into_iter();
            holds.filter(|(_, held)| *held == o).map(|(t, _)| t).collect()
        };
        match self.x.threads[t].need {
            Need::Mutex(o) | Need::Read(o) | Need::Write(o) | Need::Once(o) => {
                holders(o)
            }
            Need::Join(other) => vec![other],
            Need::ScopeEnd(o) => {
                let of_scope = |t: &Tid| {
                    let thread = &self.x.threads[*t];
                    thread.scope == Some(o) && !thread.finished
                };
                (0..self.x.threads.len()).filter(of_scope).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A cycle of threads that wait for each other, by way of the first edges.
    fn cycle(&self) -> Option<Vec<Tid>> {
        for start in 0..self.x.threads.len() {
            let mut path = vec![start];
            let mut open = vec![self.waits_for(start)];
            while let Some(next) = open.last_mut() {
                match next.pop() {
                    Some(t) if t == start => return Some(path),
                    Some(t) if path.contains(&t) => {}
                    Some(t) => {
                        path.push(t);
                        open.push(self.waits_for(t));
                    }
                    None => {
                        open.pop();
                        path.pop();
                    }
                }
            }
        }
        None
    }

    fn deadlock(&self) -> Verdict {
        if let Some((came, size)) = judge::lonely_meeting(self.x) {
            let sentence = format!(
                "ran one after another: only {came} of {size} threads were at work at \
                 the same time"
            );
            let hint = "Start all threads before you wait for one, and hold no lock \
                        while a job runs.";
            return self
                .with_others(verdict("one-after-another", sentence, Some(hint)), &[]);
        }
        if let Some(cycle) = self.cycle() {
            return self.cyclic(&cycle);
        }
        // The root is a thread that waits for something, not for a thread's end.
        let waiting = |t: &Tid| !self.x.threads[*t].finished;
        let roots: Vec<Tid> = (0..self.x.threads.len())
            .filter(waiting)
            .filter(|&t| {
                let on_threads = self.waits_for(t);
                on_threads.iter().all(|&o| self.x.threads[o].finished)
            })
            .collect();
        let rank = |t: &Tid| match self.x.threads[*t].need {
            Need::Mutex(_) | Need::Read(_) | Need::Write(_) => 0,
            Need::Notified(..)
                if self.lost_notification(*t).is_some() && !self.woken_in_vain(*t) =>
            {
                1
            }
            Need::Notified(..) => 2,
            _ => 3,
        };
        if let Some((root, other, o)) = self.waits_with_lock(&roots) {
            let sentence = format!(
                "{} {} and keeps while it waits at {}",
                self.who(other),
                self.waiting(other),
                self.line(self.x.threads[root].at)
            );
            let hint = format!(
                "Hold no lock while you wait for what others do: give {} back before.",
                self.what(o)
            );
            let verdict = verdict("deadlock", sentence, Some(&hint));
            return self.with_others(verdict, &[other]);
        }
        let Some(root) = roots.iter().copied().min_by_key(rank) else {
            let first = (0..self.x.threads.len()).find(waiting).unwrap_or(0);
            let sentence = format!("{} {}", self.who(first), self.waiting(first));
            return self.with_others(verdict("deadlock", sentence, None), &[first]);
        };
        self.rooted(root)
    }

    /// A thread that holds a lock and waits for something that has to be done, and one
    /// that wants the lock to do something else than the first did with it.
    fn waits_with_lock(&self, roots: &[Tid]) -> Option<(Tid, Tid, Obj)> {
        for &root in roots {
            let waits = matches!(
                self.x.threads[root].need,
                Need::Message(_) | Need::Room(_) | Need::Taken(..) | Need::Token
            ) || matches!(self.x.threads[root].need, Need::Notified(..))
                && self.lost_notification(root).is_none()
                && !self.woken_in_vain(root);
            if !waits {
                continue;
            }
            for (t, thread) in self.x.threads.iter().enumerate() {
                let (Need::Mutex(o) | Need::Read(o) | Need::Write(o)) = thread.need
                else {
                    continue;
                };
                let Some(hold) = self.hold(root, o) else { continue };
                // Who wants it at the same line, or has done what the first waits to do,
                // would wait as well.
                let line = |at: Loc| (at.file(), at.line());
                let (action, object) =
                    (self.x.threads[root].action, self.x.threads[root].object);
                let has_done = self.x.record.iter().any(|step| {
                    step.thread == t && step.action == action && step.object == object
                });
                if !thread.finished && !has_done && line(hold.at) != line(thread.at) {
                    return Some((root, t, o));
                }
            }
        }
        None
    }

    fn cyclic(&self, cycle: &[Tid]) -> Verdict {
        let t = cycle[0];
        if let [_] = cycle {
            let thread = &self.x.threads[t];
            if let Need::Join(_) = thread.need {
                let sentence = format!(
                    "{} joins itself at {}: it waits for its own end",
                    self.who(t),
                    self.line(thread.at)
                );
                return verdict("self-join", sentence, None);
            }
            let o = wanted(thread);
            let since = self.held_since(t, o);
            let sentence = format!(
                "{} waits for itself: at {} it wants {}, which it has held since {since}",
                self.who(t),
                self.line(thread.at),
                self.what(o)
            );
            let hint = "Drop the first guard before, or pass it on.";
            return self
                .with_others(verdict("self-deadlock", sentence, Some(hint)), cycle);
        }
        let parts: Vec<String> = (0..cycle.len())
            .map(|i| {
                let (t, next) = (cycle[i], cycle[(i + 1) % cycle.len()]);
                let thread = &self.x.threads[t];
                match thread.need {
                    Need::Join(_) | Need::ScopeEnd(_) => format!(
                        "{} waits at {} for {} to end",
                        self.who(t),
                        self.line(thread.at),
                        self.who(next)
                    ),
                    _ => {
                        let o = wanted(thread);
                        format!(
                            "{} waits at {} for {}, which {} has held since {}",
                            self.who(t),
                            self.line(thread.at),
                            self.what(o),
                            self.who(next),
                            self.held_since(next, o)
                        )
                    }
                }
            })
            .collect();
        let sentence = format!("deadlock: {}", parts.join("; "));
        let locks_only = cycle.iter().all(|&t| {
            matches!(
                self.x.threads[t].need,
                Need::Mutex(_) | Need::Read(_) | Need::Write(_)
            )
        });
        let one_lock = cycle
            .iter()
            .all(|&t| wanted(&self.x.threads[t]) == wanted(&self.x.threads[cycle[0]]));
        let hint = locks_only.then_some(if one_lock {
            "Drop the read guard before you ask for the write lock, and look again then."
        } else {
            "Take the locks in the same order everywhere."
        });
        self.with_others(verdict("deadlock", sentence, hint), cycle)
    }

    /// How the thread holds the lock.
    fn hold(&self, t: Tid, o: Obj) -> Option<Hold> {
        let of = |hold: &Hold| hold.thread == t;
        match &self.x.objects[o].state {
            State::Mutex { holder, .. } => holder.filter(of),
            State::Once { running, .. } => running.filter(of),
            State::RwLock { writer, readers, .. } => {
                writer.filter(of).or_else(|| readers.iter().copied().find(of))
            }
            _ => None,
        }
    }

    fn held_since(&self, t: Tid, o: Obj) -> String {
        let hold = self.hold(t, o);
        hold.map_or_else(|| "an earlier line".to_owned(), |hold| self.line(hold.at))
    }

    /// The notification that would have woken the thread, had it come to wait by then.
    fn lost_notification(&self, t: Tid) -> Option<Lost> {
        let Need::Notified(cv, mutex) = self.x.threads[t].need else { return None };
        let record = &self.x.record;
        let notifies = |s: &RawStep| {
            matches!(s.action, Action::NotifyOne | Action::NotifyAll)
                && s.failed
                && s.object == Some(cv)
                && s.thread != t
        };
        let sent = record.iter().rposition(notifies)?;
        let takes = |s: &RawStep| {
            let lock = matches!(s.action, Action::Lock | Action::TryLock)
                && s.object == Some(mutex);
            let wakes = s.action == Action::WakeUp && s.object == Some(cv);
            s.thread == t && !s.blocked && !s.failed && (lock || wakes)
        };
        let taken = record.iter().rposition(takes);
        let (thread, at) = (record[sent].thread, record[sent].at);
        Some(Lost { thread, at, in_between: taken.is_some_and(|taken| taken < sent) })
    }

    /// Whether it was notified, looked again and went back to sleep at once: what it
    /// waits for was not so, and no notification is missing.
    fn woken_in_vain(&self, t: Tid) -> bool {
        let Need::Notified(cv, _) = self.x.threads[t].need else { return false };
        let steps = self.x.record.iter().rev();
        let last = steps.filter(|step| step.thread == t).find(|step| !step.blocked);
        last.is_some_and(|step| {
            step.action == Action::WakeUp
                && step.woke == Woke::Normal
                && step.object == Some(cv)
        })
    }

    fn rooted(&self, root: Tid) -> Verdict {
        let (who, waiting) = (self.who(root), self.waiting(root));
        let (kind, hint) = match self.x.threads[root].need {
            Need::Mutex(_) | Need::Read(_) | Need::Write(_) | Need::Once(_) => (
                "forgotten-guard",
                Some("A guard must be dropped by the thread that made it."),
            ),
            Need::Notified(..) => match self.lost_notification(root) {
                _ if self.woken_in_vain(root) => (
                    "woken-in-vain",
                    Some(
                        "Is what it looks for what the others make true, does it stay true \
                         until it looks, and was the notification meant for it?",
                    ),
                ),
                Some(lost) if !lost.in_between => (
                    "missed-notification",
                    Some(
                        "Does it look, under the lock, before it waits? And is what it \
                         looks for what the others make true?",
                    ),
                ),
                Some(_) => (
                    "missed-notification",
                    Some(
                        "Change the state under the lock, and look at it under the lock \
                         before you wait.",
                    ),
                ),
                None => (
                    "no-notification",
                    Some("Notify whenever what a waiter may wait for has become true."),
                ),
            },
            Need::Message(o) => ("no-message", Some(self.sender_hint(root, o))),
            Need::Room(_) | Need::Taken(..) => ("no-room", None),
            Need::Token => ("never-unparked", None),
            Need::Round(..) => ("barrier", None),
            _ => ("deadlock", None),
        };
        let sentence = format!("{who} {waiting}");
        let mut verdict = self.with_others(verdict(kind, sentence, hint), &[root]);
        if let Need::Message(o) = self.x.threads[root].need {
            for (jobs, left) in self.left_messages(o) {
                let noun = if left == 1 { "message" } else { "messages" };
                let what = self.what(jobs);
                verdict
                    .details
                    .push(format!("nobody receives {left} {noun} on {what}"));
            }
        }
        verdict
    }

    /// Channels but `o` with messages that nobody is left to receive.
    fn left_messages(&self, o: Obj) -> Vec<(Obj, usize)> {
        let left = |(p, object): (Obj, &Object)| match &object.state {
            State::Channel(c) if c.receiver && p != o && !c.queued.is_empty() => {
                Some((p, c.queued.len()))
            }
            _ => None,
        };
        self.x.objects.iter().enumerate().filter_map(left).collect()
    }

    /// What helps when the message on `o` that `root` waits for never comes.
    fn sender_hint(&self, root: Tid, o: Obj) -> &'static str {
        if !self.left_messages(o).is_empty() {
            return "Is the sender in a message that nobody is left to receive? A job must \
                    not wait for another one of its own pool.";
        }
        // A thread that waits for others to end, or does what the root does, may well
        // have kept a sender. One that waits for something else may still want to send.
        let elsewhere = self.x.threads.iter().enumerate().any(|(t, thread)| {
            let along = match thread.need {
                Need::Message(other) => other == o,
                Need::Join(_) | Need::ScopeEnd(_) => true,
                Need::Mutex(lock) | Need::Read(lock) | Need::Write(lock) => {
                    self.hold(root, lock).is_some()
                }
                _ => false,
            };
            t != root && !thread.finished && !along
        });
        if elsewhere {
            "Who is to send it? The others wait, too: look at what they wait for first. If \
             nothing more is to come, drop every sender, your own included."
        } else {
            "Drop every sender, your own included, when nothing more will come."
        }
    }

    /// Adds what the threads besides the named ones wait for.
    fn with_others(&self, mut verdict: Verdict, named: &[Tid]) -> Verdict {
        for t in 0..self.x.threads.len() {
            if !self.x.threads[t].finished && !named.contains(&t) {
                verdict.details.push(format!("{} {}", self.who(t), self.waiting(t)));
            }
        }
        verdict
    }

    /// What an unfinished thread does, as the end of a sentence about it.
    fn waiting(&self, t: Tid) -> String {
        let thread = &self.x.threads[t];
        let line = self.line(thread.at);
        let held = |o: Obj| {
            let holds = self.x.holds();
            let holder = holds.iter().find(|(_, held)| *held == o).map(|(t, _)| *t);
            let what = self.what(o);
            match holder {
                Some(h) if self.x.threads[h].finished => format!(
                    "waits for ever at {line} for {what}: {} took it at {} and ended \
                     without giving it back",
                    self.who(h),
                    self.held_since(h, o)
                ),
                Some(h) => format!(
                    "waits at {line} for {what}, which {} has held since {}",
                    self.who(h),
                    self.held_since(h, o)
                ),
                None => format!("is about to take {what} at {line}"),
            }
        };
        match thread.need {
            Need::Mutex(o) | Need::Read(o) | Need::Write(o) | Need::Once(o) => held(o),
            Need::Notified(cv, _) => match self.lost_notification(t) {
                _ if self.woken_in_vain(t) => format!(
                    "waits for ever at {line} for a notification of {}: it was notified, \
                     looked, and did not find what it waits for",
                    self.what(cv)
                ),
                Some(lost) => format!(
                    "waits for ever at {line} for a notification of {}: {} sent it \
                     before, at {}, when nobody waited",
                    self.what(cv),
                    self.who(lost.thread),
                    self.line(lost.at)
                ),
                None => format!(
                    "waits for ever at {line} for a notification of {}: nobody is left \
                     who could send one",
                    self.what(cv)
                ),
            },
            Need::Message(o) => format!(
                "waits for ever at {line} for a message on {}: a sender is still alive, \
                 but nobody who could send runs any more",
                self.what(o)
            ),
            Need::Room(o) => format!(
                "waits for ever at {line} for room in {}: it is full, and nobody receives",
                self.what(o)
            ),
            Need::Taken(o, _) => format!(
                "waits for ever at {line} until its message on {} is received",
                self.what(o)
            ),
            Need::Join(other) => {
                format!("waits at {line} for {} to end", self.who(other))
            }
            Need::ScopeEnd(_) => {
                format!("waits at {line} for the threads of its scope")
            }
            Need::Token => format!("is parked for ever at {line}: nobody unparks it"),
            Need::Round(o, _) => match self.x.objects[o].state {
                State::Barrier { size, arrived, .. } => format!(
                    "waits for ever at {line} at the barrier {}: {arrived} of {size} \
                     threads came",
                    self.what(o)
                ),
                _ => format!("waits at {line}"),
            },
            Need::Initialised(o) => {
                format!("waits at {line} for {} to be initialised", self.what(o))
            }
            Need::Meeting(..) => format!("waits at {line} for the others"),
            Need::Sleep => format!("sleeps at {line}"),
            Need::Nothing => format!("is at {line}"),
        }
    }

    // ---- the steps -------------------------------------------------------------

    fn step(&self, raw: &RawStep, waits: Vec<(usize, usize)>) -> Step {
        let waited = matches!(
            raw.action,
            Action::WakeUp | Action::Park | Action::Receive | Action::Sleep
        );
        let ends_a_wait = waited && !raw.blocked;
        let choice = match (raw.stale, raw.woke) {
            (Some(_), _) => Some("stale-read"),
            (None, Woke::Spurious) if ends_a_wait => Some("spurious"),
            (None, Woke::TimedOut) if ends_a_wait => Some("time-out"),
            _ => None,
        };
        Step {
            thread: raw.thread,
            op: op(raw.action).to_owned(),
            object: raw.object,
            text: self.text(raw),
            location: self.location(raw),
            value: raw.value.clone(),
            blocks: raw.blocked,
            failed: raw.failed,
            preempts: raw.preempted,
            choice: choice.map(str::to_owned),
            holds: raw.holds.clone().unwrap_or_default(),
            waits,
        }
    }

    fn location(&self, raw: &RawStep) -> Place {
        let note = match raw.action {
            Action::Panic => self.x.threads[raw.thread].panic.as_ref(),
            _ => None,
        };
        match note {
            Some(note) => Place::new(&note.file, note.line),
            None => place(raw.at),
        }
    }

    fn text(&self, raw: &RawStep) -> String {
        let what = raw.object.map(|o| self.what(o)).unwrap_or_default();
        let other = raw.other.map(|t| self.who(t)).unwrap_or_default();
        let value = raw.value.as_deref();
        if raw.blocked {
            return self.blocked_text(raw, &what);
        }
        let with = |verb: &str| format!("{verb} {what}");
        let left = |verb: &str| match value {
            Some(value) => format!("{verb} {what} = {value}"),
            None => format!("{verb} {what}"),
        };
        let end = |ok: &str, bad: &str| {
            let verb = if raw.failed { bad } else { ok };
            format!("{verb} {what}")
        };
        match raw.action {
            Action::Start => "starts".to_owned(),
            Action::End => "ends".to_owned(),
            Action::Panic => "panics".to_owned(),
            Action::Spawn => format!("starts {other}"),
            Action::Join if other.is_empty() => "asks if it has ended".to_owned(),
            Action::Join => format!("joins {other}"),
            Action::ScopeEnd => "ends its scope".to_owned(),
            Action::Yield => "yields".to_owned(),
            Action::Spin => "spins".to_owned(),
            Action::Sleep => "wakes from sleep".to_owned(),
            Action::Park => match raw.woke {
                Woke::Normal => "is unparked".to_owned(),
                Woke::TimedOut => "unparks: time is up".to_owned(),
                Woke::Spurious => "unparks for no reason".to_owned(),
            },
            Action::Unpark => format!("unparks {other}"),
            Action::Lock => with("locks"),
            Action::TryLock => end("tries and locks", "finds locked"),
            Action::Unlock => left("unlocks"),
            Action::LockRead => with("read-locks"),
            Action::TryLockRead => end("tries and read-locks", "finds locked"),
            Action::UnlockRead => with("read-unlocks"),
            Action::LockWrite => with("write-locks"),
            Action::TryLockWrite => end("tries and write-locks", "finds locked"),
            Action::UnlockWrite => left("write-unlocks"),
            Action::Downgrade => with("downgrades"),
            Action::SeePoison => end("finds poisoned", "finds sound"),
            Action::ClearPoison => with("clears the poison of"),
            Action::Wait => with("waits on"),
            Action::WakeUp => match raw.woke {
                Woke::Spurious => format!("wakes from {what} for no reason"),
                Woke::TimedOut => format!("wakes from {what}: time is up"),
                Woke::Normal => format!("wakes from {what}"),
            },
            Action::NotifyOne if raw.failed => {
                format!("notifies {what}: nobody waits")
            }
            Action::NotifyOne => format!("notifies {what}: wakes {other}"),
            Action::NotifyAll if raw.failed => {
                format!("notifies all of {what}: nobody waits")
            }
            Action::NotifyAll => format!("notifies all of {what}"),
            Action::BarrierWait => with("passes"),
            Action::OnceRun => with("initialises"),
            Action::OnceDone => end("has initialised", "fails to initialise"),
            Action::OnceSeen => end("finds initialised", "finds empty"),
            Action::Send => end("sends on", "cannot send: closed"),
            Action::TrySend => end("sends on", "cannot send on"),
            Action::Receive => match raw.woke {
                Woke::TimedOut if raw.failed => {
                    format!("gives up on {what}: time is up")
                }
                _ => end("receives from", "sees the end of"),
            },
            Action::TryReceive => end("receives from", "finds nothing in"),
            Action::SendersGone => with("drops the last sender of"),
            Action::ReceiverGone => with("drops the receiver of"),
            Action::Load => {
                let value = value.unwrap_or("?");
                let old = if raw.stale.is_some() { " (an old value)" } else { "" };
                format!("reads {what} = {value}{old}")
            }
            Action::Store => left("stores"),
            Action::Update => match value {
                Some(value) => format!("updates {what}: {value}"),
                None => with("updates"),
            },
            Action::FailedUpdate => match value {
                Some(value) => format!("cannot update {what}: it is {value}"),
                None => with("cannot update"),
            },
            Action::Fence => format!("fence {}", raw.ordering.unwrap_or_default()),
            Action::Meet => "meets the others".to_owned(),
        }
    }

    fn blocked_text(&self, raw: &RawStep, what: &str) -> String {
        let holder = raw.holds.iter().flatten().find(|(_, o)| Some(*o) == raw.object);
        let by = match holder {
            Some((t, _)) if *t == raw.thread => ", held by itself".to_owned(),
            Some((t, _)) => format!(", held by {}", self.threads[*t]),
            None => String::new(),
        };
        match raw.action {
            Action::Wait => format!("waits on {what}"),
            Action::Join => match raw.other {
                Some(t) => format!("waits for {} to end", self.who(t)),
                None => "waits to join".to_owned(),
            },
            Action::ScopeEnd => "waits for its scope's threads".to_owned(),
            Action::Sleep => "sleeps".to_owned(),
            Action::Park => "parks".to_owned(),
            Action::Receive => format!("waits for a message on {what}"),
            Action::Send => format!("waits to send on {what}"),
            Action::BarrierWait => format!("waits at {what}"),
            Action::Meet => "waits for the others".to_owned(),
            _ => format!("waits for {what}{by}"),
        }
    }

    /// The pieces of source that the steps and constructions point to.
    fn sources_of(&mut self, steps: &[Step], x: &Exec) -> Vec<Source> {
        let mut wanted: Vec<Place> = steps.iter().map(|s| s.location.clone()).collect();
        wanted.extend(x.objects.iter().map(|o| place(o.made_at)));
        wanted.extend(x.threads.iter().map(|t| place(t.spawned_at)));
        let notes = x.threads.iter().filter_map(|thread| thread.panic.as_ref());
        wanted.extend(notes.map(|note| Place::new(&note.file, note.line)));
        wanted.sort();
        wanted.dedup();
        let mut files: Vec<(String, u32, u32)> = Vec::new();
        for at in wanted {
            match files.last_mut() {
                Some((file, _, last)) if *file == at.file => *last = at.line,
                _ => files.push((at.file, at.line, at.line)),
            }
        }
        let mut sources = Vec::new();
        for (file, first, last) in files {
            let first_line = first.saturating_sub(AROUND).max(1);
            let lines = self.sources.lines(&file);
            let from = first_line as usize - 1;
            let to = ((last + AROUND) as usize).min(lines.len());
            if from < to {
                let lines = lines[from..to].to_vec();
                sources.push(Source { file, first_line, lines });
            }
        }
        sources
    }
}

/// A lock order that could deadlock, in a sentence.
pub(crate) fn lock_cycle(cycle: &[LockOrder], sources: &mut Sources) -> String {
    let mut name = |object: Obj, at: Loc| match sources.binding(at) {
        Some(name) => format!("`{name}`"),
        None => format!("lock {object} of line {}", at.line()),
    };
    let parts: Vec<String> = cycle
        .iter()
        .map(|order| {
            format!(
                "one thread takes {} (line {}) while it holds {} (line {})",
                name(order.second, order.second_made_at),
                order.second_at.line(),
                name(order.first, order.first_made_at),
                order.first_at.line()
            )
        })
        .collect();
    format!("could deadlock: {}", parts.join(", "))
}

/// A lock that keeps its value from one execution to the next, in a sentence.
pub(crate) fn carried_over(at: Loc, sources: &mut Sources) -> String {
    let name = sources.binding(at).map(|name| format!("`{name}` "));
    format!(
        "note: {}(made at line {}) is made outside the body and keeps its value from one \
         run to the next",
        name.unwrap_or_else(|| "a lock ".to_owned()),
        at.line()
    )
}

/// The file that most steps are in, of the program rather than of its test.
fn main_file(x: &Exec) -> &'static str {
    let files = || x.record.iter().map(|step| step.at.file());
    let count = |file: &str| files().filter(|f| *f == file).count();
    let main = files().take(1_000).max_by_key(|file| (!is_test(file), count(file)));
    main.unwrap_or(x.threads[0].spawned_at.file())
}

/// Whether a file looks at the program and is no part of it: it lies in a folder `tests`.
pub fn is_test(file: &str) -> bool {
    file.split(['/', '\\']).any(|folder| folder == "tests")
}

/// `first`, `second`, … as in `the second condvar of line 29`.
fn ordinal(number: usize) -> String {
    let words = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh"];
    match number.checked_sub(1).and_then(|index| words.get(index)) {
        Some(word) => (*word).to_owned(),
        None => format!("{number}th"),
    }
}

/// What a blocked thread waits for: after a wake-up it is the mutex, not the condition
/// variable.
fn wanted(thread: &ThreadState) -> Obj {
    match thread.need {
        Need::Mutex(o) | Need::Read(o) | Need::Write(o) | Need::Once(o) => o,
        _ => thread.object.unwrap_or(0),
    }
}

fn verdict(kind: &str, sentence: String, hint: Option<&str>) -> Verdict {
    Verdict {
        kind: kind.to_owned(),
        sentence,
        details: Vec::new(),
        hint: hint.map(str::to_owned),
    }
}

fn thread_names(x: &Exec, sources: &mut Sources) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (t, thread) in x.threads.iter().enumerate() {
        let own = thread.name.as_deref().map(str::to_owned);
        let name = match own {
            _ if t == 0 => Some("main".to_owned()),
            Some(name) => Some(name),
            None => sources.handle(thread.spawned_at),
        };
        let taken = name.as_ref().is_some_and(|name| names.contains(name));
        names.push(match name {
            Some(name) if !taken => name,
            Some(name) if thread.name.is_some() => format!("{name} ({t})"),
            _ => format!("thread {t}"),
        });
    }
    names
}

/// A step's short name in the trace.
fn op(action: Action) -> &'static str {
    match action {
        Action::Start => "start",
        Action::End => "end",
        Action::Panic => "panic",
        Action::Spawn => "spawn",
        Action::Join => "join",
        Action::ScopeEnd => "scope-end",
        Action::Yield => "yield",
        Action::Spin => "spin",
        Action::Sleep => "sleep",
        Action::Park => "park",
        Action::Unpark => "unpark",
        Action::Lock => "lock",
        Action::TryLock => "try-lock",
        Action::Unlock => "unlock",
        Action::LockRead => "read-lock",
        Action::TryLockRead => "try-read-lock",
        Action::UnlockRead => "read-unlock",
        Action::LockWrite => "write-lock",
        Action::TryLockWrite => "try-write-lock",
        Action::UnlockWrite => "write-unlock",
        Action::Downgrade => "downgrade",
        Action::SeePoison => "look",
        Action::ClearPoison => "clear-poison",
        Action::Wait => "wait",
        Action::WakeUp => "wake-up",
        Action::NotifyOne => "notify-one",
        Action::NotifyAll => "notify-all",
        Action::BarrierWait => "barrier",
        Action::OnceRun => "initialise",
        Action::OnceDone => "initialised",
        Action::OnceSeen => "look",
        Action::Send => "send",
        Action::TrySend => "try-send",
        Action::Receive => "receive",
        Action::TryReceive => "try-receive",
        Action::SendersGone => "drop-sender",
        Action::ReceiverGone => "drop-receiver",
        Action::Load => "load",
        Action::Store => "store",
        Action::Update => "update",
        Action::FailedUpdate => "failed-update",
        Action::Fence => "fence",
        Action::Meet => "rendezvous",
    }
}
