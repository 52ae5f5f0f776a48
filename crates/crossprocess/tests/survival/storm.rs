//! Several processes fight for an object, and are killed at random.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::ops::{Deref, DerefMut};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crossprocess::process::{Child, Entry, children};
use crossprocess::{
    Array, Barrier, BoundedSemaphore, BreakCause, ByteQueue, Condition, DEFAULT_TICK,
    Error, Event, JoinableQueue, Latch, Lock, LockError, ReentrantLock, RwLock,
    Segment, Semaphore, Value,
};

use crate::filter::Wanted;
use crate::pool;
use crate::sweep::nothing_is_left;

/// What a victim does until it is killed: the name of the object.
pub const VICTIM: Entry<String> = Entry::new("storm");

pub const VICTIMS: usize = 3;

/// How long an operation waits that would be right to wait for ever.
const PATIENCE: Duration = Duration::from_millis(2 * DEFAULT_TICK.as_millis() as u64);

/// Within this everybody goes on after a death, with the default tick, on a machine that
/// has other things to do.
pub const PROMISE: Duration = Duration::from_millis(250);

/// How often somebody is killed, unless `CROSSPROCESS_STORM` says otherwise.
const KILLS: usize = 40;

/// Longer than any wait that is not a hang.
const LIMIT: Duration = Duration::from_secs(10);

struct Storm {
    name: &'static str,
    setup: fn(&Segment),
    /// Once, by victims and by the survivor; panics if it finds what cannot be.
    work: fn(&Segment, &mut Progress),
    /// When all victims are dead.
    check: fn(&Segment),
}

