//! Runs the body once, under the schedule that the search decides.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, Location};
use std::path::PathBuf;
use std::ptr;
use std::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering,
};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use corosensei::stack::DefaultStack;

use super::coroutine::Coroutine;
use super::ids::{Loc, Tid};
use super::{ACTIVE, EXEC, Exec, threads, with};

/// What a watchdog on another OS thread can see of an exploration.
#[derive(Default)]
pub(crate) struct Progress {
    steps: AtomicU64,
    thread: AtomicUsize,
    at: AtomicPtr<Location<'static>>,
    /// The reader's code runs.
    busy: AtomicBool,
    /// Where each thread was started, and its own name.
    spawned: Mutex<Vec<Spawned>>,
    /// Where every step is written down, for the case that the process dies.
    told: OnceLock<PathBuf>,
}

/// Where a thread was started, and its own name.
type Spawned = (Loc, Option<Arc<str>>);

/// The last step before a thread was lost.
pub(crate) struct LastStep {
    pub(crate) thread: Tid,
    pub(crate) at: Loc,
    pub(crate) spawned: Option<Spawned>,
}

impl Progress {
    pub(crate) fn step(&self, thread: Tid, at: Loc) {
        // Relaxed: the watchdog compares counts that are seconds apart.
        self.steps.store(self.steps.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        self.thread.store(thread, Ordering::Relaxed);
        self.at.store(ptr::from_ref(at).cast_mut(), Ordering::Release);
        if let Some(path) = self.told.get() {
            let name =
                if thread == 0 { "main".into() } else { format!("thread {thread}") };
            let text = format!("{name} was at line {} of {}", at.line(), at.file());
            // A step that cannot be written down is missing from a message only.
            let _ = std::fs::write(path, text);
        }
    }

    pub(crate) fn tell(&self, path: PathBuf) {
        // There is one order a process, so this is set once.
        let _ = self.told.set(path);
    }

    fn spawned(&self) -> MutexGuard<'_, Vec<Spawned>> {
        self.spawned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A thread was started, or with `tid` 0 an execution begins.
    pub(crate) fn spawn(&self, tid: Tid, at: Loc, name: Option<Arc<str>>) {
        let mut spawned = self.spawned();
        spawned.truncate(tid);
        spawned.push((at, name));
    }

    pub(crate) fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    pub(crate) fn busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    /// The thread that ran last and the place of its last step.
    pub(crate) fn last(&self) -> Option<LastStep> {
        let at = super::coroutine::location(self.at.load(Ordering::Acquire))?;
        let thread = self.thread.load(Ordering::Relaxed);
        let spawned = self.spawned().get(thread).cloned();
        Some(LastStep { thread, at, spawned })
    }
}

/// Numbers executions, so that an object knows which one its record belongs to.
static EPOCH: AtomicU32 = AtomicU32::new(1);

/// The stacks and coroutines of one exploration.
#[derive(Default)]
pub(crate) struct Runner {
    stacks: Vec<DefaultStack>,
    threads: Vec<Option<Coroutine>>,
    /// Coroutines that were given up in failed executions.
    pub(crate) leaked: usize,
}

impl Runner {
    /// Runs `body` once and returns the execution as it ended.
    fn execute(
        &mut self,
        mut exec: Box<Exec>,
        body_at: Loc,
        body: Box<dyn FnOnce() -> bool>,
    ) -> Box<Exec> {
        install_hook();
        let epoch = match EPOCH.fetch_add(1, Ordering::Relaxed) {
            0 => EPOCH.fetch_add(1, Ordering::Relaxed),
            epoch => epoch,
        };
        exec.reset(epoch, body_at);
        let stack_size = exec.rules.stack_size;
        exec.spawned.push(Box::new(move || thread_main(body)));
        let progress = exec.progress.clone();
        progress.spawn(0, body_at, None);
        progress.busy.store(true, Ordering::Relaxed);
        EXEC.set(Some(exec));
        while let Some(next) = self.start_new_threads(stack_size) {
            let Some(thread) = self.threads[next].as_mut() else { break };
            ACTIVE.set(true);
            let ended = thread.resume();
            ACTIVE.set(false);
            if ended && let Some(thread) = self.threads[next].take() {
                self.stacks.push(thread.into_stack());
            }
        }
        progress.busy.store(false, Ordering::Relaxed);
        for thread in self.threads.drain(..).flatten() {
            self.leaked += 1;
            thread.leak();
        }
        let mut exec = EXEC.take().expect("nothing else takes the execution");
        exec.note_left_locked();
        exec
    }

