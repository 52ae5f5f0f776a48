//! Locks, semaphores and conditions, by one process and by two.

use std::fs::File;
use std::hint::black_box;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crossprocess::process::Entry;
use crossprocess::{Condition, Error, Latch, Lock, LockError, Segment, Semaphore};

use crate::fork::Forked;
use crate::iceoryx2;
use crate::pthread::{self, Robust, Shared};
use crate::python;
use crate::table::{Contender, compare};
use raw_sync::locks::{LockInit, Mutex as RawMutex};

pub const HAMMER: Entry<u64> = Entry::new("hammer");
pub const PONG: Entry<u64> = Entry::new("pong");

/// Few, so that a run is shorter than a turn on a busy machine.
const ALONE: u32 = 20_000;
const TOGETHER: u64 = 300_000;
const TURNS: u64 = 5_000;
/// Longer than any lock here is held.
const LIMIT: Duration = Duration::from_secs(2);

/// Seconds for one of `count` calls.
fn each(count: u64, mut work: impl FnMut()) -> anyhow::Result<f64> {
    let begun = Instant::now();
    (0..count).for_each(|_| work());
    Ok(begun.elapsed().as_secs_f64() / count as f64)
}

pub fn measure() -> anyhow::Result<()> {
    alone()?;
    contended()?;
    semaphores()?;
    conditions()
}

fn alone() -> anyhow::Result<()> {
    let segment = Segment::create(1 << 16)?;
    let ours = Lock::create(&segment, "lock", 0_u64)?;
    let robust = Robust::new();
    let std = Mutex::new(0_u64);
    let path = path();
    let file = File::create(&path)?;
    let memory = Shared::<[u8; 256]>::new(|_| {});
    let mut number = 0_u64;
    // SAFETY: the memory is larger than a mutex, and both live as long as it does.
    let raw = unsafe { RawMutex::new(memory.get().cast(), (&raw mut number).cast()) };
    let (raw, _) = raw.map_err(|error| anyhow::anyhow!("raw_sync: {error}"))?;
    let mut process_sync = process_sync::SharedMutex::new()?;
    let iceoryx2 = iceoryx2::Robust::new();
    let count = u64::from(ALONE);
    let contenders = vec![
        Contender::new("`Lock<u64>`, += 1", || {
            each(count, || *black_box(&ours).lock().unwrap() += 1)
        }),
        Contender::new("robust pthread mutex", || {
            each(count, || black_box(&robust).add_one())
        }),
        Contender::new("std's `Mutex`, one process", || {
            each(count, || *black_box(&std).lock().unwrap() += 1)
        }),
        Contender::new("raw_sync", || {
            each(count, || {
                let guard = raw.lock().unwrap();
                // SAFETY: the data given to `new` is the number above.
                unsafe { *(*guard).cast::<u64>() += 1 };
            })
        }),
        Contender::new("process-sync, nothing inside", || {
            each(count, || {
                process_sync.lock().unwrap();
                process_sync.unlock().unwrap();
            })
        }),
        Contender::new("iceoryx2, `lock`", || {
            each(count, || *black_box(&iceoryx2).lock() += 1)
        }),
        Contender::new("iceoryx2, `timed_lock`", || {
            each(count, || *black_box(&iceoryx2).timed_lock(LIMIT).unwrap() += 1)
        }),
        Contender::new("`flock`, nothing inside", || {
            each(count / 4, || {
                file.lock().unwrap();
                file.unlock().unwrap();
            })
        }),
    ];
    let python = python::measure("lock-alone")?;
    compare("A lock, uncontended", contenders, python)?;
    Ok(std::fs::remove_file(path)?)
}

/// A file for `flock`.
fn path() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("crossprocess-bench-{}", std::process::id()))
}

fn contended() -> anyhow::Result<()> {
    let (robust, path) = (Robust::new(), path());
    let count = 2 * TOGETHER;
    let contenders = vec![
        Contender::new("`Lock<u64>`, += 1", || {
            let segment = Segment::create(1 << 16)?;
            let lock = Lock::create(&segment, "lock", 0_u64)?;
            let start = Latch::create(&segment, "start", 2)?;
            let mut child = HAMMER.with(&TOGETHER)?.segment(&segment).spawn()?;
            start.count_down();
            start.wait()?;
            let begun = Instant::now();
            for _ in 0..TOGETHER {
                *lock.lock().map_err(LockError::into_error)? += 1;
            }
            child.wait()?;
            assert_eq!(*lock.lock().map_err(LockError::into_error)?, count);
            Ok(begun.elapsed().as_secs_f64() / count as f64)
        }),
        Contender::new("robust pthread mutex", || {
            forked_hammer(&|| black_box(&robust).add_one(), TOGETHER)
        }),
        Contender::new("std's `Mutex`, two threads", || {
            let mutex = Mutex::new(0_u64);
            let hammer = || (0..TOGETHER).for_each(|_| *mutex.lock().unwrap() += 1);
            let begun = Instant::now();
            thread::scope(|scope| {
                scope.spawn(hammer);
                hammer();
            });
            Ok(begun.elapsed().as_secs_f64() / count as f64)
        }),
        Contender::new("`flock`, nothing inside", || {
            drop(File::create(&path)?);
            // Each process opens it for itself: a lock belongs to what was opened.
            let opened = std::cell::OnceCell::new();
            forked_hammer(
                &|| {
                    let file = opened.get_or_init(|| File::open(&path).unwrap());
                    file.lock().unwrap();
                    file.unlock().unwrap();
                },
                TOGETHER / 10,
            )
        }),
    ];
    let python = python::measure("lock-together")?;
    compare("A lock, contended by two processes", contenders, python)?;
    Ok(std::fs::remove_file(path)?)
}

