//! A process is killed while it waits: nobody misses it, unless somebody has to.
//!
//! A waiter here is nothing but a process asleep: no list has its name, no counter waits
//! for its answer, so its death leaves nothing behind. A barrier is the exception, as the
//! others wait for that very process: it breaks, and says who died. Python's `notify`
//! wakes a sleeper and waits until that one has said that it is awake; a dead one never
//! does. `Event` and `Barrier` are built on it, and a time limit there does not help: to
//! give up they notify, too.
//!
//! Run:     cargo run -p process-sync-demo -- die-waiting
//! Expect:  four who go on, each told what it should know; the same four in Python
//! Chapter: book/src/peer-death.md
//! Source:  crossprocess, "What happens when a process dies"; python/cpython, gh-75158,
//!          gh-95826 and gh-123899

use anyhow::{bail, ensure};
use common::println;
use crossprocess::{Barrier, BreakCause, Condition, Error, Event, Lock, LockError};

use crate::killing::{Case, LIMIT, play};

pub fn run() -> anyhow::Result<()> {
    play("die-waiting", "waiting for", &CASES)?;
    println!("ok: no survivor waited for a dead one, and the barrier says who it was");
    Ok(())
}

pub const CASES: [Case; 4] = [
    Case {
        name: "Lock",
        victim: |stage| {
            let lock = Lock::<u32>::open(&stage.segment, "it")?;
            let _waiting = stage.wait("the lock");
            drop(lock.lock()?);
            Ok(())
        },
        survivor: |segment, victim| {
            let lock = Lock::create(segment, "it", 0_u32)?;
            let guard = lock.lock().map_err(LockError::into_error)?;
            victim.kill()?;
            drop(guard);
            drop(lock.lock_timeout(LIMIT).map_err(LockError::into_error)?);
            Ok("the lock, clean")
        },
    },
    Case {
        name: "Condition",
        victim: |stage| {
            let lock = Lock::<u32>::open(&stage.segment, "it")?;
            let changed = Condition::open(&stage.segment, "changed")?;
            let guard = lock.lock()?;
            let _waiting = stage.wait("a change");
            drop(changed.wait_while(guard, |value| *value == 0)?);
            Ok(())
        },
        survivor: |segment, victim| {
            let lock = Lock::create(segment, "it", 0_u32)?;
            let changed = Condition::create(segment, "changed")?;
            victim.kill()?;
            // The victim may have been killed with the lock: it looks once a tick.
            match lock.lock_timeout(LIMIT) {
                Ok(mut guard) => *guard = 1,
                Err(LockError::OwnerDied(died)) => *died.into_inner() = 1,
                Err(error) => return Err(error.into_error().into()),
            }
            changed.notify_all();
            Ok("notify returns")
        },
    },
    Case {
        name: "Event",
        victim: |stage| {
            let event = Event::open(&stage.segment, "it")?;
            let _waiting = stage.wait("the event");
            event.wait();
            Ok(())
        },
        survivor: |segment, victim| {
            let event = Event::create(segment, "it")?;
            victim.kill()?;
            event.set();
            ensure!(event.wait_timeout(LIMIT), "the event is not set");
            Ok("set returns")
        },
    },
    Case {
        name: "Barrier",
        victim: |stage| {
            let barrier = Barrier::open(&stage.segment, "it")?;
            barrier.join()?;
            let _waiting = stage.wait("two others");
            barrier.wait().map(drop)
        },
        survivor: |segment, victim| {
            let barrier = Barrier::create(segment, "it", 3)?;
            victim.kill()?;
            match barrier.wait_timeout(LIMIT) {
                Err(Error::Broken { cause: BreakCause::Died, .. }) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => bail!("one of three passed the barrier"),
            }
            Ok("Broken: the victim died")
        },
    },
];
