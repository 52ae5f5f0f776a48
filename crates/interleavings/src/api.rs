//! The entry points: check a body, ask for its outcomes, set the limits.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::IsTerminal;
use std::panic::Location;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::child::{self, Role};
use crate::judge::{self, Fault};
use crate::kernel::ids::Loc;
use crate::kernel::run::{LOUD, Progress, Runner};
use crate::kernel::{Exec, Rules, UNSURE_LIMIT};
use crate::names::Sources;
use crate::search::Search;
use crate::trace::{Explored, Trace};
use crate::{page, report, verdict};

/// Runs `body` under every interleaving within the default bounds.
///
/// The closure is run again and again, so it must do the same each time: make what
/// it uses inside of it, and take neither time nor random numbers from outside.
///
/// # Panics
///
/// When an interleaving fails: a panic or a deadlock in it, a thread that is never
/// joined, and so on. The report goes to standard error before.
#[track_caller]
pub fn check(body: impl Fn() + Send + Sync) -> Coverage {
    Checker::new().check(body)
}

/// Finds every result that `body` can produce, with a schedule for each.
///
/// # Panics
///
/// When an interleaving fails, as [`check`] does.
#[track_caller]
pub fn outcomes<T: Ord + Send>(body: impl Fn() -> T + Send + Sync) -> Outcomes<T> {
    Checker::new().outcomes(body)
}

/// Waits, inside a body, until `n` threads have come to this line.
///
/// A judge puts it into the jobs it hands out. If they run one after another, the
/// first one would wait for ever: the report says so. Outside an exploration
/// real threads wait for each other, until nobody is left who could come: on Linux that
/// is when all others have been blocked for 0.4 s (who sleeps may come, who waits for
/// something with a time limit counts as blocked), elsewhere after 5 s.
///
/// # Panics
///
/// Outside an exploration, when the others do not come.
#[track_caller]
pub fn rendezvous(n: usize) {
    let at = Location::caller();
    if crate::kernel::active() {
        crate::kernel::locks::meet(n, at);
    } else if let Err(came) = crate::meeting::meet_for_real(n, at) {
        panic!("ran one after another: only {came} of {n} threads were here at once");
    }
}

/// How much of a program's behaviour was explored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Coverage {
    /// Different interleavings that were run.
    pub interleavings: u64,
    /// All schedules with at most this many preemptions were run; `None` when a limit
    /// was reached among those without any.
    pub preemptions: Option<usize>,
    /// Whether the bound asked for was reached: nothing within it was left out.
    pub complete: bool,
    /// Whether there is no other interleaving at all, with any number of preemptions.
    pub exhaustive: bool,
    /// Schedules chosen at random after a limit was reached.
    pub sampled: u64,
    /// Executions that were stopped from branching: they led to known states.
    pub pruned: u64,
    /// The most threads that an execution started, besides the body's own.
    pub threads_started: usize,
    /// The most started threads that were alive at the same time.
    pub overlap: usize,
    /// The most steps of an execution.
    pub most_steps: u32,
    /// Lines where a thread looked again and again instead of blocking.
    pub busy_waits: Vec<String>,
    /// Pairs of locks that are taken in both orders, though no run blocked there.
    pub lock_order_risks: Vec<String>,
    /// What a reader should know besides, in whole sentences.
    pub notes: Vec<String>,
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = interleavings(self.interleavings);
        if self.exhaustive {
            return write!(f, "all {count}");
        }
        let within = match self.preemptions {
            None => return write!(f, "{count}, {}not all", self.random()),
            Some(0) => "without a preemption".to_owned(),
            Some(1) => "with at most 1 preemption".to_owned(),
            Some(n) => format!("with at most {n} preemptions"),
        };
        if self.complete {
            write!(f, "all {count} {within}")
        } else {
            write!(f, "{count}, {}among them all {within}", self.random())
        }
    }
}

impl Coverage {
    fn random(&self) -> String {
        match self.sampled {
            0 => String::new(),
            n => format!("then {} chosen at random, ", grouped(n)),
        }
    }
}

