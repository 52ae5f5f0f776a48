//! A pool: its worker is killed, or its owner.
//!
//! A worker belongs to the owner of the pool, which must not be the one that traces it:
//! the stops of the worker would be the answers to the owner's waits. So the owner is a
//! process of its own, and this one looks on.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crossprocess::pool::{JobError, PoolOptions, Work};
use crossprocess::process::{Exit, children};
use crossprocess::{Error, Segment, Semaphore};
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitStatus, wait, waitpid};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::storm::{VICTIMS, judge, random, report, waited_for_core};
use crate::sweep::{Memory, Moment, Run, Steps, nothing_is_left, now_at, step_until};

pub const WORKER: &str = "pool-worker";
pub const OWNER: &str = "pool-owner";
pub const NAMES: [&str; 2] = [WORKER, OWNER];
pub const STORM: &str = "pool";

/// Set for an owner: who is the victim.
const VARIABLE: &str = "CROSSPROCESS_TEST_POOL";

const LIMIT: Duration = Duration::from_secs(10);

/// Exit code of an owner whose pool could not begin, as its worker had been killed.
const NEVER_BEGAN: u8 = 3;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Job {
    Square(u64),
    Pid,
    /// Where the first worker stops, if it gets so far.
    Last,
}

/// Its workers begin with whether one of them is the victim.
pub const WORK: Work<bool, Job, u64> = Work::new("pool-worker");

pub fn is_owner() -> bool {
    env::var_os(VARIABLE).is_some()
}

