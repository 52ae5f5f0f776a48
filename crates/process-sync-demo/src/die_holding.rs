//! A process is killed while it holds something: who waits for that goes on, and is told.
//!
//! The kernel drops what a dead process had of it: memory, files. A lock in shared
//! memory is a word that nobody resets. Here the word names its holder, and who waits
//! asks the kernel, once a tick of 50 ms, whether that one is alive: each holds the lock
//! on a file of its own, which goes with it. The survivor gets the lock, in an error that
//! says who died, and the value as it was before: a guard stores it when it is dropped.
//! Python's semaphores, of which its locks are made, have no holder.
//!
//! Run:     cargo run -p process-sync-demo -- die-holding
//! Expect:  four who go on, each told what it should know; the same four in Python
//! Chapter: book/src/peer-death.md
//! Source:  crossprocess, "What happens when a process dies"; python/cpython, gh-88304

use anyhow::{bail, ensure};
use common::println;
use crossprocess::{Lock, LockError, ReentrantLock, Semaphore, Value};

use crate::killing::{Case, LIMIT, play};

pub fn run() -> anyhow::Result<()> {
    play("die-holding", "holding", &CASES)?;
    println!("ok: each survivor went on, and none saw half a change");
    Ok(())
}

pub const CASES: [Case; 4] = [
    // ANCHOR: lock
    Case {
        name: "Lock",
        victim: |stage| {
            let lock = Lock::<u32>::open(&stage.segment, "it")?;
            let mut guard = lock.lock()?;
            *guard = 1;
            stage.hold("the lock")
        },
        survivor: |segment, victim| {
            let lock = Lock::create(segment, "it", 0_u32)?;
            victim.kill()?;
            let Err(LockError::OwnerDied(died)) = lock.lock_timeout(LIMIT) else {
                bail!("nobody was told of the death")
            };
            ensure!(**died.get_ref() == 0, "half a change was seen");
            drop(died);
            // Whoever has looked after the value says so, and all is as before.
            lock.clear_poison();
            ensure!(lock.lock().is_ok(), "the lock stays broken");
            Ok("OwnerDied, value as before")
        },
    },
    // ANCHOR_END: lock
    Case {
        name: "ReentrantLock",
        victim: |stage| {
            let lock = ReentrantLock::<u32>::open(&stage.segment, "it")?;
            let _guards = (lock.lock()?, lock.lock()?);
            stage.hold("the lock, twice")
        },
        survivor: |segment, victim| {
            let lock = ReentrantLock::create(segment, "it", 0_u32)?;
            victim.kill()?;
            let Err(LockError::OwnerDied(died)) = lock.lock_timeout(LIMIT) else {
                bail!("nobody was told of the death")
            };
            ensure!(died.get_ref().get()? == 0, "the value changed");
            drop(died);
            lock.clear_poison();
            ensure!(lock.lock().is_ok(), "the lock stays broken");
            Ok("OwnerDied, value as before")
        },
    },
    Case {
        name: "Semaphore",
        victim: |stage| {
            let semaphore = Semaphore::open(&stage.segment, "it")?;
            let _permit = semaphore.acquire()?;
            stage.hold("the permit")
        },
        survivor: |segment, victim| {
            let semaphore = Semaphore::create(segment, "it", 1)?;
            victim.kill()?;
            let permit = semaphore.acquire_timeout(LIMIT)?;
            ensure!(semaphore.try_acquire().is_err(), "a permit too many");
            drop(permit);
            Ok("the permit")
        },
    },
    Case {
        name: "Value",
        victim: |stage| {
            let value = Value::<u32>::open(&stage.segment, "it")?;
            value.update(|value| {
                *value = 1;
                stage.hold("the value")
            })
        },
        survivor: |segment, victim| {
            let value = Value::create(segment, "it", 0_u32)?;
            victim.kill()?;
            ensure!(value.get()? == 0, "half a change was seen");
            value.update(|value| *value += 1)?;
            Ok("value as before")
        },
    },
];
