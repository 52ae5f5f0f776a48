//! Starting processes of one's own program, watching them, and ending them.
//!
//! A child is the same executable, started again with a *role*: the first lines of
//! `main` ask for it and hand over to the function for that role. The parent and the
//! child name it by the same [`Entry`], so that they agree on the type of the payload.
//!
//! ```
//! use std::process::ExitCode;
//!
//! use crossprocess::process::{Entry, Exit, child_role};
//!
//! const GREET: Entry<String> = Entry::new("greet");
//!
//! fn main() -> ExitCode {
//!     if let Some(role) = child_role() {
//!         return role.on(&GREET, |name| assert_eq!(name, "Ada")).finish();
//!     }
//!     let mut child = GREET.with(&"Ada".to_string()).unwrap().spawn().unwrap();
//!     assert_eq!(child.wait().unwrap(), Exit::Code(0));
//!     ExitCode::SUCCESS
//! }
//! ```
//!
//! No child becomes a zombie: a [`Child`] is waited for when it is dropped. No child
//! outlives its parent: it holds the reading end of a pipe, its *leash*, on its standard
//! input, and ends when the other end is gone, by whatever cause.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fmt::Write as _;
use std::io::{self, Read};
use std::marker::PhantomData;
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::process::{Command, ExitCode, ExitStatus, Stdio, Termination};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::queue::{decoded, encoded};
use crate::{Error, SEGMENT_VARIABLE, Segment};

const ROLE_VARIABLE: &str = "CROSSPROCESS_ROLE";
const PAYLOAD_VARIABLE: &str = "CROSSPROCESS_PAYLOAD";
const LEASH_VARIABLE: &str = "CROSSPROCESS_LEASH";

/// The environment passes payloads, written as two characters a byte.
const LONGEST_PAYLOAD: usize = 60 << 10;

/// Exit code of a child whose role or payload is unknown to its program.
const NOT_UNDERSTOOD: u8 = 2;

/// How often it is looked whether a child has ended, where the system does not tell.
#[cfg(not(target_os = "linux"))]
const LONGEST_STEP: Duration = Duration::from_millis(5);

/// A function of a child process, by the name that parent and child know it under, and
/// the type of what it is given.
pub struct Entry<P> {
    name: &'static str,
    _payload: PhantomData<fn(P) -> P>,
}

impl<P: Serialize + DeserializeOwned> Entry<P> {
    /// Names an entry; usually a constant.
    pub const fn new(name: &'static str) -> Self {
        Self { name, _payload: PhantomData }
    }

    /// What to start: this executable, in this role, with this payload.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] if the payload takes more than 60 KiB: pass it in a
    /// [`Segment`] then. [`Error::Codec`] if it cannot be written as bytes, and
    /// [`Error::Io`] if the executable cannot be found any more.
    pub fn with(&self, payload: &P) -> Result<Spawn, Error> {
        let program = std::env::current_exe()
            .map_err(Error::io("find the executable of this process"))?;
        let mut spawn = Spawn::program(program).name(self.name);
        encoded(payload, |bytes| {
            if bytes.len() > LONGEST_PAYLOAD {
                let object = format!("the environment of `{}`", self.name);
                let (len, longest) = (bytes.len(), LONGEST_PAYLOAD);
                return Err(Error::TooLong { object, len, longest });
            }
            spawn.command.env(PAYLOAD_VARIABLE, to_hex(bytes));
            Ok(())
        })?;
        spawn.command.env(ROLE_VARIABLE, self.name);
        spawn.leash = true;
        Ok(spawn)
    }
}

impl<P> fmt::Debug for Entry<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entry").field(&self.name).finish()
    }
}

/// The role of this process, if its parent has given it one. Call it first of all in
/// `main`. From then on the process ends with its parent.
pub fn child_role() -> Option<Role> {
    let name = std::env::var(ROLE_VARIABLE).ok()?;
    if std::env::var_os(LEASH_VARIABLE).is_some() {
        hold_leash();
    }
    Some(Role { name, exit: None })
}

/// Ends this process when its standard input ends: when its parent is gone.
fn hold_leash() {
    let wait = || {
        let mut input = io::stdin().lock();
        let mut ignored = [0; 64];
        loop {
            match input.read(&mut ignored) {
                Ok(0) => break,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => break,
                _ => {}
            }
        }
        end_with_descendants();
    };
    let started = thread::Builder::new().name("leash".into()).spawn(wait);
    // Without the thread the child may outlive its parent, which is worse than ending.
    if started.is_err() {
        end_with_descendants();
    }
}