    /// As [`Runner::execute`], for a body that borrows what its caller has.
    pub(crate) fn execute_borrowed<'a>(
        &mut self,
        exec: Box<Exec>,
        body_at: Loc,
        body: Box<dyn FnOnce() -> bool + 'a>,
    ) -> Box<Exec> {
        self.execute(exec, body_at, super::coroutine::erase_body(body))
    }

    /// Makes a coroutine for every thread spawned since; `None` at the end.
    fn start_new_threads(&mut self, stack_size: usize) -> Option<Tid> {
        let (next, spawned) = with(|x| {
            if x.halt.is_some() {
                return (None, Vec::new());
            }
            (Some(x.current), std::mem::take(&mut x.spawned))
        });
        for body in spawned {
            let stack = self.stacks.pop().unwrap_or_else(|| {
                DefaultStack::new(stack_size).expect("memory for a thread's stack")
            });
            self.threads.push(Some(Coroutine::new(stack, body)));
        }
        next
    }
}

/// Catches a panic that the model passes on: to `join`, or to the scope's caller.
pub(crate) fn catch<T>(f: impl FnOnce() -> T) -> std::thread::Result<T> {
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    if result.is_err() {
        threads::panic_caught();
    }
    result
}

/// What a modelled thread runs: its closure, its thread-locals' ends, its own end.
///
/// The closure keeps its result or its panic itself and returns whether it panicked.
pub(crate) fn thread_main(body: impl FnOnce() -> bool) {
    let panicked = body();
    drop_locals();
    with(|x| x.finish(panicked));
}

/// Drops the thread's modelled thread-locals; a drop may make new ones.
fn drop_locals() {
    // As many rounds as POSIX promises at least.
    for _ in 0..4 {
        let locals = with(|x| std::mem::take(&mut x.thread().locals));
        if locals.is_empty() {
            return;
        }
        drop(locals);
    }
}

thread_local! {
    /// Set while output of the panic hook is wanted, in a replay for a debugger.
    pub(crate) static LOUD: Cell<bool> = const { Cell::new(false) };
}

/// Keeps panics inside explorations quiet: they are part of the report.
fn install_hook() {
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*installed {
        *installed = true;
        set_wrapped(panic::take_hook());
    }
}

/// Whether the hook that is set is one of ours.
static INSTALLED: Mutex<bool> = Mutex::new(false);

type Hook = Box<dyn Fn(&panic::PanicHookInfo<'_>) + Sync + Send + 'static>;

/// Sets a hook for panics outside of explorations.
pub(crate) fn wrap_hook(outer: Hook) {
    *INSTALLED.lock().unwrap_or_else(PoisonError::into_inner) = true;
    set_wrapped(outer);
}

/// Takes the hook; the next exploration sets one again.
pub(crate) fn unwrap_hook() -> Hook {
    *INSTALLED.lock().unwrap_or_else(PoisonError::into_inner) = false;
    panic::take_hook()
}

fn set_wrapped(outer: Hook) {
    panic::set_hook(Box::new(move |info| {
        let free = EXEC.try_with(|exec| exec.try_borrow_mut().is_ok());
        if !super::active() || free != Ok(true) {
            return outer(info);
        }
        let text = crate::thread::payload_text(info.payload());
        let message = text.unwrap_or_else(|| "a value that is not text".to_owned());
        let (file, line) = info.location().map_or(("", 0), |at| (at.file(), at.line()));
        threads::note_panic(message, file, line);
        if LOUD.get() {
            outer(info);
        }
    }));
}
