//! One operation, killed after each instruction in turn.

use std::env;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::os::unix::process::ExitStatusExt;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crossprocess::{Options, SEGMENT_VARIABLE, Segment};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::fs::{SeekFrom, seek};

use crate::filter::Wanted;
use crate::pool;
use crate::scenarios::{SCENARIOS, Scenario};

const VICTIM: &str = "CROSSPROCESS_TEST_VICTIM";

/// Short, so that the many waits of a sweep do not take long.
const TICK: Duration = Duration::from_millis(5);

/// Longer than two ticks, as the machine may be busy; much shorter than for ever.
const PROMISE: Duration = Duration::from_millis(250);

/// What is waited for before a survivor counts as hung, and the test is ended.
const HUNG: Duration = Duration::from_secs(20);

/// An operation that takes more instructions than these waits for something in vain.
const MOST_STEPS: usize = 2_000_000;

/// How many evenly spread instructions are tried besides those that change memory.
const SPREAD: usize = 1;

/// The same where changes are not counted.
const SPREAD_ALONE: usize = 16;

/// How many when every instruction is asked for; longer operations spend nearly all of
/// theirs in the C library, between system calls.
const EVERY: usize = 2_000;

/// How many of the changes are tried, evenly spread.
const MOST_CHANGES: usize = 6;

/// Bytes for the objects of a scenario.
const ROOM: usize = 4 << 10;

pub fn is_victim() -> bool {
    env::var_os(VICTIM).is_some()
}

/// The child's side: prepares, stops itself, runs the operation, stops itself again.
pub fn victim() {
    let name = env::var(VICTIM).expect("checked by is_victim");
    let scenario = SCENARIOS.iter().find(|s| s.name == name).expect("a scenario");
    let segment = Segment::from_env().expect("attach");
    (scenario.victim)(&segment, &mut || {
        ptrace::traceme().expect("traceme");
        raise(Signal::SIGSTOP).expect("stop");
    });
    raise(Signal::SIGSTOP).expect("stop");
}

pub fn names() -> impl Iterator<Item = String> {
    let scenarios = SCENARIOS.iter().map(|scenario| scenario.name);
    scenarios.chain(pool::NAMES).map(full_name)
}

fn full_name(name: &str) -> String {
    format!("sweep {name}")
}

pub fn run(wanted: &Wanted) -> usize {
    watch();
    let mut count = 0;
    let mut sweep = |name: &str, one_run: &dyn Fn(Moment) -> Run| {
        if wanted.includes(&full_name(name)) {
            sweep(name, one_run);
            count += 1;
        }
    };
    for scenario in SCENARIOS {
        sweep(scenario.name, &|moment| one_run(scenario, moment));
    }
    sweep(pool::WORKER, &pool::worker_dies);
    sweep(pool::OWNER, &pool::owner_dies);
    count
}

/// When to kill.
#[derive(Debug, Clone, Copy)]
pub enum Moment {
    /// After so many changes of shared memory.
    Changes(usize),
    /// After so many instructions, or system calls.
    Steps(usize),
    /// Never: to count.
    End,
}

fn sweep(name: &str, one_run: &dyn Fn(Moment) -> Run) {
    let whole = one_run(Moment::End);
    let few_steps = if whole.changes == 0 { SPREAD_ALONE } else { SPREAD };
    let (most_changes, most_steps) = match env::var("CROSSPROCESS_SWEEP").as_deref() {
        Ok("every") => (usize::MAX, EVERY),
        Ok("changes") => (usize::MAX, few_steps),
        _ => (MOST_CHANGES, few_steps),
    };
    let stride = whole.steps.div_ceil(most_steps).max(1);
    let skip = whole.changes.div_ceil(most_changes).max(1);
    let moments = (0..=whole.changes)
        .step_by(skip)
        .map(Moment::Changes)
        .chain((0..whole.steps).step_by(stride).map(Moment::Steps));

    let mut runs = 0;
    let mut slowest = Duration::ZERO;
    for moment in moments {
        // What the algorithm makes slow is slow each time; a busy machine is not.
        let mut recovery = one_run(moment).recovery;
        for _ in 0..3 {
            if recovery >= PROMISE {
                recovery = recovery.min(one_run(moment).recovery);
            }
        }
        slowest = slowest.max(recovery);
        runs += 1;
    }
    assert!(
        slowest < PROMISE,
        "{name}: a survivor went on after {slowest:?}, promised {PROMISE:?}"
    );
    eprintln!(
        "sweep {name:<24} {:>6} {}, {:>3} changes: killed {runs} times, slowest \
         recovery {:.1} ms",
        whole.steps,
        if whole.changes == 0 { "system calls" } else { "instructions" },
        whole.changes,
        slowest.as_secs_f64() * 1e3
    );
}

/// The segment as a file, which is read and compared much faster than word by word.
pub struct Memory {
    file: File,
    size: u64,
    before: Vec<u8>,
    now: Vec<u8>,
}

