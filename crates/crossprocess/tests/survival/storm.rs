//! Several processes fight for an object, and are killed at random.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossprocess::process::{Child, Entry, children};
use crossprocess::{
    Array, Barrier, ByteQueue, Condition, Error, Event, JoinableQueue, Lock, LockError,
    Options, ReentrantLock, RwLock, Segment, Semaphore, Value,
};

use crate::filter::Wanted;

/// What a victim does until it is killed: the name of the object.
pub const VICTIM: Entry<String> = Entry::new("storm");

const VICTIMS: usize = 3;
const TICK: Duration = Duration::from_millis(10);

/// How often somebody is killed, unless `CROSSPROCESS_STORM` says otherwise.
const KILLS: usize = 40;

/// Longer than any wait that is not a hang.
const LIMIT: Duration = Duration::from_secs(10);

struct Storm {
    name: &'static str,
    setup: fn(&Segment),
    /// Once, by victims and by the survivor; panics if it finds what cannot be.
    work: fn(&Segment),
    /// When all victims are dead.
    check: fn(&Segment),
}

const STORMS: &[Storm] = &[
    Storm {
        name: "lock",
        setup: |segment| drop(Lock::create(segment, "it", [0u64; 8]).unwrap()),
        work: |segment| {
            let lock = Lock::<[u64; 8]>::open(segment, "it").unwrap();
            for _ in 0..BATCH {
                let mut value = alive(lock.lock_timeout(LIMIT), || lock.clear_poison());
                step(&mut value);
            }
        },
        check: |segment| {
            let lock = Lock::<[u64; 8]>::open(segment, "it").unwrap();
            step_in(alive(lock.lock_timeout(LIMIT), || lock.clear_poison()));
            assert!(!lock.is_poisoned());
        },
    },
    Storm {
        name: "rwlock",
        setup: |segment| drop(RwLock::create(segment, "it", [0u64; 8]).unwrap()),
        work: |segment| {
            let lock = RwLock::<[u64; 8]>::open(segment, "it").unwrap();
            for round in 0..BATCH {
                if round % 4 == 0 {
                    step_in(alive(lock.write_timeout(LIMIT), || lock.clear_poison()));
                } else {
                    same_in(alive(lock.read_timeout(LIMIT), || lock.clear_poison()));
                }
            }
        },
        check: |segment| {
            let lock = RwLock::<[u64; 8]>::open(segment, "it").unwrap();
            step_in(alive(lock.write_timeout(LIMIT), || lock.clear_poison()));
        },
    },
    Storm {
        name: "reentrant-lock",
        setup: |segment| drop(ReentrantLock::create(segment, "it", [0u64; 8]).unwrap()),
        work: |segment| {
            let lock = ReentrantLock::<[u64; 8]>::open(segment, "it").unwrap();
            for _ in 0..BATCH {
                let outer = alive(lock.lock_timeout(LIMIT), || lock.clear_poison());
                let inner = alive(lock.lock_timeout(LIMIT), || lock.clear_poison());
                let mut value = inner.get().unwrap();
                step(&mut value);
                outer.set(value);
            }
        },
        check: |segment| {
            let lock = ReentrantLock::<[u64; 8]>::open(segment, "it").unwrap();
            let guard = alive(lock.lock_timeout(LIMIT), || lock.clear_poison());
            same(&guard.get().unwrap());
        },
    },
    Storm {
        name: "semaphore",
        setup: |segment| drop(Semaphore::create(segment, "it", 2).unwrap()),
        work: |segment| {
            let semaphore = Semaphore::open(segment, "it").unwrap();
            for _ in 0..BATCH {
                let _permit = semaphore.acquire_timeout(LIMIT).unwrap();
                thread::yield_now();
            }
        },
        check: |segment| {
            let semaphore = Semaphore::open(segment, "it").unwrap();
            let _first = semaphore.acquire_timeout(LIMIT).unwrap();
            let _second = semaphore.acquire_timeout(LIMIT).unwrap();
            assert!(semaphore.try_acquire().is_err());
        },
    },
    Storm {
        name: "condition",
        setup: |segment| {
            Lock::create(segment, "it", [0u64; 8]).unwrap();
            Condition::create(segment, "changed").unwrap();
        },
        work: |segment| {
            let lock = Lock::<[u64; 8]>::open(segment, "it").unwrap();
            let changed = Condition::open(segment, "changed").unwrap();
            for _ in 0..BATCH / 8 {
                let mut value = alive(lock.lock_timeout(LIMIT), || lock.clear_poison());
                step(&mut value);
                let seen = value[0];
                changed.notify_one();
                // Until somebody else has changed it, or nobody is left to do so.
                let limit = Duration::from_millis(2);
                match changed.wait_timeout_while(value, limit, |v| v[0] == seen) {
                    Ok((value, _)) => same(&value),
                    Err(error) => drop(alive(Err(error), || lock.clear_poison())),
                }
            }
        },
        check: |segment| {
            Condition::open(segment, "changed").unwrap().notify_all();
            let lock = Lock::<[u64; 8]>::open(segment, "it").unwrap();
            same_in(alive(lock.lock_timeout(LIMIT), || lock.clear_poison()));
        },
    },
    Storm {
        name: "event",
        setup: |segment| drop(Event::create(segment, "it").unwrap()),
        work: |segment| {
            let event = Event::open(segment, "it").unwrap();
            for round in 0..BATCH / 8 {
                if round % 2 == 0 {
                    event.set();
                } else {
                    event.clear();
                    let _ = event.wait_timeout(Duration::from_millis(1));
                }
            }
        },
        check: |segment| {
            let event = Event::open(segment, "it").unwrap();
            event.set();
            assert!(event.wait_timeout(Duration::ZERO));
        },
    },
    Storm {
        name: "barrier",
        setup: |segment| drop(Barrier::create(segment, "it", 2).unwrap()),
        work: |segment| {
            let barrier = Barrier::open(segment, "it").unwrap();
            for _ in 0..BATCH / 32 {
                match barrier.wait_timeout(Duration::from_millis(100)) {
                    Ok(passage) => assert!(passage.index < 2),
                    Err(Error::Broken { .. }) => barrier.reset().unwrap(),
                    Err(error) => panic!("{error}"),
                }
            }
        },
        check: |segment| {
            let barrier = Barrier::open(segment, "it").unwrap();
            barrier.reset().unwrap();
            thread::scope(|scope| {
                scope.spawn(|| barrier.wait_timeout(LIMIT).unwrap());
                barrier.wait_timeout(LIMIT).unwrap();
            });
        },
    },
    Storm {
        name: "value",
        setup: |segment| drop(Value::create(segment, "it", [0u64; 8]).unwrap()),
        work: |segment| {
            let value = Value::<[u64; 8]>::open(segment, "it").unwrap();
            for _ in 0..BATCH {
                value.update(step).unwrap();
                same(&value.get().unwrap());
            }
        },
        check: |segment| {
            same(&Value::<[u64; 8]>::open(segment, "it").unwrap().get().unwrap());
        },
    },
    Storm {
        name: "array",
        setup: |segment| drop(Array::create(segment, "it", &[0u64; 8]).unwrap()),
        work: |segment| {
            let array = Array::<u64>::open(segment, "it").unwrap();
            for _ in 0..BATCH {
                let change = |all: &mut [u64]| step(all.try_into().unwrap());
                array.update(change).unwrap();
                same(array.snapshot().unwrap().first_chunk().unwrap());
            }
        },
        check: |segment| {
            let array = Array::<u64>::open(segment, "it").unwrap();
            same(array.snapshot().unwrap().first_chunk().unwrap());
        },
    },
    Storm {
        name: "queue",
        setup: |segment| drop(ByteQueue::create(segment, "it", 512).unwrap()),
        work: |segment| {
            let queue = ByteQueue::open(segment, "it").unwrap();
            for round in 0..BATCH {
                let message = [round as u8; 40];
                let _ = queue.send_timeout(&message[..round % 40], TICK * 2);
                if let Ok(message) = queue.recv_timeout(TICK * 2) {
                    assert!(message.iter().all(|byte| *byte == message[0]));
                }
            }
        },
        check: |segment| {
            let queue = ByteQueue::open(segment, "it").unwrap();
            while queue.try_recv().is_ok() {}
            assert!(queue.is_empty());
            queue.send_timeout(b"on", LIMIT).unwrap();
            assert_eq!(queue.recv_timeout(LIMIT).unwrap(), b"on");
        },
    },
    Storm {
        name: "joinable-queue",
        setup: |segment| {
            drop(JoinableQueue::<u64>::create(segment, "it", 512).unwrap());
        },
        work: |segment| {
            let queue = JoinableQueue::<u64>::open(segment, "it").unwrap();
            for round in 0..BATCH {
                let _ = queue.send_timeout(&(round as u64), TICK * 2);
                if let Ok(task) = queue.recv_timeout(TICK * 2) {
                    task.done().unwrap();
                }
            }
        },
        check: |segment| {
            let queue = JoinableQueue::<u64>::open(segment, "it").unwrap();
            while let Ok(task) = queue.try_recv() {
                task.done().unwrap();
            }
            match queue.wait_timeout(LIMIT) {
                Ok(()) => {}
                Err(Error::Lost { count, .. }) => {
                    assert_eq!(queue.write_off().unwrap(), count);
                    queue.wait_timeout(LIMIT).unwrap();
                }
                Err(error) => panic!("{error}"),
            }
        },
    },
];