fn interleavings(n: u64) -> String {
    let noun = if n == 1 { "interleaving" } else { "interleavings" };
    format!("{} {noun}", grouped(n))
}

/// A number with separators, as `4,554`.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Why a program is wrong, with the schedule that shows it.
///
/// Its `Display` is the report as text of 80 columns.
#[derive(Clone, Debug)]
pub struct Failure(Box<Details>);

#[derive(Clone, Debug)]
struct Details {
    trace: Trace,
    coverage: Coverage,
    /// What the program printed in the failing schedule, if that is known.
    printed: Option<String>,
}

impl Failure {
    /// The mistake in one sentence.
    #[must_use]
    pub fn sentence(&self) -> &str {
        &self.0.trace.verdict.sentence
    }

    /// The kind of mistake, one of the names listed in [`crate::trace`].
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.0.trace.verdict.kind
    }

    /// The schedule and everything needed to show it.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.0.trace
    }

    /// What was explored before the failure was found.
    #[must_use]
    pub fn coverage(&self) -> &Coverage {
        &self.0.coverage
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&report::render(&self.0.trace, false, report::WIDTH, &[]))
    }
}

impl std::error::Error for Failure {}

/// Every result that a program can produce.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcomes<T> {
    /// The results, each with the schedule that produced it first.
    pub results: BTreeMap<T, String>,
    /// What was explored; the set is complete when this says so.
    pub coverage: Coverage,
}

impl<T: Ord> Outcomes<T> {
    /// Whether the program can produce this result.
    pub fn contains(&self, result: &T) -> bool {
        self.results.contains_key(result)
    }

    /// The results in order.
    pub fn into_set(self) -> Vec<T> {
        self.results.into_keys().collect()
    }

    /// Whether there can be no other result within the bound.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.coverage.complete
    }
}

/// Sets the limits of an exploration, and starts it.
///
/// ```
/// use interleavings::Checker;
/// use interleavings::sync::{Arc, Mutex};
/// use interleavings::thread;
///
/// let coverage = Checker::new().preemptions(3).check(|| {
///     let total = Arc::new(Mutex::new(0));
///     let theirs = total.clone();
///     let adder = thread::spawn(move || *theirs.lock().unwrap() += 1);
///     *total.lock().unwrap() += 1;
///     adder.join().unwrap();
///     assert_eq!(*total.lock().unwrap(), 2);
/// });
/// assert!(coverage.complete);
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is explored before `check`, `explore` or `outcomes`"]
pub struct Checker {
    preemptions: usize,
    max_interleavings: u64,
    max_time: Duration,
    samples: u64,
    pruning: bool,
    isolated: bool,
    rules: Rules,
}

/// Executions that look for a shorter failure after the first one.
const EXTRA_EFFORT: u64 = 200;

/// Steps that they may take together: some hundredths of a second. Counted and not
/// timed, for the answer must not depend on the machine.
const EXTRA_STEPS: u64 = 50_000;

/// The same for a failure without anybody who reads an old value.
const PLAIN_EFFORT: u64 = 2_000;
const PLAIN_STEPS: u64 = 100_000;

/// Failed executions whose stacks are kept; more would fill the memory.
const MOST_LEAKED: usize = 4_000;

impl Default for Checker {
    fn default() -> Self {
        Self::new()
    }
}

impl Checker {
    /// The default limits: two preemptions, 30,000 interleavings, 20 seconds.
    pub fn new() -> Self {
        Self {
            preemptions: 2,
            max_interleavings: 30_000,
            max_time: Duration::from_secs(20),
            samples: 1_000,
            pruning: true,
            isolated: true,
            rules: Rules {
                spurious: true,
                stale_reads: true,
                allow_detached: false,
                allow_busy_waits: true,
                max_steps: 100_000,
                stack_size: 1024 * 1024,
            },
        }
    }

    /// Explores all schedules with at most this many preemptions.
    ///
    /// `usize::MAX` asks for every interleaving there is.
    pub fn preemptions(mut self, most: usize) -> Self {
        self.preemptions = most;
        self
    }