#[cfg(unix)]
fn end_with_descendants() -> ! {
    use rustix::process::{Signal, getpgid, getpid, kill_process, kill_process_group};

    // At once: an orderly end could wait for a lock that another thread holds. What
    // this process holds in a segment is given back as after any other death.
    let me = getpid();
    if getpgid(None) == Ok(me) {
        let _ = kill_process_group(me, Signal::KILL);
    }
    let _ = kill_process(me, Signal::KILL);
    std::process::abort()
}

#[cfg(not(unix))]
fn end_with_descendants() -> ! {
    std::process::abort()
}

/// What a child was started for: see [`child_role`].
#[must_use = "`finish` gives the exit code"]
#[derive(Debug)]
pub struct Role {
    name: String,
    exit: Option<ExitCode>,
}

impl Role {
    /// The name of the entry.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `work` if this is the entry meant, with what the parent has sent along.
    /// What `work` returns becomes the exit code, as that of `main`.
    pub fn on<P, R>(mut self, entry: &Entry<P>, work: impl FnOnce(P) -> R) -> Self
    where
        P: DeserializeOwned,
        R: Termination,
    {
        if self.exit.is_none() && self.name == entry.name {
            self.exit = Some(match payload(&self.name) {
                Ok(payload) => work(payload).report(),
                Err(error) => {
                    eprintln!("{error}");
                    ExitCode::from(NOT_UNDERSTOOD)
                }
            });
        }
        self
    }

    /// The exit code of the entry that has run; 2, and a line on stderr, if none has.
    pub fn finish(self) -> ExitCode {
        self.exit.unwrap_or_else(|| {
            eprintln!("this program has no role `{}`", self.name);
            ExitCode::from(NOT_UNDERSTOOD)
        })
    }
}