const STORMS: &[Storm] = &[
    Storm {
        name: "lock",
        setup: |segment| drop(Lock::create(segment, "it", [0u64; 8]).unwrap()),
        work: |segment, progress| {
            let lock = Lock::<[u64; 8]>::open(segment, "it").unwrap();
            for _ in 0..BATCH {
                let mut value = alive(lock.lock_timeout(LIMIT), || lock.clear_poison());
                step(&mut value);
                drop(value);
                progress.went_on();
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
        work: |segment, progress| {
            let lock = RwLock::<[u64; 8]>::open(segment, "it").unwrap();
            for round in 0..BATCH {
                if round % 4 == 0 {
                    step_in(alive(lock.write_timeout(LIMIT), || lock.clear_poison()));
                } else {
                    same_in(alive(lock.read_timeout(LIMIT), || lock.clear_poison()));
                }
                progress.went_on();
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
        work: |segment, progress| {
            let lock = ReentrantLock::<[u64; 8]>::open(segment, "it").unwrap();
            for _ in 0..BATCH {
                let outer = alive(lock.lock_timeout(LIMIT), || lock.clear_poison());
                let inner = alive(lock.lock_timeout(LIMIT), || lock.clear_poison());
                let mut value = inner.get().unwrap();
                step(&mut value);
                outer.set(value);
                drop((inner, outer));
                progress.went_on();
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
        work: |segment, progress| {
            let semaphore = Semaphore::open(segment, "it").unwrap();
            for _ in 0..BATCH {
                let _permit = semaphore.acquire_timeout(LIMIT).unwrap();
                thread::yield_now();
                progress.went_on();
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
        name: "bounded-semaphore",
        setup: |segment| drop(BoundedSemaphore::create(segment, "it", 2).unwrap()),
        work: |segment, progress| {
            let semaphore = BoundedSemaphore::open(segment, "it").unwrap();
            for _ in 0..BATCH {
                let _permit = semaphore.acquire_timeout(LIMIT).unwrap();
                thread::yield_now();
                progress.went_on();
            }
        },
        check: |segment| {
            let semaphore = BoundedSemaphore::open(segment, "it").unwrap();
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
        work: |segment, progress| {
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
                progress.went_on();
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
        work: |segment, progress| {
            let event = Event::open(segment, "it").unwrap();
            for round in 0..BATCH / 8 {
                if round % 2 == 0 {
                    event.set();
                } else {
                    event.clear();
                    let _ = event.wait_timeout(Duration::from_millis(1));
                }
                progress.went_on();
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
        work: |segment, progress| {
            let barrier = Barrier::open(segment, "it").unwrap();
            for _ in 0..BATCH / 32 {
                match barrier.wait_timeout(PATIENCE) {
                    Ok(passage) => assert!(passage.index < 2),
                    Err(Error::Broken { cause: BreakCause::TimedOut, .. }) => {
                        progress.gave_up();
                        barrier.reset().unwrap();
                    }
                    Err(Error::Broken { .. }) => barrier.reset().unwrap(),
                    Err(error) => panic!("{error}"),
                }
                progress.went_on();
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
        name: "latch",
        setup: |segment| drop(Latch::create(segment, "it", u32::MAX).unwrap()),
        work: |segment, progress| {
            let latch = Latch::open(segment, "it").unwrap();
            for round in 0..BATCH {
                drop(latch.pledge().unwrap());
                if round % 16 == 0 {
                    // Nobody lives to see it open.
                    let never = latch.wait_timeout(Duration::from_millis(1));
                    assert!(matches!(
                        never,
                        Err(Error::TimedOut { .. } | Error::Abandoned { .. })
                    ));
                }
                progress.went_on();
            }
        },
        check: |segment| {
            // A pledge that nobody can keep any more is told of; before that it is as if
            // nobody had died.
            let latch = Latch::open(segment, "it").unwrap();
            drop(latch.pledge().unwrap());
            assert!(latch.remaining() < u32::MAX);
            assert!(latch.wait_timeout(Duration::ZERO).is_err());
        },
    },
    Storm {
        name: "value",
        setup: |segment| drop(Value::create(segment, "it", [0u64; 8]).unwrap()),
        work: |segment, progress| {
            let value = Value::<[u64; 8]>::open(segment, "it").unwrap();
            for _ in 0..BATCH {
                value.update(step).unwrap();
                same(&value.get().unwrap());
                progress.went_on();
            }
        },
        check: |segment| {
            same(&Value::<[u64; 8]>::open(segment, "it").unwrap().get().unwrap());
        },
    },
    Storm {
        name: "array",
        setup: |segment| drop(Array::create(segment, "it", &[0u64; 8]).unwrap()),
        work: |segment, progress| {
            let array = Array::<u64>::open(segment, "it").unwrap();
            for _ in 0..BATCH {
                let change = |all: &mut [u64]| step(all.try_into().unwrap());
                array.update(change).unwrap();
                same(array.snapshot().unwrap().first_chunk().unwrap());
                progress.went_on();
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
        work: |segment, progress| {
            let queue = ByteQueue::open(segment, "it").unwrap();
            for round in 0..BATCH {
                let message = [round as u8; 40];
                progress.sent(queue.send_timeout(&message[..round % 40], PATIENCE));
                if let Ok(message) = queue.recv_timeout(PATIENCE) {
                    assert!(message.iter().all(|byte| *byte == message[0]));
                    progress.went_on();
                } else {
                    progress.gave_up();
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
        work: |segment, progress| {
            let queue = JoinableQueue::<u64>::open(segment, "it").unwrap();
            for round in 0..BATCH {
                progress.sent(queue.send_timeout(&(round as u64), PATIENCE));
                if let Ok(task) = queue.recv_timeout(PATIENCE) {
                    task.done().unwrap();
                    progress.went_on();
                } else {
                    progress.gave_up();
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

/// How the one who works on gets on.
struct Progress {
    /// Operations that are over.
    operations: Arc<AtomicU64>,
    since: Instant,
    /// How long an operation took at most.
    slowest: Duration,
    /// How long those who take part could have run meanwhile, and had no core.
    without_core: Duration,
    /// The process ids of those who take part besides this one.
    others: Arc<Mutex<Vec<u32>>>,
    /// When the others began to be looked at: how long each had waited for a core.
    waited: BTreeMap<u32, Duration>,
}

impl Progress {
    fn new() -> Self {
        Self {
            operations: Arc::default(),
            since: Instant::now(),
            slowest: Duration::ZERO,
            without_core: Duration::ZERO,
            others: Arc::default(),
            waited: BTreeMap::new(),
        }
    }

    /// From here on it counts who has no core.
    fn look(&mut self) {
        self.waited = self.waits();
    }

    /// How long everybody has waited for a core since their start. A holder that lives and
    /// is not let run keeps the others waiting as well.
    fn waits(&self) -> BTreeMap<u32, Duration> {
        let others = self.others.lock().unwrap();
        let them = others.iter().map(|&pid| (pid, waited_for_core(&pid.to_string())));
        them.chain([(0, waited_for_core("thread-self"))]).collect()
    }

    /// An operation is over.
    fn went_on(&mut self) {
        let took = self.since.elapsed();
        if took > self.slowest {
            self.slowest = took;
            let since = |(pid, waited): (u32, Duration)| {
                let before = self.waited.get(&pid).copied().unwrap_or_default();
                waited.saturating_sub(before)
            };
            self.without_core = self.waits().into_iter().map(since).sum();
        }
        self.gave_up();
    }

    /// An operation has waited as long as it was told to.
    fn gave_up(&mut self) {
        let operations = self.operations.fetch_add(1, Ordering::Relaxed);
        // Not each time, as it takes longer than most operations.
        if operations.is_multiple_of(16) {
            self.look();
        }
        self.since = Instant::now();
    }

    fn sent(&mut self, result: Result<(), Error>) {
        match result {
            Ok(()) => self.went_on(),
            // Those who were killed between sending and receiving have left it full.
            Err(Error::TimedOut { .. }) => self.gave_up(),
            Err(error) => panic!("{error}"),
        }
    }
}

/// How long a process has been ready to run, and was not let, since its start; zero if it
/// has ended. Source: "schedstats" in the kernel's documentation.
pub fn waited_for_core(process: &str) -> Duration {
    let stats = fs::read_to_string(format!("/proc/{process}/schedstat"));
    let stats = stats.unwrap_or_default();
    let waited = stats.split(' ').nth(1).and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(waited.unwrap_or(0))
}

/// Fails if somebody went on too late, and says why that may be.
pub fn judge(name: &str, slowest: Duration, without_core: Duration) {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    assert!(
        slowest.saturating_sub(without_core) < PROMISE,
        "storm {name}: one operation of the survivor took {slowest:?}, {PROMISE:?} are \
         promised. A tick is {DEFAULT_TICK:?}, and one death costs one tick: the rest is \
         either a wake-up that was lost, or a machine that is too busy. All together, those \
         who take part were kept from a core for {without_core:?}; the load is {}",
        load.trim_end()
    );
}

pub fn victim(name: &str) -> ExitCode {
    let storm = STORMS.iter().find(|storm| storm.name == name).expect("a storm");
    let segment = Segment::from_env().expect("attach");
    let mut progress = Progress::new();
    loop {
        (storm.work)(&segment, &mut progress);
    }
}

pub fn names() -> impl Iterator<Item = String> {
    STORMS.iter().map(name).chain([full_name(pool::STORM)])
}

fn name(storm: &Storm) -> String {
    full_name(storm.name)
}

fn full_name(name: &str) -> String {
    format!("storm {name}")
}

pub fn run(wanted: &Wanted) -> usize {
    let kills = std::env::var("CROSSPROCESS_STORM")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(KILLS);
    let chosen = STORMS.iter().filter(|storm| wanted.includes(&name(storm)));
    let mut stormed = chosen.map(|storm| rage(storm, kills)).count();
    if wanted.includes(&full_name(pool::STORM)) {
        pool::storm(kills);
        stormed += 1;
    }
    stormed
}

fn rage(storm: &Storm, kills: usize) {
    let segment = Segment::create(16 << 10).expect("create");
    let address = segment.address().to_owned();
    (storm.setup)(&segment);
    let start = || -> Child {
        let spawn = VICTIM.with(&storm.name.to_owned()).expect("a victim");
        spawn.segment(&segment).spawn().expect("start a victim")
    };

    let over = AtomicBool::new(false);
    let others = Arc::new(Mutex::new(Vec::new()));
    let (sender, operations) = mpsc::channel();
    let progress = thread::scope(|scope| {
        let survivor = scope.spawn(|| {
            let mut progress = Progress::new();
            progress.others = Arc::clone(&others);
            sender.send(Arc::clone(&progress.operations)).expect("somebody listens");
            while !over.load(Ordering::Relaxed) {
                (storm.work)(&segment, &mut progress);
            }
            progress
        });
        let operations = operations.recv().expect("the survivor has begun");
        let mut victims: Vec<Child> = (0..VICTIMS).map(|_| start()).collect();
        let note = |victims: &[Child]| {
            *others.lock().unwrap() = victims.iter().map(Child::pid).collect();
        };
        note(&victims);
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
            note(&victims);
            // One death at a time: what it costs is told apart from the next.
            let before = operations.load(Ordering::Relaxed);
            let killed = Instant::now();
            while operations.load(Ordering::Relaxed) == before
                && !survivor.is_finished()
            {
                assert!(killed.elapsed() < LIMIT, "{}: the survivor hangs", storm.name);
                thread::sleep(Duration::from_micros(100));
            }
        }
        drop(victims);
        over.store(true, Ordering::Relaxed);
        survivor.join().expect("the survivor found the state wrong, see above")
    });
    (storm.check)(&segment);
    assert!(children().is_empty(), "a child was not waited for");
    drop(segment);
    nothing_is_left(&address, storm.name);
    let Progress { slowest, without_core, .. } = progress;
    report(storm.name, kills, slowest, without_core);
    judge(storm.name, slowest, without_core);
}

pub fn report(name: &str, kills: usize, slowest: Duration, without_core: Duration) {
    eprintln!(
        "storm {name:<17} {kills} of {VICTIMS} at work killed, slowest operation of the \
         survivor {:.0} ms; {:.0} ms of waiting for a core, of all together",
        slowest.as_secs_f64() * 1e3,
        without_core.as_secs_f64() * 1e3
    );
}

pub fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
