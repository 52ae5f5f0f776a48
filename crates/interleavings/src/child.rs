//! Runs an exploration in a child process of the test.
//!
//! The child is the test program again, told to run the one test up to the one
//! `check`, so that an endless loop, `process::exit`, an abort or a stack overflow
//! ends the child and not the test, and so that what thousands of schedules print is
//! seen by nobody. A second child repeats the failing schedule with its output in
//! a pipe.

use std::cell::RefCell;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::api::Coverage;
use crate::kernel::run::Progress;
use crate::names::Sources;
use crate::trace::{Explored, Trace, Verdict};
use crate::verdict::bare_trace;

/// Names the folder through which parent and child exchange files.
const CHILD: &str = "INTERLEAVINGS_CHILD";

/// Marks what the reader's program prints in the repeated schedule.
const BEGIN: &str = "\u{1}interleavings: begin\n";
const END: &str = "\n\u{1}interleavings: end\n";

/// Seconds without a step after which a thread counts as lost.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the parent asks of its child.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The test's name.
    pub(crate) title: String,
    /// Which `check` of the test is meant.
    call: usize,
    /// What those before it returned, or the sentence they panicked with.
    before: Vec<Result<Coverage, String>>,
    /// The one schedule to run, with its output shown.
    pub(crate) replay: Option<String>,
    /// Write down every step, because the child before died.
    tell: bool,
}

/// What an exploration found, as it goes through a file.
pub(crate) type Found = Result<Coverage, Box<(Trace, Coverage)>>;

thread_local! {
    /// The results of the checks that this test has made.
    static DONE: RefCell<Vec<Result<Coverage, String>>> =
        const { RefCell::new(Vec::new()) };
}

/// What a `check` has to do in this process.
pub(crate) enum Role {
    /// Explore here.
    Alone,
    /// Have it explored by a child.
    Parent(String),
    /// An earlier call, whose result is known.
    Known(Result<Coverage, String>),
    /// Explore, or repeat a schedule, and hand the result over.
    Child(PathBuf, Order),
}

/// Finds out what the calling `check` has to do.
pub(crate) fn role(isolated: bool) -> Role {
    if let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) {
        let order = fs::read(folder.join("order.json")).ok();
        let order = order.and_then(|text| serde_json::from_slice::<Order>(&text).ok());
        let Some(order) = order else { return Role::Alone };
        let call = DONE.with_borrow(Vec::len);
        if let Some(result) = order.before.get(call) {
            return Role::Known(result.clone());
        }
        return if call == order.call {
            Role::Child(folder, order)
        } else {
            Role::Alone
        };
    }
    match test_name() {
        Some(name) if isolated => Role::Parent(name),
        _ => Role::Alone,
    }
}

/// Remembers the result of a check for the children of later ones.
pub(crate) fn done(result: Result<Coverage, String>) {
    DONE.with_borrow_mut(|done| done.push(result));
}

/// The running test, as libtest names it; `None` outside of libtest.
pub(crate) fn test_name() -> Option<String> {
    match thread::current().name() {
        Some("main") => {}
        Some(name) => return Some(name.to_owned()),
        None => return None,
    }
    // With one test at a time libtest runs it on the main thread. The test's
    // function is the outermost of the program's own on the stack, which is slow to
    // read, so a program that is no such test does not get as far.
    let one_core = || thread::available_parallelism().is_ok_and(|n| n.get() == 1);
    let one_at_a_time = std::env::args().any(|arg| arg.starts_with("--test-threads"))
        || std::env::var_os("RUST_TEST_THREADS").is_some()
        || one_core();
    if !one_at_a_time {
        return None;
    }
    let trace = std::backtrace::Backtrace::force_capture().to_string();
    let frames = trace.lines().filter_map(|line| {
        let (number, name) = line.trim().split_once(": ")?;
        number.parse::<u32>().ok().map(|_| name.to_owned())
    });
    let frames: Vec<String> = frames.collect();
    let entry =
        frames.iter().position(|f| f.contains("test::__rust_begin_short_backtrace"))?;
    let own = frames[..entry].iter().rfind(|f| !f.contains("FnOnce"))?;
    let path = own.trim_end_matches("::{{closure}}");
    path.split_once("::").map(|(_, name)| name.to_owned())
}

