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

use crate::filter::Wanted;
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

/// How many when every instruction is asked for; longer operations spend nearly all of
/// theirs in the C library, between system calls.
const EVERY: usize = 2_000;

/// How many of the changes are tried, evenly spread.
const MOST_CHANGES: usize = 6;

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
    SCENARIOS.iter().map(|scenario| name(scenario))
}

fn name(scenario: &Scenario) -> String {
    format!("sweep {}", scenario.name)
}

pub fn run(wanted: &Wanted) -> usize {
    watch();
    let chosen: Vec<&Scenario> =
        SCENARIOS.iter().filter(|scenario| wanted.includes(&name(scenario))).collect();
    for scenario in &chosen {
        sweep(scenario);
    }
    chosen.len()
}

/// When to kill.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// After so many changes of shared memory.
    Changes(usize),
    /// After so many instructions.
    Steps(usize),
    /// Never: to count.
    End,
}

fn sweep(scenario: &Scenario) {
    let whole = one_run(scenario, Moment::End);
    let every = env::var("CROSSPROCESS_SWEEP").is_ok_and(|value| value == "every");
    let most_steps = if every { EVERY } else { SPREAD };
    let stride = whole.steps.div_ceil(most_steps).max(1);
    let skip = if every { 1 } else { whole.changes.div_ceil(MOST_CHANGES).max(1) };
    let moments = (0..=whole.changes)
        .step_by(skip)
        .map(Moment::Changes)
        .chain((0..whole.steps).step_by(stride).map(Moment::Steps));

    let mut runs = 0;
    let mut slowest = Duration::ZERO;
    for moment in moments {
        // What the algorithm makes slow is slow each time; a busy machine is not.
        let mut recovery = one_run(scenario, moment).recovery;
        for _ in 0..3 {
            if recovery >= PROMISE {
                recovery = recovery.min(one_run(scenario, moment).recovery);
            }
        }
        slowest = slowest.max(recovery);
        runs += 1;
    }
    assert!(
        slowest < PROMISE,
        "{}: a survivor went on after {slowest:?}, promised {PROMISE:?}",
        scenario.name
    );
    eprintln!(
        "sweep {:<24} {:>6} instructions, {:>3} changes: killed {runs} times, slowest \
         recovery {:.1} ms",
        scenario.name,
        whole.steps,
        whole.changes,
        slowest.as_secs_f64() * 1e3
    );
}

/// The segment as a file, which is read and compared much faster than word by word.
struct Memory {
    file: File,
    before: Vec<u8>,
    now: Vec<u8>,
}

impl Memory {
    /// What is compared: the header with the first slots, and the objects. The rest is
    /// large, and the directory in it counts only with the number of objects, which is
    /// in the header.
    const HEADER: usize = 32 * 8;
    const OBJECTS_BEGIN: u64 = (592 + 256 * 12) * 8;
    const OBJECTS: usize = 4 << 10;

    fn of(segment: &Segment) -> Self {
        let id = Path::new(segment.address()).file_name().expect("an id");
        let file = File::open(Path::new("/dev/shm").join(id)).expect("open the memory");
        let size = Self::HEADER + Self::OBJECTS;
        let mut memory = Self { file, before: vec![0; size], now: vec![0; size] };
        memory.has_changed();
        memory
    }

    /// Looks at the memory, and compares it with the last look.
    fn has_changed(&mut self) -> bool {
        let (header, objects) = self.now.split_at_mut(Self::HEADER);
        self.file.read_exact_at(header, 0).expect("read the memory");
        self.file.read_exact_at(objects, Self::OBJECTS_BEGIN).expect("read the memory");
        let changed = self.now != self.before;
        std::mem::swap(&mut self.now, &mut self.before);
        changed
    }
}

struct Run {
    steps: usize,
    changes: usize,
    recovery: Duration,
}

fn one_run(scenario: &Scenario, moment: Moment) -> Run {
    let what = format!("{} {moment:?}", scenario.name);
    now_at(Some(what.clone()));
    let segment = Options::new().tick(TICK).create(Memory::OBJECTS).expect("create");
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

    let mut memory = Memory::of(&segment);
    let (mut steps, mut changes) = (0, 0);
    let completed = loop {
        let reached = match moment {
            Moment::Changes(limit) => changes == limit,
            Moment::Steps(limit) => steps == limit,
            Moment::End => false,
        };
        if reached {
            break false;
        }
        assert!(steps < MOST_STEPS, "{what}: the operation does not end");
        ptrace::step(pid, None).expect("step");
        match waitpid(pid, None) {
            Ok(WaitStatus::Stopped(_, Signal::SIGTRAP)) => {}
            Ok(WaitStatus::Stopped(_, Signal::SIGSTOP)) => break true,
            other => panic!("{what}: the victim failed: {other:?}"),
        }
        steps += 1;
        if !matches!(moment, Moment::Steps(_)) && memory.has_changed() {
            changes += 1;
        }
    };
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
    assert!(!Path::new(&address).exists(), "{what}: tokens were left behind");
    let id = Path::new(&address).file_name().expect("an id");
    assert!(!Path::new("/dev/shm").join(id).exists(), "{what}: memory was left behind");
    Run { steps, changes, recovery }
}

/// What is being tried, since when.
static AT: Mutex<Option<(String, Instant)>> = Mutex::new(None);

fn now_at(what: Option<String>) {
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