impl Memory {
    pub fn of(address: &str) -> Self {
        let id = Path::new(address).file_name().expect("an id");
        let file = File::open(Path::new("/dev/shm").join(id)).expect("open the memory");
        let size = file.metadata().expect("the size of the memory").len();
        let mut memory = Self { file, size, before: Vec::new(), now: Vec::new() };
        memory.has_changed();
        memory
    }

    /// Looks at the memory, and compares it with the last look. Pages that nobody has
    /// touched are holes in the file, which need no look.
    fn has_changed(&mut self) -> bool {
        self.now.clear();
        let mut end = 0;
        while end < self.size
            && let Ok(start) = seek(&self.file, SeekFrom::Data(end))
        {
            end = seek(&self.file, SeekFrom::Hole(start)).expect("the end is a hole");
            let read = self.now.len();
            self.now.resize(read + (end - start) as usize, 0);
            self.file.read_exact_at(&mut self.now[read..], start).expect("read it");
        }
        std::mem::swap(&mut self.now, &mut self.before);
        self.now != self.before
    }
}

pub struct Run {
    pub steps: usize,
    pub changes: usize,
    pub recovery: Duration,
}

/// How far a victim has come.
pub struct Steps {
    pub steps: usize,
    pub changes: usize,
    /// It has come to the end of its operation.
    pub completed: bool,
}

/// Lets a victim that this thread traces take one step after the other: an instruction
/// if the memory is looked at, or else all that it does until the next system call
/// begins or ends.
pub fn step_until(
    pid: Pid,
    moment: Moment,
    mut memory: Option<Memory>,
    what: &str,
) -> Steps {
    let step = if memory.is_some() { ptrace::step } else { ptrace::syscall };
    let (mut steps, mut changes) = (0, 0);
    loop {
        let reached = match moment {
            Moment::Changes(limit) => changes == limit,
            Moment::Steps(limit) => steps == limit,
            Moment::End => false,
        };
        if reached {
            return Steps { steps, changes, completed: false };
        }
        assert!(steps < MOST_STEPS, "{what}: the operation does not end");
        step(pid, None).expect("step");
        match waitpid(pid, None) {
            // A child of the victim has ended: nothing that it waits for in this way.
            Ok(WaitStatus::Stopped(_, Signal::SIGTRAP | Signal::SIGCHLD)) => {}
            Ok(WaitStatus::Stopped(_, Signal::SIGSTOP)) => {
                return Steps { steps, changes, completed: true };
            }
            other => panic!("{what}: the victim failed: {other:?}"),
        }
        steps += 1;
        if !matches!(moment, Moment::Steps(_))
            && let Some(memory) = &mut memory
            && memory.has_changed()
        {
            changes += 1;
        }
    }
}

fn one_run(scenario: &Scenario, moment: Moment) -> Run {
    let what = format!("{} {moment:?}", scenario.name);
    now_at(Some(what.clone()));
    let segment = Options::new().tick(TICK).create(ROOM).expect("create");
    let address = segment.address().to_owned();
    (scenario.setup)(&segment);

    let mut child = Command::new(env::current_exe().expect("current_exe"))
        .env(VICTIM, scenario.name)
        .env(SEGMENT_VARIABLE, segment.address())
        .stdin(Stdio::null())
        .spawn()
        .expect("start the victim");
    let pid = Pid::from_raw(child.id().cast_signed());
    assert!(
        matches!(waitpid(pid, None), Ok(WaitStatus::Stopped(_, Signal::SIGSTOP))),
        "{what}: the victim ended before it began"
    );

    let memory = Memory::of(&address);
    let Steps { steps, changes, completed } =
        step_until(pid, moment, Some(memory), &what);
    child.kill().expect("kill");
    let status = child.wait().expect("wait");
    assert_eq!(status.signal(), Some(9), "{what}");

    let begun = Instant::now();
    let checked = panic::catch_unwind(AssertUnwindSafe(|| {
        (scenario.check)(&segment, child.id(), completed);
    }));
    let recovery = begun.elapsed();
    assert!(checked.is_ok(), "{what}: the survivor found the state wrong, see above");
    now_at(None);

    drop(segment);
    nothing_is_left(&address, &what);
    Run { steps, changes, recovery }
}

pub fn nothing_is_left(address: &str, what: &str) {
    assert!(!Path::new(address).exists(), "{what}: tokens were left behind");
    let id = Path::new(address).file_name().expect("an id");
    assert!(!Path::new("/dev/shm").join(id).exists(), "{what}: memory was left behind");
}

/// What is being tried, since when.
static AT: Mutex<Option<(String, Instant)>> = Mutex::new(None);

pub fn now_at(what: Option<String>) {
    *AT.lock().unwrap() = what.map(|what| (what, Instant::now()));
}

/// Ends the test when a survivor hangs, and says where.
fn watch() {
    thread::spawn(|| {
        loop {
            // Only the moment of the diagnosis depends on this.
            thread::sleep(Duration::from_millis(500));
            if let Some((what, since)) = &*AT.lock().unwrap()
                && since.elapsed() > HUNG
            {
                eprintln!("hung: {what}");
                std::process::exit(1);
            }
        }
    });
}
