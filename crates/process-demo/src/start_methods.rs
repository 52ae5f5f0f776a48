//! Three ways to a child: a new program, a copy, or a copy of somebody well prepared.
//!
//! A new program takes nothing over, so it has to prepare itself. A copy by `fork` has
//! all that its parent had, except the other threads: a lock that one of them held is
//! never released in the copy. A fork server avoids both: a process with one thread
//! prepares itself once, and a fresh copy of it serves each request. Python calls the
//! three "spawn", "fork" and "forkserver", and has moved from the second to the third.
//!
//! Run:     cargo run -p process-demo -- start-methods
//! Expect:  primes from new programs, a copy that waits for ever, primes from copies
//! Chapter: book/src/start-methods.md
//! Source:  fork(2), section NOTES; signal-safety(7)

use std::process::{self, Stdio};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use common::measure::duration;
use common::{Actor, println, timeline};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process, pidfd_open, waitpid,
};

use crate::fork::{Task, fork_beside_threads};
use crate::fork_server::{Answer, ForkServer};
use crate::{bare, procfs};

/// Which prime is asked for, and what it is.
const ASKED: [(usize, u32); 3] =
    [(100_000, 1_299_709), (10_000, 104_729), (1_000, 7_919)];

/// How long we look on while somebody waits for ever.
const LONG_ENOUGH: Duration = Duration::from_millis(100);

pub fn run() -> anyhow::Result<()> {
    println!("A new program makes a table of primes, for one of them:");
    let me = Actor::new("new program");
    answers_are_right(|n| {
        let _working = me.works("a prime, and its table");
        ask_a_new_program(n)
    })?;

    println!("\nA copy by fork of a process with other threads:");
    fork_while_another_thread_has_the_lock(Actor::new("copy"))?;

    println!("\nA server makes the table once; a copy of it finds each prime:");
    let (server, copies) = (Actor::new("server"), Actor::new("its copies"));
    let preparing = server.works("the table");
    let mut fork_server = ForkServer::start()?;
    drop(preparing);
    answers_are_right(|n| {
        let _working = copies.works("a prime");
        let answer = fork_server.ask(n)?;
        ensure!(answer.pid != fork_server.id(), "the server has answered by itself");
        Ok(answer)
    })?;
    println!("  all are copies of process {}, which made the table", fork_server.id());

    println!();
    timeline::so_far().print();
    println!("\nok: the copy hung on a lock that is free; the server's copies did not");
    Ok(())
}

/// Asks for each prime; prints and checks who answers what.
fn answers_are_right(
    mut ask: impl FnMut(usize) -> anyhow::Result<Answer>,
) -> anyhow::Result<()> {
    let mut pids = Vec::new();
    for (n, expected) in ASKED {
        let asked = Instant::now();
        let Answer { pid, prime } = ask(n)?;
        let took = duration(asked.elapsed().as_secs_f64());
        println!("  [process {pid}] the {n}th prime is {prime}; took {took}");
        ensure!(prime == expected, "the {n}th prime is {expected}, not {prime}");
        pids.push(pid);
    }
    pids.dedup();
    ensure!(pids.len() == ASKED.len(), "one process has answered twice: {pids:?}");
    Ok(())
}

fn ask_a_new_program(n: usize) -> anyhow::Result<Answer> {
    let mut command = bare::command("nth-prime", &n.to_string())?;
    let output =
        command.stderr(Stdio::inherit()).output().context("start a program")?;
    ensure!(output.status.success(), "the program ended with {}", output.status);
    Answer::read(&String::from_utf8(output.stdout)?)
}

fn fork_while_another_thread_has_the_lock(copy: Actor) -> anyhow::Result<()> {
    let lock = Mutex::new(());
    let child = thread::scope(|scope| {
        let (locked, is_locked) = mpsc::channel();
        let (unlock, may_unlock) = mpsc::channel::<()>();
        let lock = &lock;
        let holder = thread::Builder::new().spawn_scoped(scope, move || {
            let _guard = lock.lock().unwrap();
            // Received below, before anything can fail.
            locked.send(()).unwrap();
            // Comes back with an error when the other end is dropped.
            let _ = may_unlock.recv();
        })?;
        is_locked.recv()?;
        let child = fork_beside_threads(Task::Lock(lock)).context("fork")?;
        drop(unlock);
        holder.join().unwrap();
        anyhow::Ok(child)
    })?;

    let free = lock.try_lock().is_ok();
    let waiting = copy.waits("the lock that the parent has released");
    let ended = has_ended_within(child, LONG_ENOUGH)?;
    drop(waiting);
    let threads = procfs::threads(child.as_raw_pid().cast_unsigned())?;
    let own_threads = procfs::threads(process::id())?;
    kill_process(child, Signal::KILL)?;
    waitpid(Some(child), WaitOptions::empty())?;
    println!("  threads: {own_threads} in the parent, {threads} in the copy");
    println!("  the lock: {} in the parent", if free { "free again" } else { "taken" });
    println!("  the copy still waits for its own copy of it; killed");
    ensure!(free && !ended && threads == 1, "the copy ended, or is no plain copy");
    Ok(())
}

fn has_ended_within(child: Pid, limit: Duration) -> anyhow::Result<bool> {
    // Becomes readable when the process ends.
    let pidfd = pidfd_open(child, PidfdFlags::empty()).context("open a pidfd")?;
    let limit = Timespec::try_from(limit)?;
    let ready = poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&limit))?;
    Ok(ready > 0)
}