/// How often an operation is repeated before its object is opened anew.
const BATCH: usize = 256;

fn step(value: &mut [u64; 8]) {
    same(value);
    for word in value {
        *word += 1;
    }
}

fn step_in(mut guard: impl DerefMut<Target = [u64; 8]>) {
    step(&mut guard);
}

fn same_in(guard: impl Deref<Target = [u64; 8]>) {
    same(&guard);
}

fn same(value: &[u64; 8]) {
    assert!(value.iter().all(|word| *word == value[0]), "{value:?} is torn");
}

/// The guard, whoever died.
fn alive<G>(result: Result<G, LockError<G>>, clear: impl FnOnce()) -> G {
    match result {
        Ok(guard) => guard,
        Err(LockError::OwnerDied(died)) => {
            clear();
            died.into_inner()
        }
        Err(error) => panic!("{error}"),
    }
}

pub fn victim(name: &str) -> ExitCode {
    let storm = STORMS.iter().find(|storm| storm.name == name).expect("a storm");
    let segment = Segment::from_env().expect("attach");
    loop {
        (storm.work)(&segment);
    }
}

pub fn names() -> impl Iterator<Item = String> {
    STORMS.iter().map(|storm| name(storm))
}

fn name(storm: &Storm) -> String {
    format!("storm {}", storm.name)
}

