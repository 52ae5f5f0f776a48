//! Who goes on after a death: crossprocess, pthread, and other crates.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::time::{Duration, Instant};

use common::println;
use crossprocess::process::Entry;
use crossprocess::{Barrier, Condition, Error, Event, Lock, Segment, Semaphore};
use process_sync::{SharedCondvar, SharedMutex};
use raw_sync::locks::{LockInit, Mutex as RawMutex};

use crate::fork::Forked;
use crate::iceoryx2::{self, SemaphoreInterface};
use crate::pthread::{self, Robust, Shared};

/// Given the name of the object.
pub const VICTIM: Entry<String> = Entry::new("deaths-victim");

/// Who has not gone on by then hangs.
const LIMIT: Duration = Duration::from_secs(2);
/// A victim that is about to wait is asleep by then.
const PAUSE: Duration = Duration::from_millis(50);

pub fn tell() -> anyhow::Result<()> {
    println!("\n## After a death\n");
    println!("| a process is killed | with | the others |\n|---|---|---|");
    for what in ["lock", "semaphore", "condition", "barrier"] {
        say(what, "crossprocess", ours(what)?);
        match what {
            "lock" => locks()?,
            "semaphore" => {
                let semaphore = pthread::Semaphore::new(1);
                let acquire = || semaphore.acquire();
                say(what, "`sem_t`", forked(&|| stay(acquire), &acquire)?);
                let semaphore = iceoryx2::semaphore(1);
                let acquire = || semaphore.blocking_wait().expect("a permit");
                say(what, "iceoryx2", forked(&|| stay(acquire), &acquire)?);
            }
            "condition" => conditions()?,
            _ => {
                let barrier = pthread::Barrier::new(3);
                let wait = || barrier.wait();
                say(what, "`pthread_barrier_t`", forked(&wait, &wait)?);
                let barrier = iceoryx2::barrier(3);
                let wait = || barrier.wait();
                say(what, "iceoryx2", forked(&wait, &wait)?);
            }
        }
    }
    Ok(())
}

fn say(what: &str, with: &str, goes_on: Option<Duration>) {
    let how = match what {
        "lock" => "holding a lock",
        "semaphore" => "with a semaphore's only permit",
        "condition" => "waiting for a condition",
        _ => "waiting at a barrier of three",
    };
    match goes_on {
        Some(time) => println!(
            "| {how} | {with} | go on after {} |",
            common::measure::duration(time.as_secs_f64())
        ),
        None => println!("| {how} | {with} | hang |"),
    }
}

fn stay(first: impl Fn()) {
    first();
    loop {
        std::thread::sleep(LIMIT);
    }
}

/// Kills a forked child in `victim`; how long another one takes for `survivor`.
fn forked(victim: &dyn Fn(), survivor: &dyn Fn()) -> anyhow::Result<Option<Duration>> {
    let mut victim = Forked::new(victim)?;
    std::thread::sleep(PAUSE);
    victim.kill();
    let died = Instant::now();
    let mut survivor = Forked::new(survivor)?;
    Ok(survivor.ends_within(LIMIT)?.then(|| died.elapsed()))
}

fn locks() -> anyhow::Result<()> {
    let robust = Robust::new();
    let lock = || _ = robust.lock();
    say("lock", "robust `pthread_mutex_t`", forked(&|| stay(lock), &lock)?);

    let memory = Shared::<[u8; 256]>::new(|_| {});
    let data = Shared::<u64>::new(|_| {});
    // SAFETY: the memory is larger than a mutex, and is never unmapped.
    let raw = unsafe { RawMutex::new(memory.get().cast(), data.get().cast()) };
    let (raw, _) = raw.map_err(|error| anyhow::anyhow!("raw_sync: {error}"))?;
    let lock = || std::mem::forget(raw.lock().ok());
    say("lock", "raw_sync", forked(&|| stay(lock), &lock)?);

    let mutex = ManuallyDrop::new(RefCell::new(SharedMutex::new()?));
    let lock = || mutex.borrow_mut().lock().expect("a mutex");
    say("lock", "process-sync", forked(&|| stay(lock), &lock)?);

    let robust = iceoryx2::Robust::new();
    let lock = || std::mem::forget(robust.lock());
    say("lock", "iceoryx2, `lock`", forked(&|| stay(lock), &lock)?);
    let robust = iceoryx2::Robust::new();
    // Longer than a survivor is given: one that hangs is killed before it gives up.
    let lock = || std::mem::forget(robust.timed_lock(2 * LIMIT).expect("in time"));
    say("lock", "iceoryx2, `timed_lock`", forked(&|| stay(lock), &lock)?);
    Ok(())
}