    /// Goes on with samples after this many interleavings.
    pub fn max_interleavings(mut self, most: u64) -> Self {
        self.max_interleavings = most;
        self
    }

    /// Ends the exploration after this time.
    pub fn max_time(mut self, most: Duration) -> Self {
        self.max_time = most;
        self
    }

    /// How many random schedules follow when the limit of interleavings is reached.
    pub fn samples(mut self, samples: u64) -> Self {
        self.samples = samples;
        self
    }

    /// Whether threads may wake up for no reason, and weak exchanges fail for none.
    pub fn spurious(mut self, spurious: bool) -> Self {
        self.rules.spurious = spurious;
        self
    }

    /// Whether loads may read old values where their ordering allows it.
    ///
    /// Without, every atomic behaves as if all its orderings were `SeqCst`.
    pub fn stale_reads(mut self, stale_reads: bool) -> Self {
        self.rules.stale_reads = stale_reads;
        self
    }

    /// Whether threads may still run when the body returns.
    pub fn allow_detached(mut self, allow: bool) -> Self {
        self.rules.allow_detached = allow;
        self
    }

    /// Whether a thread may look again and again until another one has changed what it
    /// looks at; on by default. Without, doing so is a failure even when it ends.
    ///
    /// Schedules chosen at random are not asked.
    pub fn allow_busy_waits(mut self, allow: bool) -> Self {
        self.rules.allow_busy_waits = allow;
        self
    }

    /// Whether schedules that lead to a known state are cut short; on by default.
    pub fn pruning(mut self, pruning: bool) -> Self {
        self.pruning = pruning;
        self
    }

    /// Whether [`Checker::check`] explores in a child process of the test, where
    /// endless loops, aborts and output do no harm; on by default.
    pub fn isolated(mut self, isolated: bool) -> Self {
        self.isolated = isolated;
        self
    }

    /// The most steps that an execution may take before it counts as endless.
    pub fn max_steps(mut self, steps: u32) -> Self {
        self.rules.max_steps = steps;
        self
    }