/// Seconds for each call when a forked child and this process make `rounds` calls each.
fn forked_hammer(work: &dyn Fn(), rounds: u64) -> anyhow::Result<f64> {
    let start = pthread::Barrier::new(2);
    let hammer = || {
        start.wait();
        (0..rounds).for_each(|_| work());
    };
    let mut child = Forked::new(hammer)?;
    start.wait();
    let begun = Instant::now();
    (0..rounds).for_each(|_| work());
    child.wait();
    Ok(begun.elapsed().as_secs_f64() / (2 * rounds) as f64)
}

pub fn hammer(rounds: u64) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let lock = Lock::<u64>::open(&segment, "lock")?;
    let start = Latch::open(&segment, "start")?;
    start.count_down();
    start.wait()?;
    for _ in 0..rounds {
        *lock.lock()? += 1;
    }
    Ok(())
}

fn semaphores() -> anyhow::Result<()> {
    let segment = Segment::create(1 << 16)?;
    let ours = Semaphore::create(&segment, "semaphore", 1)?;
    let posix = pthread::Semaphore::new(1);
    let count = u64::from(ALONE);
    let contenders = vec![
        Contender::new("`Semaphore`", || {
            each(count, || drop(black_box(&ours).acquire().unwrap()))
        }),
        Contender::new("`sem_t`, which loses the permits of the dead", || {
            each(count, || {
                black_box(&posix).acquire();
                black_box(&posix).release();
            })
        }),
    ];
    compare(
        "A semaphore, acquire and release",
        contenders,
        python::measure("semaphore")?,
    )
}

fn conditions() -> anyhow::Result<()> {
    let contenders = vec![
        Contender::new("`Condition`", || {
            let segment = Segment::create(1 << 16)?;
            let turn = Lock::create(&segment, "turn", 0_u64)?;
            let changed = Condition::create(&segment, "changed")?;
            let mut child = PONG.with(&TURNS)?.segment(&segment).spawn()?;
            let guard = turn.lock().map_err(LockError::into_error)?;
            drop(
                changed
                    .wait_while(guard, |turn| *turn == 0)
                    .map_err(LockError::into_error)?,
            );
            let begun = Instant::now();
            take_turns(&turn, &changed, 1)?;
            let time = begun.elapsed().as_secs_f64() / TURNS as f64;
            child.wait()?;
            Ok(time)
        }),
        Contender::new("pthread's, which hangs after a death", || {
            let (turn, mutex) = (Shared::<u64>::new(|_| {}), Robust::new());
            let changed = pthread::Condition::new();
            let take_turns = |parity| {
                for round in 0..TURNS {
                    mutex.lock();
                    // SAFETY: the mutex is held, so nobody else uses the number.
                    while unsafe { turn.get().read_volatile() } != 2 * round + parity {
                        changed.wait(&mutex);
                    }
                    // SAFETY: as above.
                    unsafe { *turn.get() += 1 };
                    mutex.unlock();
                    changed.notify_all();
                }
            };
            let mut child = Forked::new(|| take_turns(0))?;
            let begun = Instant::now();
            take_turns(1);
            let time = begun.elapsed().as_secs_f64() / TURNS as f64;
            child.wait();
            Ok(time)
        }),
    ];
    let title = "A condition, there and back between two processes";
    compare(title, contenders, python::measure("condition")?)
}

fn take_turns(turn: &Lock<u64>, changed: &Condition, parity: u64) -> Result<(), Error> {
    for round in 0..TURNS {
        let mut turn =
            changed.wait_while(turn.lock()?, |n| *n != 2 * round + parity)?;
        *turn += 1;
        drop(turn);
        changed.notify_one();
    }
    Ok(())
}

pub fn pong(_turns: u64) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let turn = Lock::open(&segment, "turn")?;
    take_turns(&turn, &Condition::open(&segment, "changed")?, 0)
}