pub fn run(wanted: &Wanted) -> usize {
    let kills = std::env::var("CROSSPROCESS_STORM")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(KILLS);
    let chosen = STORMS.iter().filter(|storm| wanted.includes(&name(storm)));
    chosen.map(|storm| rage(storm, kills)).count()
}

fn rage(storm: &Storm, kills: usize) {
    let segment = Options::new().tick(TICK).create(16 << 10).expect("create");
    let address = segment.address().to_owned();
    (storm.setup)(&segment);
    let start = || -> Child {
        let spawn = VICTIM.with(&storm.name.to_owned()).expect("a victim");
        spawn.segment(&segment).spawn().expect("start a victim")
    };

    let over = AtomicBool::new(false);
    let slowest = thread::scope(|scope| {
        let survivor = scope.spawn(|| survive(storm, &segment, &over));
        let mut victims: Vec<Child> = (0..VICTIMS).map(|_| start()).collect();
        for kill in 0..kills {
            // The moment is random; that a victim is in the middle of something is
            // likely, and not needed.
            thread::sleep(Duration::from_micros(1500 + random() % 2000));
            let victim = &mut victims[kill % VICTIMS];
            let exit = victim.try_wait().expect("wait");
            assert!(
                exit.is_none(),
                "{}: a victim ended by itself: {exit:?}",
                storm.name
            );
            *victim = start();
        }
        drop(victims);
        over.store(true, Ordering::Relaxed);
        survivor.join().expect("the survivor found the state wrong, see above")
    });
    (storm.check)(&segment);
    assert!(children().is_empty(), "a child was not waited for");
    drop(segment);
    assert!(!Path::new(&address).exists(), "{}: tokens were left behind", storm.name);
    let id = Path::new(&address).file_name().expect("an id");
    assert!(!Path::new("/dev/shm").join(id).exists(), "memory was left behind");
    eprintln!(
        "storm {:<16} {kills} of {VICTIMS} at work killed, longest batch of the survivor \
         {:.0} ms",
        storm.name,
        slowest.as_secs_f64() * 1e3
    );
}

/// Works on until told to stop. Returns how long a batch took at most.
fn survive(storm: &Storm, segment: &Segment, over: &AtomicBool) -> Duration {
    let mut slowest = Duration::ZERO;
    while !over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        (storm.work)(segment);
        slowest = slowest.max(begun.elapsed());
    }
    slowest
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