    /// The size of each modelled thread's stack in bytes; 1 MiB by default, of
    /// which only what is used takes memory.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.rules.stack_size = bytes;
        self
    }

    /// Explores `body` and reports a failure by a panic.
    ///
    /// # Panics
    ///
    /// When an interleaving fails; the report goes to standard error before.
    #[track_caller]
    pub fn check(&self, body: impl Fn() + Send + Sync) -> Coverage {
        let at = Location::caller();
        let result = match replay_wanted() {
            Some(schedule) => self.repeat_loudly(at, &body, &schedule),
            None => self.explore_apart(at, &body),
        };
        match result {
            Ok(coverage) => {
                child::done(Ok(coverage.clone()));
                coverage
            }
            Err(failure) => {
                child::done(Err(failure.sentence().to_owned()));
                fail(&failure)
            }
        }
    }

    /// Explores in a child process where that is possible.
    fn explore_apart(
        &self,
        at: Loc,
        body: &(impl Fn() + Send + Sync),
    ) -> Result<Coverage, Failure> {
        let keep = |_: Option<Vec<u32>>, ()| {};
        match child::role(self.isolated) {
            Role::Alone => self.run(at, body, keep, Task::default()),
            Role::Known(Ok(coverage)) => Ok(coverage),
            Role::Known(Err(sentence)) => {
                child::done(Err(sentence.clone()));
                std::panic::resume_unwind(Box::new(sentence))
            }
            Role::Parent(title) => match child::explore(&title) {
                Some(Ok(coverage)) => Ok(coverage),
                Some(Err(found)) => {
                    let (trace, coverage) = *found;
                    let printed = (!trace.replay.is_empty())
                        .then(|| child::output_of(&title, &trace.replay))
                        .flatten();
                    Err(Failure(Box::new(Details { trace, coverage, printed })))
                }
                None => self.run(at, body, keep, Task::default()),
            },
            Role::Child(folder, order) => {
                let replay = order.replay.as_deref().and_then(parsed);
                let task = Task {
                    replay,
                    child: Some((folder.clone(), order.clone())),
                    faults: None,
                };
                let found = self.run(at, body, keep, task);
                let found = found
                    .map_err(|failure| Box::new((failure.0.trace, failure.0.coverage)));
                child::hand_over(&folder, &order, &found)
            }
        }
    }

    /// Runs one schedule in this process, with every panic printed.
    fn repeat_loudly(
        &self,
        at: Loc,
        body: &(impl Fn() + Send + Sync),
        schedule: &str,
    ) -> Result<Coverage, Failure> {
        let Some(replay) = parsed(schedule) else {
            panic!("INTERLEAVINGS_REPLAY is not a schedule: `{schedule}`");
        };
        let task = Task { replay: Some(replay), ..Task::default() };
        self.run(at, body, |_, ()| {}, task)
    }

    /// Explores `body`, in this process.
    ///
    /// # Errors
    ///
    /// The simplest failure that was found.
    #[track_caller]
    pub fn explore(&self, body: impl Fn() + Send + Sync) -> Result<Coverage, Failure> {
        let at = Location::caller();
        self.run(at, &body, |_, ()| {}, Task::default())
    }

    /// Finds every result that `body` can produce.
    ///
    /// # Panics
    ///
    /// When an interleaving fails; the report goes to standard error before.
    #[track_caller]
    pub fn outcomes<T: Ord + Send>(
        &self,
        body: impl Fn() -> T + Send + Sync,
    ) -> Outcomes<T> {
        match self.explore_outcomes(body) {
            Ok(outcomes) => outcomes,
            Err(failure) => fail(&failure),
        }
    }

    /// Finds every result that `body` can produce.
    ///
    /// # Errors
    ///
    /// The simplest failure that was found.
    #[track_caller]
    pub fn explore_outcomes<T: Ord + Send>(
        &self,
        body: impl Fn() -> T + Send + Sync,
    ) -> Result<Outcomes<T>, Failure> {
        let at = Location::caller();
        let mut results = BTreeMap::new();
        let keep = |schedule: Option<Vec<u32>>, result| match schedule {
            Some(schedule) => {
                results.entry(result).or_insert_with(|| spelled(&schedule));
            }
            // The search starts again with more scheduling points.
            None => results.clear(),
        };
        let coverage = self.run(at, &body, keep, Task::default())?;
        Ok(Outcomes { results, coverage })
    }

    /// Everything that `body` can do, failures included, for tests of the checker.
    #[doc(hidden)]
    #[track_caller]
    pub fn behaviours<T: Ord + Send + fmt::Debug>(
        &self,
        body: impl Fn() -> T + Send + Sync,
    ) -> (BTreeSet<String>, Coverage) {
        let at = Location::caller();
        let mut results = BTreeSet::new();
        let faults = Mutex::new(BTreeSet::new());
        let keep = |schedule: Option<Vec<u32>>, result: T| match schedule {
            Some(_) => {
                results.insert(format!("{result:?}"));
            }
            None => {
                results.clear();
                faults.lock().unwrap_or_else(PoisonError::into_inner).clear();
            }
        };
        let task = Task { faults: Some(&faults), ..Task::default() };
        let coverage = self.run(at, &body, keep, task);
        let coverage = coverage.unwrap_or_else(|failure| failure.0.coverage);
        results.append(&mut faults.lock().unwrap_or_else(PoisonError::into_inner));
        (results, coverage)
    }

    fn run<T: Send>(
        &self,
        at: Loc,
        body: &(impl Fn() -> T + Send + Sync),
        mut keep: impl FnMut(Option<Vec<u32>>, T) + Send,
        task: Task<'_>,
    ) -> Result<Coverage, Failure> {
        // A thread of its own: the kernel's state is thread-local, and a panic that
        // is never unwound to its end leaves that thread's panic count wrong.
        let progress = Arc::new(Progress::default());
        let title = match &task.child {
            Some((_, order)) => order.title.clone(),
            None => caller_title(),
        };
        if let Some((folder, order)) = &task.child {
            child::started(folder, order, &progress);
        }
        let giver = task.child.clone();
        let _watch = child::watch(progress.clone(), title.clone(), move |found| {
            if let Some((folder, order)) = giver {
                child::hand_over(&folder, &order, &found);
            }
            if let Err(found) = found {
                eprintln!("{}", report::render(&found.0, false, report::width(), &[]));
            }
            std::process::exit(101)
        });
        std::thread::scope(|scope| {
            let explorer = std::thread::Builder::new()
                .name("interleavings".to_owned())
                .spawn_scoped(scope, move || {
                    TITLE.set(title);
                    let exploration = Exploration::new(self, at, task.faults);
                    match task.replay {
                        Some(replay) => {
                            let loud = task.child.is_none();
                            exploration.repeat(body, &replay, loud, progress)
                        }
                        None => exploration.run(body, &mut keep, progress),
                    }
                })
                .expect("a thread to explore on");
            match explorer.join() {
                Ok(result) => result,
                Err(payload) => std::panic::resume_unwind(payload),
            }
        })
    }
}

