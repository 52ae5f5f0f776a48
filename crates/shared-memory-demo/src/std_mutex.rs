//! A lock that sleeps with the private flag of the futex never wakes another process.
//!
//! A lock that is taken sleeps in the kernel, which finds sleepers by the address of
//! the lock's word. std tells it that the word is used by one process only: that is
//! faster, and the address alone will do. So a `Mutex` in shared memory excludes, but
//! `unlock` looks for sleepers of its own process and finds none. parking_lot keeps its
//! sleepers in a table of the process, with the same end. No std `Mutex` is put into
//! the segment here: what it is made of is not promised, and on some systems it holds a
//! pointer. The scene looks at how it sleeps, and puts the same algorithm there in 20
//! lines.
//!
//! Run:     cargo run -p shared-memory-demo -- std-mutex
//! Expect:  the flag of std's Mutex; a hang with it, explained; a wake-up without it
//! Chapter: book/src/shared-memory.md
//! Source:  futex(2), FUTEX_PRIVATE_FLAG; U. Drepper, "Futexes Are Tricky", mutex 2

use std::sync::atomic::{
    AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};
use std::sync::{Mutex, mpsc};
use std::{fs, ptr, thread};

use anyhow::{Context, ensure};
use common::{Actor, leash, println, trial};
use rustix::thread::futex::{self, Flags};
use rustix::thread::gettid;

use crate::janitor::Janitor;
use crate::memory::{Shared, shareable};
use crate::partner::Partner;

/// Of the operation: the word is used by one process only. See futex(2).
const PRIVATE: u32 = 128;

pub fn run() -> anyhow::Result<()> {
    match how_std_sleeps().context("watch a thread")? {
        Some(operation) => {
            let flag = operation & PRIVATE;
            println!(
                "std's Mutex sleeps in futex({operation}), private flag: {flag}\n"
            );
            ensure!(flag != 0, "std's Mutex sleeps without the flag");
        }
        None => println!("this system does not tell how a thread sleeps\n"),
    }

    println!("the same algorithm in shared memory, with that flag:");
    let private = trial("std-mutex-private")?;
    private.show();
    ensure!(!private.status.success(), "the private lock has woken another process");

    println!("\nwithout it:");
    hand_over("std-mutex-shared-child", Flags::empty())?;
    println!("\nok: without the private flag the lock woke the other process");
    Ok(())
}

/// Goes wrong: the parent unlocks, and the child sleeps on.
pub fn private() -> anyhow::Result<()> {
    hand_over("std-mutex-private-child", Flags::PRIVATE)
}

/// Unlocks when the child sleeps, and waits until the child has the lock.
fn hand_over(role: &'static str, flags: Flags) -> anyhow::Result<()> {
    let [parent, child] = ["parent", "child"].map(Actor::new);
    let mut janitor = Janitor::start()?;
    let lock = Shared::<Lock>::create(&mut janitor)?;
    lock.lock(flags);
    let holding = parent.holds("the lock");
    let mut partner = Partner::start(role, lock.name())?;
    while lock.state.load(Relaxed) != SLEEPERS || !sleeps(partner.id())? {
        thread::yield_now();
    }
    drop(holding);
    let woken = lock.unlock(flags);
    parent.says(format!("unlocked, woke {woken}"));
    let waiting = parent.waits("the child");
    child.says(partner.hear()?);
    drop(waiting);
    ensure!(woken == 1, "{woken} sleepers were woken");
    Ok(())
}

#[derive(clap::Args)]
pub struct Options {
    name: String,
}

pub fn private_child(Options { name }: Options) -> anyhow::Result<()> {
    lock_once(&name, Flags::PRIVATE)
}

pub fn shared_child(Options { name }: Options) -> anyhow::Result<()> {
    lock_once(&name, Flags::empty())
}

fn lock_once(name: &str, flags: Flags) -> anyhow::Result<()> {
    leash::keep(|| ()).context("start a thread")?;
    let lock = Shared::<Lock>::open(name)?;
    println!("ready");
    let waiting = Actor::new("child").waits("the lock");
    lock.lock(flags);
    drop(waiting);
    println!("woke up, has the lock");
    lock.unlock(flags);
    Ok(())
}

const FREE: u32 = 0;
const TAKEN: u32 = 1;
/// Taken, and somebody may be asleep.
const SLEEPERS: u32 = 2;

shareable! {
    /// The algorithm of std's `Mutex` on Linux, without its spinning and its poison.
    struct Lock {
        state: AtomicU32,
    }
}

impl Lock {
    fn lock(&self, flags: Flags) {
        // Acquire: pairs with the Release in `unlock`.
        if self.state.compare_exchange(FREE, TAKEN, Acquire, Relaxed).is_ok() {
            return;
        }
        while self.state.swap(SLEEPERS, Acquire) != FREE {
            // An error says that the state has changed, or that a signal came.
            let _ = futex::wait(&self.state, flags, SLEEPERS, None);
        }
    }

    /// Returns how many sleepers were woken.
    fn unlock(&self, flags: Flags) -> usize {
        // Release: pairs with the Acquire in `lock`.
        if self.state.swap(FREE, Release) != SLEEPERS {
            return 0;
        }
        futex::wake(&self.state, flags, 1).unwrap_or(0)
    }
}

/// True when the process's main thread is asleep.
fn sleeps(pid: u32) -> anyhow::Result<bool> {
    let stat =
        fs::read_to_string(format!("/proc/{pid}/stat")).context("read its state")?;
    // After the program's name, which may have anything in it.
    Ok(stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S')))
}

/// The operation of the call in which a thread waits for a std `Mutex`; `None` where
/// the system does not tell.
fn how_std_sleeps() -> anyhow::Result<Option<u32>> {
    let mutex = Mutex::new(());
    let begin = ptr::from_ref(&mutex).addr() as u64;
    let mutex_itself = begin..begin + size_of_val(&mutex) as u64;
    let guard = mutex.lock().unwrap();
    thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        let mutex = &mutex;
        thread::Builder::new().spawn_scoped(scope, move || {
            // Received below, before anything can fail.
            send.send(gettid()).unwrap();
            drop(mutex.lock());
        })?;
        // Dropped at the end of this closure, so the thread ends in any case.
        let _guard = guard;
        let path = format!("/proc/self/task/{}/syscall", receive.recv()?);
        loop {
            let Ok(call) = fs::read_to_string(&path) else { return Ok(None) };
            let mut arguments = call.split_whitespace().skip(1).map(hexadecimal);
            let (word, operation) = (arguments.next(), arguments.next());
            // Waits in a call about a word of the mutex: the futex.
            if word.flatten().is_some_and(|word| mutex_itself.contains(&word)) {
                return Ok(operation.flatten().and_then(|op| u32::try_from(op).ok()));
            }
            thread::yield_now();
        }
    })
}

fn hexadecimal(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}