fn payload<P: DeserializeOwned>(role: &str) -> Result<P, Error> {
    let text = std::env::var(PAYLOAD_VARIABLE).unwrap_or_default();
    let what = || format!("the payload of role `{role}`");
    match from_hex(&text) {
        Some(bytes) => decoded(&bytes, what),
        None => {
            Err(Error::Corrupt { object: what(), detail: "not hexadecimal".into() })
        }
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    if rest.is_empty() { bytes.collect() } else { None }
}

/// A process to be started.
#[derive(Debug)]
pub struct Spawn {
    command: Command,
    name: String,
    leash: bool,
}

impl Spawn {
    /// Another program than this one. It has no leash, and this process's standard
    /// input.
    pub fn program(program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref();
        let mut command = Command::new(program);
        // A child of a child is what it is told to be, and not what its parent was.
        for variable in
            [ROLE_VARIABLE, PAYLOAD_VARIABLE, LEASH_VARIABLE, SEGMENT_VARIABLE]
        {
            command.env_remove(variable);
        }
        Self { command, name: program.to_string_lossy().into_owned(), leash: false }
    }

    /// What messages call the process.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Lets the child find the segment by [`Segment::from_env`].
    pub fn segment(mut self, segment: &Segment) -> Self {
        segment.pass_to(&mut self.command);
        self
    }

    /// Sets arguments, environment, standard output and the like. The standard input is
    /// the leash's.
    ///
    /// ```
    /// # use crossprocess::process::Spawn;
    /// let spawn = Spawn::program("rustc").configure(|command| command.arg("--version"));
    /// ```
    pub fn configure(
        mut self,
        change: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        change(&mut self.command);
        self
    }

    /// Lets the child live on when this process ends. Python: `daemon=False`, without
    /// the wait at exit.
    pub fn unleashed(mut self) -> Self {
        self.leash = false;
        self
    }

    /// Starts the process, in a process group of its own.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; its source says whether the program was not found.
    pub fn spawn(mut self) -> Result<Child, Error> {
        if self.leash {
            self.command.env(LEASH_VARIABLE, "1").stdin(Stdio::piped());
        }
        own_group(&mut self.command);
        let action = format!("start `{}`", self.name);
        // Held over the start: whoever reaps finds the child in the registry.
        let mut registry = registry();
        let mut child = self.command.spawn().map_err(Error::io(action))?;
        registry.insert(child.id(), self.name.clone());
        drop(registry);
        let _leash = child.stdin.take();
        let end = ExitSentinel::of(&child);
        Ok(Child { name: self.name, child, _leash, end, exit: None, detached: false })
    }

    /// Starts the process and waits for it; kills it after `limit`.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`], or [`Error::Io`]. A program that is not found is an
    /// [`Exit`].
    pub fn run(self, limit: Duration) -> Result<Exit, Error> {
        let name = self.name.clone();
        match self.spawn() {
            Ok(mut child) => child
                .wait_timeout(limit)?
                .ok_or_else(|| Error::TimedOut { object: format!("process `{name}`") }),
            Err(Error::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                Ok(Exit::NotFound)
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_command: &mut Command) {}

/// How a process ended. Python: `exitcode`, where a signal is a negative number.
///
/// Windows has no signals: a kill there is `Code(1)`, and an abort or a fault is a
/// negative code, an NTSTATUS, which is shown in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It returned, or called `exit`; a panic in the main thread is 101.
    Code(i32),
    /// A signal ended it; an abort is 6, a kill is 9.
    Signal(i32),
    /// It never began: there is no such program.
    NotFound,
}

impl Exit {
    /// True for exit code 0.
    pub fn success(self) -> bool {
        self == Self::Code(0)
    }

    fn from_status(status: ExitStatus) -> Self {
        match (status.code(), signal_of(status)) {
            (Some(code), _) => Self::Code(code),
            (None, Some(signal)) => Self::Signal(signal),
            (None, None) => unreachable!("a process ends by a code or by a signal"),
        }
    }
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_status: ExitStatus) -> Option<i32> {
    None
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code @ 0..) => write!(f, "exit code {code}"),
            Self::Code(code) => write!(f, "exit code {code:#x}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::NotFound => f.write_str("program not found"),
        }
    }
}

/// The children of this process that have not been waited for, by process id. Its lock
/// is held while a child is waited for or signalled: no signal goes to a process that
/// happens to have the number of one that is gone.
static REGISTRY: Mutex<BTreeMap<u32, String>> = Mutex::new(BTreeMap::new());

fn registry() -> MutexGuard<'static, BTreeMap<u32, String>> {
    // Nothing that can panic happens while it is held.
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The children that were started here and have not been waited for: process ids and
/// names. Python: `active_children`.
pub fn children() -> Vec<(u32, String)> {
    registry().iter().map(|(&pid, name)| (pid, name.clone())).collect()
}

/// A child process. Dropping it kills it, with its descendants, and waits for it.
///
/// Against [`std::process::Child`]: that one lives on when dropped, and is a zombie
/// once it has ended. Python: `multiprocessing.Process`.
#[derive(Debug)]
pub struct Child {
    name: String,
    child: std::process::Child,
    /// Closing it ends the child.
    _leash: Option<ChildStdin>,
    end: ExitSentinel,
    exit: Option<Exit>,
    detached: bool,
}

impl Child {
    /// Its process id; that of another process, one day, once this one has been waited
    /// for.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its standard output, once, if [`Spawn::configure`] has made a pipe of it.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Its standard error, once, if [`Spawn::configure`] has made a pipe of it.
    pub fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Blocks until it has ended. Returns how.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not say.
    pub fn wait(&mut self) -> Result<Exit, Error> {
        loop {
            if let Some(exit) = self.wait_timeout(Duration::from_secs(3600))? {
                return Ok(exit);
            }
        }
    }

    /// Blocks until it has ended, for `limit` at most; `None` if it has not.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not say.
    pub fn wait_timeout(&mut self, limit: Duration) -> Result<Option<Exit>, Error> {
        let deadline = Instant::now().checked_add(limit);
        loop {
            if let Some(exit) = self.try_wait()? {
                return Ok(Some(exit));
            }
            let left = deadline.map_or(Duration::MAX, |at| {
                at.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                return Ok(None);
            }
            self.end.wait(left).map_err(Error::io(self.action("wait for")))?;
        }
    }

    /// How it has ended, if it has.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not say.
    pub fn try_wait(&mut self) -> Result<Option<Exit>, Error> {
        if self.exit.is_none() {
            let mut registry = registry();
            let status = self.child.try_wait();
            let status = status.map_err(Error::io(self.action("wait for")))?;
            if let Some(status) = status {
                registry.remove(&self.child.id());
                self.exit = Some(Exit::from_status(status));
            }
        }
        Ok(self.exit)
    }

    /// True if it has not ended.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not say.
    pub fn is_alive(&mut self) -> Result<bool, Error> {
        Ok(self.try_wait()?.is_none())
    }

    /// Asks it, and its descendants, to end: SIGTERM, which a program may handle or
    /// ignore. Nothing happens to a child that has ended. On Windows as `kill`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system refuses.
    pub fn terminate(&mut self) -> Result<(), Error> {
        self.signal(Stop::Terminate)
    }

    /// Asks it, and its descendants, to stop what they are at: SIGINT, as Ctrl-C does.
    /// On Windows as `kill`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system refuses.
    pub fn interrupt(&mut self) -> Result<(), Error> {
        self.signal(Stop::Interrupt)
    }

    /// Ends it, and its descendants in the same process group, at once: SIGKILL.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system refuses.
    pub fn kill(&mut self) -> Result<(), Error> {
        self.signal(Stop::Kill)
    }

    fn signal(&mut self, stop: Stop) -> Result<(), Error> {
        if self.exit.is_some() {
            return Ok(());
        }
        let action = self.action("signal");
        let _registry = registry();
        send(&mut self.child, stop).map_err(Error::io(action))
    }

    /// What becomes ready when the child ends: to wait for several things at once.
    pub fn sentinel(&self) -> &ExitSentinel {
        &self.end
    }

    /// Leaves it to itself: it is waited for in the background, and lives on when this
    /// handle goes. A child on a leash still ends with this process.
    pub fn detach(mut self) {
        self.detached = true;
        let name = format!("reaper of {}", self.pid());
        // Without a thread the child stays a zombie until this process ends. An error
        // says that there is no such child any more.
        let reap = move || drop(self.wait());
        let _ = thread::Builder::new().name(name).spawn(reap);
    }

    fn action(&self, what: &str) -> String {
        format!("{what} process {} (`{}`)", self.child.id(), self.name)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.exit.is_some() || self.detached {
            return;
        }
        // Errors: there is nobody to tell, and `wait` is tried in any case.
        let _ = self.kill();
        let _ = self.wait();
    }
}

#[derive(Debug, Clone, Copy)]
enum Stop {
    Interrupt,
    Terminate,
    Kill,
}

#[cfg(unix)]
fn send(child: &mut std::process::Child, stop: Stop) -> io::Result<()> {
    use rustix::io::Errno;
    use rustix::process::{Pid, Signal, kill_process_group};

    let signal = match stop {
        Stop::Interrupt => Signal::INT,
        Stop::Terminate => Signal::TERM,
        Stop::Kill => Signal::KILL,
    };
    let pid = Pid::from_raw(child.id().cast_signed()).expect("a child has a number");
    match kill_process_group(pid, signal) {
        // All of them have ended already; macOS says PERM until they are waited for.
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(Errno::PERM) if cfg!(target_vendor = "apple") => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn send(child: &mut std::process::Child, _stop: Stop) -> io::Result<()> {
    child.kill()
}

/// Becomes ready when a process ends. On Linux it is a file descriptor, to poll.
#[derive(Debug)]
pub struct ExitSentinel {
    /// `None` if the system gave none; then it is looked again and again.
    #[cfg(target_os = "linux")]
    descriptor: Option<rustix::fd::OwnedFd>,
}

#[cfg(target_os = "linux")]
impl ExitSentinel {
    fn of(child: &std::process::Child) -> Self {
        use rustix::process::{Pid, PidfdFlags, pidfd_open};

        let pid = Pid::from_raw(child.id().cast_signed());
        let open = |pid| pidfd_open(pid, PidfdFlags::empty()).ok();
        Self { descriptor: pid.and_then(open) }
    }

    /// Blocks until the process has ended, for `limit` at most. May return early.
    ///
    /// # Errors
    ///
    /// What poll(2) says.
    pub fn wait(&self, limit: Duration) -> io::Result<()> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};

        let Some(descriptor) = &self.descriptor else {
            thread::sleep(limit.min(Duration::from_millis(5)));
            return Ok(());
        };
        let seconds = i64::try_from(limit.as_secs()).unwrap_or(i64::MAX);
        let limit = Timespec { tv_sec: seconds, tv_nsec: limit.subsec_nanos().into() };
        match poll(&mut [PollFd::new(descriptor, PollFlags::IN)], Some(&limit)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Readable once the process has ended, for poll(2) and the like.
    pub fn descriptor(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.descriptor.as_ref().map(std::os::fd::AsFd::as_fd)
    }
}

#[cfg(not(target_os = "linux"))]
impl ExitSentinel {
    fn of(_child: &std::process::Child) -> Self {
        Self {}
    }

    /// Sleeps for a moment, `limit` at most: this system tells nothing.
    ///
    /// # Errors
    ///
    /// None, here.
    pub fn wait(&self, limit: Duration) -> io::Result<()> {
        thread::sleep(limit.min(LONGEST_STEP));
        Ok(())
    }
}