fn fail(failure: &Failure) -> ! {
    let colour = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut more = Vec::new();
    if let Some(page) = page::write(&failure.0.trace) {
        more.push(format!("as a page: {}", page.display()));
    }
    let replay = &failure.0.trace.replay;
    if !replay.is_empty() {
        more.push(format!("once more: with INTERLEAVINGS_REPLAY={replay} set"));
    }
    let mut report = report::render(&failure.0.trace, colour, report::width(), &more);
    if let Some(printed) = &failure.0.printed {
        report.push_str(&format!("\nWhat it printed in this schedule:\n{printed}\n"));
    }
    eprintln!("{report}");
    // The report is complete, so the panic hook has nothing to add.
    std::panic::resume_unwind(Box::new(failure.sentence().to_owned()))
}

/// A schedule as text: the options taken, `3x0` for three first ones in a row.
pub(crate) fn spelled(choices: &[u32]) -> String {
    let mut out = String::new();
    let mut zeros = 0;
    for &choice in choices {
        if choice == 0 {
            zeros += 1;
            continue;
        }
        if !out.is_empty() {
            out.push('.');
        }
        if zeros > 0 {
            out.push_str(&format!("{zeros}x0."));
            zeros = 0;
        }
        out.push_str(&choice.to_string());
    }
    if out.is_empty() { "0".to_owned() } else { out }
}

/// One schedule to be run again.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Replay {
    choices: Vec<u32>,
    /// Unlocking was a scheduling point.
    unlock_points: bool,
}

/// What a run has to do besides exploring.
#[derive(Default)]
struct Task<'a> {
    replay: Option<Replay>,
    child: Option<(PathBuf, child::Order)>,
    /// Where failures are noted, when they are not to end the exploration.
    faults: Option<&'a Mutex<BTreeSet<String>>>,
}

/// The schedule that the environment asks for.
fn replay_wanted() -> Option<String> {
    std::env::var("INTERLEAVINGS_REPLAY").ok()
}

/// Reads what [`spelled`] wrote.
fn parsed(text: &str) -> Option<Replay> {
    let (unlock_points, text) = match text.strip_prefix("u.") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut choices = Vec::new();
    for part in text.split('.') {
        let (count, choice) = part.split_once('x').unwrap_or(("1", part));
        let (count, choice) =
            (count.parse::<usize>().ok()?, choice.parse::<u32>().ok()?);
        choices.extend(std::iter::repeat_n(choice, count.min(1_000_000)));
    }
    Some(Replay { choices, unlock_points })
}

/// One exploration under way.
struct Exploration<'a> {
    checker: &'a Checker,
    at: Loc,
    runner: Runner,
    coverage: Coverage,
    started: Instant,
    found: Option<Found>,
    faults: Option<&'a Mutex<BTreeSet<String>>>,
}

/// The best failure so far.
struct Found {
    fault: Fault,
    /// Values that were read although there was a newer one, and the like.
    surprises: u32,
    steps: u32,
    schedule: Vec<u32>,
    /// Whether unlocking was a scheduling point.
    unlock_points: bool,
}

enum Pass {
    /// All schedules within the bound were run.
    Complete,
    /// A limit was reached.
    Stopped,
    /// A failure was found, and a little more was looked at.
    Failed,
    /// The search has to start again.
    Restart,
}