/// Lets a pool do what pools do. Panics if it does anything else.
pub fn owner() -> ExitCode {
    let worker_dies = env::var(VARIABLE).is_ok_and(|victim| victim == WORKER);
    if !worker_dies {
        ptrace::traceme().expect("traceme");
        raise(Signal::SIGSTOP).expect("stop");
    }
    let workers = if worker_dies { 1 } else { 2 };
    let started = PoolOptions::new().chunk(2).start(&WORK, workers, &worker_dies);
    let mut pool = match started {
        Ok(pool) => pool,
        Err(error) => {
            let error = error.to_string();
            assert!(worker_dies && error.contains("never began"), "{error}");
            return ExitCode::from(NEVER_BEGAN);
        }
    };
    let jobs = [Job::Square(1), Job::Square(2), Job::Square(3), Job::Last];
    let mut lost = 0;
    for (number, result) in pool.map(jobs).enumerate() {
        match result {
            Ok(result) => assert_eq!(result, [1, 4, 9, 0][number]),
            Err(JobError::WorkerDied { worker: 0, exit: Exit::Signal(9), .. }) => {
                assert!(worker_dies);
                lost += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(lost <= 1, "one death has cost {lost} results");
    let squares: Vec<_> = pool.map((1..=3).map(Job::Square)).collect();
    assert_eq!(squares, [Ok(1), Ok(4), Ok(9)]);
    pool.shut_down(LIMIT).expect("the workers end");
    assert!(children().is_empty(), "a worker was not waited for");
    if !worker_dies {
        raise(Signal::SIGSTOP).expect("stop");
    }
    ExitCode::SUCCESS
}

/// What a worker knows: whether it is the victim.
pub fn prepare(one_is_victim: bool) -> Result<bool, String> {
    let is_victim = one_is_victim && is_first().map_err(|error| error.to_string())?;
    if is_victim {
        let address = env::var(crossprocess::SEGMENT_VARIABLE).expect("a segment");
        let line = format!("{} {address}\n", std::process::id());
        std::io::stdout().write_all(line.as_bytes()).expect("tell who it is");
        while !is_traced() {
            thread::sleep(Duration::from_micros(100));
        }
        raise(Signal::SIGSTOP).expect("stop");
    }
    Ok(is_victim)
}

/// True for one worker of a pool: those that replace it are none.
fn is_first() -> Result<bool, Error> {
    match Semaphore::create(&Segment::from_env()?, "victim", 1) {
        Ok(_) => Ok(true),
        Err(Error::Exists { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_traced() -> bool {
    let status = fs::read_to_string("/proc/self/status").expect("procfs");
    !status.contains("TracerPid:\t0\n")
}

pub fn work(is_victim: &mut bool, job: Job) -> u64 {
    match job {
        Job::Square(number) => number * number,
        Job::Pid => std::process::id().into(),
        Job::Last => {
            if *is_victim {
                raise(Signal::SIGSTOP).expect("stop");
            }
            0
        }
    }
}

fn start_owner(victim: &str) -> Child {
    Command::new(env::current_exe().expect("current_exe"))
        .env(VARIABLE, victim)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start the owner")
}

/// Kills the worker from its start, through two chunks, until it is at its last job. The
/// owner checks the results, and ends.
pub fn worker_dies(moment: Moment) -> Run {
    let what = format!("{WORKER} {moment:?}");
    now_at(Some(what.clone()));
    let mut owner = start_owner(WORKER);
    let mut line = String::new();
    let stdout = owner.stdout.take().expect("it is piped");
    BufReader::new(stdout).read_line(&mut line).expect("read from the worker");
    let (pid, address) = line.trim_end().split_once(' ').expect("a worker has begun");
    let pid = Pid::from_raw(pid.parse().expect("a process id"));
    ptrace::seize(pid, ptrace::Options::empty()).expect("trace the worker");
    let begun = waitpid(pid, None);
    assert!(matches!(begun, Ok(WaitStatus::Stopped(_, Signal::SIGSTOP))), "{what}");

    let Steps { steps, changes, completed } =
        step_until(pid, moment, Some(Memory::of(address)), &what);
    kill(pid, Signal::SIGKILL).expect("kill");
    assert!(matches!(waitpid(pid, None), Ok(WaitStatus::Signaled(..))), "{what}");
    let begun = Instant::now();
    let exit = owner.wait().expect("wait for the owner").code();
    let recovery = begun.elapsed();
    let may_end = exit == Some(0) || exit == Some(NEVER_BEGAN.into()) && !completed;
    assert!(may_end, "{what}: the owner ended with {exit:?}, see above");
    now_at(None);
    nothing_is_left(address, &what);
    Run { steps, changes, recovery }
}

/// Kills the owner from before it makes the pool until it has shut it down: its workers
/// end, and the next to make a segment, or to sweep, frees the memory.
pub fn owner_dies(moment: Moment) -> Run {
    let what = format!("{OWNER} {moment:?}");
    now_at(Some(what.clone()));
    // Its workers become our children.
    prctl::set_child_subreaper(true).expect("become a subreaper");
    let mut owner = start_owner(OWNER);
    let pid = Pid::from_raw(owner.id().cast_signed());
    let begun = waitpid(pid, None);
    assert!(matches!(begun, Ok(WaitStatus::Stopped(_, Signal::SIGSTOP))), "{what}");

    // What it does to the memory is what queues do, and swept as such; what it does to
    // processes and files are system calls.
    let Steps { steps, changes, .. } = step_until(pid, moment, None, &what);
    owner.kill().expect("kill");
    let begun = Instant::now();
    owner.wait().expect("wait for the owner");
    loop {
        match wait() {
            Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) => {}
            Err(Errno::ECHILD) => break,
            other => panic!("{what}: a worker did not end: {other:?}"),
        }
    }
    let recovery = begun.elapsed();
    prctl::set_child_subreaper(false).expect("be none any more");
    now_at(None);

    let mine = Segment::create(0).expect("create a segment");
    let base = Path::new(mine.address()).parent().expect("a directory");
    let of_owner = format!("cp-{:x}-", owner.id());
    for dir in [base, Path::new("/dev/shm")] {
        let names = fs::read_dir(dir).expect("list the directory").flatten();
        let left: Vec<_> = names
            .map(|entry| entry.file_name())
            .filter(|name| {
                name.to_str().is_some_and(|name| name.starts_with(&of_owner))
            })
            .collect();
        assert!(left.is_empty(), "{what}: {left:?} in {} was left", dir.display());
    }
    Run { steps, changes, recovery }
}

/// Kills workers while they have always something to do. Each death costs one result at
/// most, and says so.
pub fn storm(kills: usize) {
    let options = PoolOptions::new().chunk(4);
    let mut pool = options.start(&WORK, VICTIMS, &false).expect("a pool");
    let mut killed = BTreeSet::new();
    let mut lost = 0;
    let (mut slowest, mut without_core) = (Duration::ZERO, Duration::ZERO);
    let mut results = pool.map(std::iter::repeat(Job::Pid));
    let (mut since, mut waited) = (Instant::now(), waited_for_core("thread-self"));
    let mut next_kill = since;
    while killed.len() < kills {
        let result = results.next_timeout(LIMIT).expect("a result comes");
        if since.elapsed() > slowest {
            slowest = since.elapsed();
            without_core = waited_for_core("thread-self").saturating_sub(waited);
        }
        match result.expect("there are always more jobs") {
            // Those who are not killed here do not end: it is alive.
            Ok(pid) if Instant::now() >= next_kill && killed.insert(pid as u32) => {
                let pid = Pid::from_raw(i32::try_from(pid).expect("a process id"));
                kill(pid, Signal::SIGKILL).expect("kill");
                next_kill =
                    Instant::now() + Duration::from_micros(1500 + random() % 2000);
            }
            Ok(_) => {}
            Err(JobError::WorkerDied { pid, exit, .. }) => {
                assert!(exit == Exit::Signal(9) && killed.contains(&pid));
                lost += 1;
            }
            Err(error) => panic!("{error}"),
        }
        (since, waited) = (Instant::now(), waited_for_core("thread-self"));
    }
    drop(results);
    assert!(lost <= kills, "{kills} deaths have cost {lost} results");
    assert_eq!(pool.apply(Job::Square(3)), Ok(9));
    pool.shut_down(LIMIT).expect("the workers end");
    assert!(children().is_empty(), "a worker was not waited for");
    report(STORM, kills, slowest, without_core);
    judge(STORM, slowest, without_core);
}