/// A folder of this process's own, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("interleavings-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).ok()?;
        Some(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in the temporary folder harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Has the check explored by a child; `None` when that is not possible here.
pub(crate) fn explore(title: &str) -> Option<Found> {
    let before = DONE.with_borrow(Clone::clone);
    let mut order = Order {
        title: title.to_owned(),
        call: before.len(),
        before,
        replay: None,
        tell: false,
    };
    let folder = Folder::new()?;
    run(&folder.0, &order, false)?;
    if let Some(found) = read_result(&folder.0) {
        return Some(found);
    }
    if !folder.0.join("started").exists() {
        // The child did not come to this check: the program is not libtest's, or the
        // test does something else each time.
        return None;
    }
    // It died. Once more, writing down each step, to say where.
    order.tell = true;
    let status = run(&folder.0, &order, false)?.0;
    if let Some(found) = read_result(&folder.0) {
        return Some(found);
    }
    let last = fs::read_to_string(folder.0.join("last")).unwrap_or_default();
    let sentence = format!("the program {}{}", death(status), after(&last));
    let verdict =
        Verdict { kind: "dies".to_owned(), sentence, details: Vec::new(), hint: None };
    let explored = Explored { interleavings: 0, text: "it stopped there".to_owned() };
    let trace = bare_trace(title, verdict, explored);
    Some(Err(Box::new((trace, Coverage::default()))))
}

fn after(last: &str) -> String {
    if last.is_empty() { String::new() } else { format!(", after {last}") }
}

/// What the reader's program prints in the schedule.
pub(crate) fn output_of(title: &str, replay: &str) -> Option<String> {
    let before = DONE.with_borrow(Clone::clone);
    let order = Order {
        title: title.to_owned(),
        call: before.len(),
        before,
        replay: Some(replay.to_owned()),
        tell: false,
    };
    let folder = Folder::new()?;
    let (_, output) = run(&folder.0, &order, true)?;
    let start = output.find(BEGIN)? + BEGIN.len();
    let rest = &output[start..];
    let text = rest.find(END).map_or(rest, |end| &rest[..end]);
    (!text.trim().is_empty()).then(|| text.trim_end().to_owned())
}

/// Runs the test program again for one order.
fn run(folder: &Path, order: &Order, listen: bool) -> Option<(ExitStatus, String)> {
    let text = serde_json::to_vec(order).ok()?;
    fs::write(folder.join("order.json"), text).ok()?;
    let mut command = Command::new(std::env::current_exe().ok()?);
    command
        .args([&order.title, "--exact", "--nocapture", "--include-ignored"])
        .arg("--test-threads=1")
        .env(CHILD, folder)
        .env_remove("INTERLEAVINGS_REPLAY")
        .stdin(Stdio::null());
    if !listen {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        return Some((command.status().ok()?, String::new()));
    }
    let (mut reader, writer) = std::io::pipe().ok()?;
    let mut child =
        command.stdout(writer.try_clone().ok()?).stderr(writer).spawn().ok()?;
    // The command holds writing ends too; the pipe ends when all are closed.
    drop(command);
    let mut output = Vec::new();
    let read = reader.read_to_end(&mut output);
    let status = child.wait().ok()?;
    read.ok()?;
    Some((status, String::from_utf8_lossy(&output).into_owned()))
}

fn read_result(folder: &Path) -> Option<Found> {
    let text = fs::read(folder.join("result.json")).ok()?;
    serde_json::from_slice(&text).ok()
}

/// How a process ended that should not have.
fn death(status: ExitStatus) -> String {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    // Windows has no signals: it says the same by a code that no program gives.
    #[cfg(not(unix))]
    let signal = match status.code().map(i32::cast_unsigned) {
        Some(0xc000_0409) => Some(6),
        Some(0xc000_0005 | 0xc000_00fd) => Some(11),
        _ => None,
    };
    match (signal, status.code()) {
        (Some(6), _) => "aborted".to_owned(),
        (Some(7 | 11), _) => "died of a memory fault (usually a stack overflow, by a \
                              function that calls itself without end)"
            .to_owned(),
        (Some(signal), _) => format!("was killed by signal {signal}"),
        (None, Some(code)) => format!(
            "ended itself in the middle, with exit code {code} (`process::exit`?)"
        ),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}

/// The child's side: notes that it has come as far as the check.
pub(crate) fn started(folder: &Path, order: &Order, progress: &Progress) {
    // Without these files the parent says less; there is nobody to tell.
    let _ = fs::write(folder.join("started"), "");
    if order.tell {
        progress.tell(folder.join("last"));
    }
    if order.replay.is_some() {
        mark(BEGIN);
    }
}

/// Writes a mark between libtest's output and the reader's.
fn mark(text: &str) {
    // A mark that is lost costs the parent the output, which nobody could read.
    let _ = std::io::stdout().write_all(text.as_bytes());
    let _ = std::io::stdout().flush();
}

/// The child's side: hands the result over and ends the process.
pub(crate) fn hand_over(folder: &Path, order: &Order, found: &Found) -> ! {
    if order.replay.is_some() {
        mark(END);
    }
    let written = serde_json::to_vec(found)
        .map_err(std::io::Error::from)
        .and_then(|text| fs::write(folder.join("part.json"), text))
        .and_then(|()| {
            fs::rename(folder.join("part.json"), folder.join("result.json"))
        });
    std::process::exit(i32::from(written.is_err()));
}

/// Watches an exploration from another OS thread, until the returned guard is gone.
///
/// When a modelled thread makes no step for some seconds, `lost` is called with the
/// verdict; it does not return, as the thread cannot be stopped.
pub(crate) fn watch(
    progress: Arc<Progress>,
    title: String,
    lost: impl FnOnce(Found) -> std::convert::Infallible + Send + 'static,
) -> Watch {
    let (alive, ended) = std::sync::mpsc::channel::<()>();
    let watchdog = thread::Builder::new().name("watchdog".to_owned());
    let handle = watchdog.spawn(move || {
        let mut seen = progress.steps();
        let mut since = Instant::now();
        while let Err(std::sync::mpsc::RecvTimeoutError::Timeout) =
            ended.recv_timeout(Duration::from_millis(200))
        {
            let steps = progress.steps();
            if steps != seen || !progress.busy() {
                (seen, since) = (steps, Instant::now());
            } else if since.elapsed() > PATIENCE {
                lost(hangs(&progress, &title));
            }
        }
    });
    Watch { alive: Some(alive), handle: handle.ok() }
}

/// Ends the watchdog when it is dropped.
pub(crate) struct Watch {
    alive: Option<std::sync::mpsc::Sender<()>>,
    handle: Option<thread::JoinHandle<()>>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.alive.take());
        if let Some(handle) = self.handle.take() {
            // It only fails when it has panicked, and then there is no more to do.
            let _ = handle.join();
        }
    }
}

/// The verdict on a thread that runs and never comes to a step.
fn hangs(progress: &Progress, title: &str) -> Found {
    let (who, line) = match progress.last() {
        Some(last) => {
            let mut sources = Sources::default();
            let name = match (last.thread, last.spawned) {
                (0, _) => "main".to_owned(),
                (_, Some((_, Some(name)))) => format!("thread `{name}`"),
                (t, Some((at, None))) => match sources.handle(at) {
                    Some(name) => format!("thread `{name}`"),
                    None => format!("thread {t}"),
                },
                (t, None) => format!("thread {t}"),
            };
            (name, format!("after line {} of {}", last.at.line(), last.at.file()))
        }
        None => ("main".to_owned(), "at its beginning".to_owned()),
    };
    let sentence = format!(
        "{who} runs on {line} without ever coming to another lock, atomic, channel or \
         thread operation: an endless loop?"
    );
    let verdict =
        Verdict { kind: "hangs".to_owned(), sentence, details: Vec::new(), hint: None };
    let explored = Explored { interleavings: 0, text: "it stopped there".to_owned() };
    Err(Box::new((bare_trace(title, verdict, explored), Coverage::default())))
}