impl<'a> Exploration<'a> {
    fn new(
        checker: &'a Checker,
        at: Loc,
        faults: Option<&'a Mutex<BTreeSet<String>>>,
    ) -> Self {
        Self {
            checker,
            at,
            runner: Runner::default(),
            coverage: Coverage::default(),
            started: Instant::now(),
            found: None,
            faults,
        }
    }

    fn run<T>(
        mut self,
        body: &impl Fn() -> T,
        keep: &mut dyn FnMut(Option<Vec<u32>>, T),
        progress: Arc<Progress>,
    ) -> Result<Coverage, Failure> {
        let search = Search::new(self.checker.pruning);
        let mut exec = Box::new(Exec::new(self.checker.rules, search, progress));
        let mut bound = 0;
        loop {
            exec.search.start_bound(u32::try_from(bound).unwrap_or(u32::MAX));
            let pass;
            (exec, pass) = self.pass(exec, body, keep, None);
            match pass {
                Pass::Restart => {
                    exec.search.restart();
                    self.coverage = Coverage::default();
                    bound = 0;
                    continue;
                }
                Pass::Failed => {
                    let surprises = self.found.as_ref().map_or(0, |it| it.surprises);
                    if surprises > 0 {
                        exec = self.look_for_a_plain_one(exec, body, keep, bound);
                    }
                    break;
                }
                Pass::Stopped => {
                    if self.found.is_none() {
                        exec.search.start_sampling();
                        let samples = self.checker.samples;
                        (exec, _) = self.pass(exec, body, keep, Some(samples));
                    }
                    break;
                }
                Pass::Complete => {
                    self.coverage.preemptions = Some(bound);
                    self.coverage.exhaustive = !exec.search.has_more();
                    if self.coverage.exhaustive || bound >= self.checker.preemptions {
                        self.coverage.complete = true;
                        // A deadlock of many threads needs many preemptions. If the
                        // order of locks allows one, random schedules look for it.
                        let cycles = &exec.stats.lock_cycles;
                        if !self.coverage.exhaustive && !cycles.is_empty() {
                            exec.search.start_sampling();
                            let samples = self.checker.samples;
                            (exec, _) = self.pass(exec, body, keep, Some(samples));
                        }
                        break;
                    }
                    bound += 1;
                }
            }
        }
        self.finish(exec, body)
    }

    /// Looks whether the program fails, at the same cost, without anybody who reads an
    /// old value: then the order of the statements is wrong, whatever their orderings
    /// are, and the reader is to look there first.
    fn look_for_a_plain_one<T>(
        &mut self,
        mut exec: Box<Exec>,
        body: &impl Fn() -> T,
        keep: &mut dyn FnMut(Option<Vec<u32>>, T),
        bound: usize,
    ) -> Box<Exec> {
        let counted = self.coverage.clone();
        exec.search.restart();
        exec.search.start_plain(u32::try_from(bound).unwrap_or(u32::MAX));
        (exec, _) = self.pass(exec, body, keep, None);
        // The first one was found after so many, and this is what the reader is told.
        self.coverage = counted;
        exec
    }

    /// Runs one schedule.
    fn repeat<T>(
        mut self,
        body: &impl Fn() -> T,
        replay: &Replay,
        loud: bool,
        progress: Arc<Progress>,
    ) -> Result<Coverage, Failure> {
        let search = Search::replay(replay.choices.clone());
        let mut exec = Box::new(Exec::new(self.checker.rules, search, progress));
        exec.unlock_points = replay.unlock_points;
        exec.recording = true;
        LOUD.set(loud);
        (exec, _) = self.execute(exec, body);
        LOUD.set(false);
        self.coverage.interleavings = 1;
        if let Some(fault) = judge::fault(&exec) {
            let schedule = replay.choices.clone();
            let (surprises, steps) = (exec.search.surprises(), exec.steps);
            let unlock_points = exec.unlock_points;
            self.found =
                Some(Found { fault, surprises, steps, schedule, unlock_points });
        }
        self.finish(exec, body)
    }