/// A waiter is killed; then others wait and are notified, several times: what the dead
/// has left behind may be met late.
fn conditions() -> anyhow::Result<()> {
    let (mutex, changed) = (Robust::new(), pthread::Condition::new());
    let wait = || {
        mutex.lock();
        changed.wait(&mutex);
        mutex.unlock();
    };
    let notify = || (0..8).for_each(|_| changed.notify_all());
    let goes_on = after_several_waiters(&wait, &notify)?;
    say("condition", "`pthread_cond_t`", goes_on);

    // Never dropped: `pthread_cond_destroy` waits for the dead, too.
    let mutex = ManuallyDrop::new(RefCell::new(SharedMutex::new()?));
    let changed = ManuallyDrop::new(RefCell::new(SharedCondvar::new()?));
    let wait = || {
        let mut mutex = mutex.borrow_mut();
        mutex.lock().expect("a mutex");
        changed.borrow_mut().wait(&mut mutex).expect("a wait");
        mutex.unlock().expect("a mutex");
    };
    let notify = || {
        (0..8).for_each(|_| changed.borrow_mut().notify_all().expect("a notification"));
    };
    let goes_on = after_several_waiters(&wait, &notify)?;
    say("condition", "process-sync", goes_on);
    Ok(())
}

/// As `forked`, with one waiter killed, and a living one that is notified afterwards, a
/// few times over.
fn after_several_waiters(
    wait: &dyn Fn(),
    notify: &dyn Fn(),
) -> anyhow::Result<Option<Duration>> {
    let mut longest = Duration::ZERO;
    for _ in 0..4 {
        let _living = Forked::new(|| {
            loop {
                wait();
            }
        })?;
        match forked(wait, notify)? {
            Some(time) => longest = longest.max(time),
            None => return Ok(None),
        }
    }
    Ok(Some(longest))
}

fn ours(what: &str) -> anyhow::Result<Option<Duration>> {
    let segment = Segment::create(1 << 16)?;
    let ready = Event::create(&segment, "ready")?;
    let lock = Lock::create(&segment, "lock", 0_u32)?;
    let changed = Condition::create(&segment, "changed")?;
    let semaphore = Semaphore::create(&segment, "semaphore", 1)?;
    let barrier = Barrier::create(&segment, "barrier", 3)?;
    let mut victim = VICTIM.with(&what.to_owned())?.segment(&segment).spawn()?;
    anyhow::ensure!(ready.wait_timeout(LIMIT), "the victim does not come");
    std::thread::sleep(PAUSE);
    victim.kill()?;
    victim.wait()?;
    let died = Instant::now();
    let went_on = match what {
        "lock" => lock
            .lock_timeout(LIMIT)
            .err()
            .is_some_and(|error| error.into_guard().is_some()),
        "semaphore" => semaphore.acquire_timeout(LIMIT).is_ok(),
        "condition" => {
            changed.notify_all();
            true
        }
        _ => matches!(barrier.wait_timeout(LIMIT), Err(Error::Broken { .. })),
    };
    Ok(went_on.then(|| died.elapsed()))
}

#[expect(clippy::needless_pass_by_value, reason = "a role is given what it owns")]
pub fn victim(what: String) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let lock = Lock::<u32>::open(&segment, "lock")?;
    let semaphore = Semaphore::open(&segment, "semaphore")?;
    let barrier = Barrier::open(&segment, "barrier")?;
    let ready = Event::open(&segment, "ready")?;
    match what.as_str() {
        "lock" => {
            let _guard = lock.lock()?;
            stay(|| ready.set());
        }
        "semaphore" => {
            let _permit = semaphore.acquire()?;
            stay(|| ready.set());
        }
        "condition" => {
            let changed = Condition::open(&segment, "changed")?;
            let guard = lock.lock()?;
            ready.set();
            drop(changed.wait_while(guard, |value| *value == 0)?);
        }
        _ => {
            barrier.join()?;
            ready.set();
            barrier.wait()?;
        }
    }
    Ok(())
}