    /// Runs schedules until the bound is exhausted or a limit is reached.
    fn pass<T>(
        &mut self,
        mut exec: Box<Exec>,
        body: &impl Fn() -> T,
        keep: &mut dyn FnMut(Option<Vec<u32>>, T),
        samples: Option<u64>,
    ) -> (Box<Exec>, Pass) {
        let (mut extra, mut extra_steps) = (0, 0);
        let mut runs = 0;
        loop {
            let result;
            (exec, result) = self.execute(exec, body);
            runs += 1;
            if std::mem::take(&mut exec.wants_restart) && samples.is_none() {
                if let Some(result) = result {
                    keep(None, result);
                }
                return (exec, Pass::Restart);
            }
            if samples.is_some() {
                self.coverage.sampled += 1;
            } else if exec.search.is_new() {
                self.coverage.interleavings += 1;
            } else if exec.search.was_cut() {
                self.coverage.pruned += 1;
            }
            self.coverage.most_steps = self.coverage.most_steps.max(exec.steps);
            match judge::fault(&exec) {
                Some(fault) if self.faults.is_some() => {
                    let text = judge::described(&fault, &exec);
                    if let Some(faults) = self.faults {
                        let mut faults =
                            faults.lock().unwrap_or_else(PoisonError::into_inner);
                        faults.insert(text);
                    }
                }
                Some(fault) => {
                    // Of these a shorter one is neither likely nor clearer.
                    let stop = !matches!(
                        fault,
                        Fault::Panic(_) | Fault::Deadlock | Fault::LeftWaiting(_)
                    );
                    self.keep_failure(fault, &exec);
                    if stop {
                        return (exec, Pass::Failed);
                    }
                }
                None => {
                    if let Some(result) = result {
                        keep(Some(exec.search.schedule()), result);
                    }
                }
            }
            if self.found.is_some() {
                extra += 1;
                extra_steps += u64::from(exec.steps);
                let (executions, steps) = match &self.found {
                    Some(found) if found.surprises > 0 && exec.search.is_plain() => {
                        (PLAIN_EFFORT, PLAIN_STEPS)
                    }
                    _ => (EXTRA_EFFORT, EXTRA_STEPS),
                };
                let enough = extra > executions || extra_steps > steps;
                if enough || self.runner.leaked > MOST_LEAKED {
                    return (exec, Pass::Failed);
                }
            }
            if let Some(samples) = samples {
                if runs >= samples || self.out_of_time() {
                    return (exec, Pass::Stopped);
                }
            } else if !exec.search.advance() {
                let end =
                    if self.found.is_some() { Pass::Failed } else { Pass::Complete };
                return (exec, end);
            } else if self.coverage.interleavings >= self.checker.max_interleavings
                || self.out_of_time()
                || self.runner.leaked > MOST_LEAKED
            {
                return (exec, Pass::Stopped);
            }
        }
    }

    fn out_of_time(&self) -> bool {
        self.started.elapsed() > self.checker.max_time
    }

    /// Runs the body once; the result is there unless the body panicked or hung.
    fn execute<T>(
        &mut self,
        exec: Box<Exec>,
        body: &impl Fn() -> T,
    ) -> (Box<Exec>, Option<T>) {
        let slot = Arc::new(Mutex::new(None));
        let theirs = slot.clone();
        let run = move || match crate::kernel::run::catch(body) {
            Ok(result) => {
                *theirs.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                false
            }
            Err(payload) => {
                crate::kernel::threads::note_body_panic(&*payload);
                drop(payload);
                true
            }
        };
        let exec = self.runner.execute_borrowed(exec, self.at, Box::new(run));
        let result = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        (exec, result)
    }

    fn keep_failure(&mut self, fault: Fault, exec: &Exec) {
        let better = match &self.found {
            None => true,
            Some(found) => {
                std::mem::discriminant(&found.fault) == std::mem::discriminant(&fault)
                    && (exec.search.surprises(), exec.steps)
                        < (found.surprises, found.steps)
            }
        };
        if better {
            self.found = Some(Found {
                fault,
                surprises: exec.search.surprises(),
                steps: exec.steps,
                schedule: exec.search.schedule(),
                unlock_points: exec.unlock_points,
            });
        }
    }

    fn finish<T>(
        mut self,
        mut exec: Box<Exec>,
        body: &impl Fn() -> T,
    ) -> Result<Coverage, Failure> {
        let stats = &exec.stats;
        self.coverage.threads_started = stats.threads_started;
        self.coverage.overlap = stats.threads_at_once;
        let mut unsure_waits = Vec::new();
        for (unsure, at) in &stats.busy_waits {
            let place = format!("{}:{}", at.file(), at.line());
            if *unsure {
                unsure_waits.push(format!(
                    "note: it may be no busy wait at {place}: {UNSURE_LIMIT} rounds under a \
                     lock whose value cannot be compared, while nobody else changed anything"
                ));
            }
            self.coverage.busy_waits.push(place);
        }
        let mut sources = Sources::default();
        for cycle in &stats.lock_cycles {
            let text = verdict::lock_cycle(cycle, &mut sources);
            self.coverage.lock_order_risks.push(text);
        }
        for at in &stats.carried_over {
            self.coverage.notes.push(verdict::carried_over(at, &mut sources));
        }
        if uses_bare_thread_local(&exec, &mut sources) {
            self.coverage.notes.push(BARE_THREAD_LOCAL.to_owned());
        }
        let Some(found) = self.found.take() else {
            // A failure says so itself, if that is what has failed.
            self.coverage.notes.append(&mut unsure_waits);
            return Ok(self.coverage);
        };
        let text = format!(
            "{} until this one was found",
            interleavings(self.coverage.interleavings)
        );
        let explored = Explored { interleavings: self.coverage.interleavings, text };
        let title = title();
        if found.fault != Fault::NotRepeatable && !exec.recording {
            let choices = found.schedule.clone();
            exec.search = Search::replay(choices);
            exec.unlock_points = found.unlock_points;
            exec.recording = true;
            (exec, _) = self.execute(exec, body);
        }
        exec.snapshot();
        let same = |fault: &Fault| {
            std::mem::discriminant(fault) == std::mem::discriminant(&found.fault)
        };
        let fault = judge::fault(&exec).filter(same).unwrap_or(Fault::NotRepeatable);
        if matches!(fault, Fault::NotRepeatable | Fault::NothingSeen) {
            exec.record.clear();
        }
        let mut replay = spelled(&found.schedule);
        if found.unlock_points {
            replay.insert_str(0, "u.");
        }
        let mut trace = verdict::trace(&exec, &fault, &title, explored, &replay);
        trace.verdict.details.extend(self.coverage.notes.iter().cloned());
        let coverage = self.coverage;
        Err(Failure(Box::new(Details { trace, coverage, printed: None })))
    }
}

const BARE_THREAD_LOCAL: &str = "note: a `thread_local!` without `std::` before it is \
    one value for all threads of an exploration; write `std::thread_local!`";

/// Whether a file that the execution has touched declares one of the prelude's.
fn uses_bare_thread_local(exec: &Exec, sources: &mut Sources) -> bool {
    let spawned = exec.threads.iter().map(|thread| thread.spawned_at.file());
    let made = exec.objects.iter().map(|object| object.made_at.file());
    let files: BTreeSet<&str> = spawned.chain(made).collect();
    files.into_iter().any(|file| {
        let mut lines = sources.lines(file).iter().map(|line| line.trim_start());
        lines.any(|line| line.starts_with("thread_local!"))
    })
}

/// The name of the running test, or of the program.
fn title() -> String {
    TITLE.with_borrow(Clone::clone)
}

thread_local! {
    /// What the exploration on this thread is called.
    static TITLE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The test's name, which libtest gives to the thread that runs it.
fn caller_title() -> String {
    let thread = std::thread::current();
    match thread.name() {
        Some(name) if name != "main" => name.to_owned(),
        _ => {
            let program = std::env::args().next().unwrap_or_default();
            let stem = std::path::Path::new(&program).file_stem();
            stem.map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
        }
    }
}
