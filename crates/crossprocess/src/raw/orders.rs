//! The algorithms under the memory model: is each ordering enough, and is it needed?
//!
//! `model.rs` tries deaths, and lets every access be sequentially consistent. Here nobody
//! dies, and loads may return what their orderings allow: old values too. Each model runs
//! under every interleaving within a bound; then it runs again with one ordering of the
//! sources made weaker, for each ordering and each weaker one. If no model fails then,
//! the ordering is stronger than it must be, or the models are too weak: both are errors,
//! but for what `UNPROVEN` lists.
//!
//! A sleeper has no tick, so a wake-up that is lost is a deadlock.
//!
//! Four fences must be sequentially consistent, and nothing else: those of [`Gate`] and
//! of [`RawEvent`]. A waiter announces itself and then looks; who changes something then
//! looks for waiters. That both miss each other is store buffering, which no weaker
//! ordering forbids.
//!
//! What only deaths reach is not here: the kernel tells of a death, and orders what came
//! before it.
//!
//! Source: the litmus tests MP and SB of Sarkar, Sewell and others, "Understanding POWER
//! multiprocessors", PLDI 2011; the model is that of the checker `interleavings`.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::Mutex as RealMutex;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::time::Duration;

use interleavings::sync::atomic::{AtomicU32, AtomicU64, fence};
use interleavings::sync::{Condvar, Mutex};
use interleavings::{Checker, Failure, thread};

use super::barrier::Round;
use super::latch::Opened;
use super::layout::{HALVES, Layout, WORDS};
use super::mutex::OnDeath;
use super::ring::Refused;
use super::{Deadline, Owner, Parked, Word, World};
use crate::Error;

/// A place in the sources at which an ordering stands.
type Site = (&'static str, u32, u32);

/// What is done there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Access {
    Load,
    Store,
    /// Reads and writes.
    Update,
    Fence,
}

impl Access {
    /// The orderings that are one step weaker. A fence that is none is `Relaxed`.
    fn weaker(self, order: Ordering) -> &'static [Ordering] {
        match (self, order) {
            (_, Relaxed) => &[],
            (Self::Load, SeqCst) => &[Acquire],
            (Self::Store, SeqCst) => &[Release],
            (_, SeqCst) => &[AcqRel],
            (_, AcqRel) => &[Acquire, Release],
            _ => &[Relaxed],
        }
    }
}

/// What is known of the sources, and what is changed in them.
struct Sources {
    /// Of the model that runs: what stands where.
    seen: BTreeMap<Site, (Access, Ordering)>,
    weakened: Option<(Site, Ordering)>,
}

static SOURCES: RealMutex<Sources> =
    RealMutex::new(Sources { seen: BTreeMap::new(), weakened: None });

/// The ordering with which an access is made: the one in the sources, or a weaker one.
fn order_at(
    at: &'static Location<'static>,
    access: Access,
    order: Ordering,
) -> Ordering {
    let site = (at.file(), at.line(), at.column());
    let mut sources = SOURCES.lock().unwrap();
    sources.seen.insert(site, (access, order));
    match sources.weakened {
        Some((weakened, weaker)) if weakened == site => weaker,
        _ => order,
    }
}

#[derive(Debug, Default)]
struct Word32(AtomicU32);

#[derive(Debug, Default)]
struct Word64(AtomicU64);

macro_rules! word {
    ($word:ty, $value:ty) => {
        impl Word<$value> for $word {
            #[track_caller]
            fn load(&self, order: Ordering) -> $value {
                self.0.load(order_at(Location::caller(), Access::Load, order))
            }
            #[track_caller]
            fn store(&self, value: $value, order: Ordering) {
                self.0.store(value, order_at(Location::caller(), Access::Store, order));
            }
            #[track_caller]
            fn exchange(&self, current: $value, new: $value, order: Ordering) -> bool {
                let order = order_at(Location::caller(), Access::Update, order);
                self.0.compare_exchange(current, new, order, Relaxed).is_ok()
            }
            #[track_caller]
            fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                self.0.fetch_add(
                    value,
                    order_at(Location::caller(), Access::Update, order),
                )
            }
            #[track_caller]
            fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                self.0.fetch_sub(
                    value,
                    order_at(Location::caller(), Access::Update, order),
                )
            }
        }
    };
}

word!(Word32, u32);
word!(Word64, u64);

/// Processes of a model, at most.
const PROCESSES: usize = 3;

/// What all processes of a model share.
#[derive(Debug)]
struct Machine {
    halves: [Word32; HALVES],
    words: [Word64; WORDS],
    /// The process table: the generation of who is in which slot.
    members: [AtomicU32; PROCESSES],
    /// What the algorithm protects, or what is said by means of it.
    data: [AtomicU64; 2],
    kernel: Mutex<Kernel>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Kernel {
    /// Who sleeps on which word: address, and whether woken.
    asleep: Vec<(usize, usize, bool)>,
    sleeps: usize,
}

/// One process of the model.
#[derive(Debug, Clone, Copy)]
struct Process<'m> {
    machine: &'m Machine,
    slot: usize,
    generation: u32,
}

impl World for Process<'_> {
    type A32 = Word32;
    type A64 = Word64;

    fn me(&self) -> Owner {
        Owner::new(self.slot, self.generation)
    }

    fn slots(&self) -> usize {
        PROCESSES
    }

    fn member(&self, slot: usize) -> Option<Owner> {
        // As in a segment.
        Some(Owner::new(slot, self.machine.members[slot].load(Acquire)))
    }

    fn probe(&self, _who: Owner) -> Result<bool, Error> {
        Ok(true)
    }

    fn park(&self, word: &Word32, expected: u32, _until: Deadline) -> Parked {
        let mut kernel = self.machine.kernel.lock().unwrap();
        // The kernel reads what is there, and nothing old, as a failed exchange does; one
        // that succeeds would tell others of it.
        let found = word.0.compare_exchange(!expected, !expected, Relaxed, Relaxed);
        if found != Err(expected) {
            return Parked::Changed;
        }
        kernel.sleeps += 1;
        let sleep = kernel.sleeps;
        kernel.asleep.push((std::ptr::from_ref(word).addr(), sleep, false));
        loop {
            kernel = self.machine.changed.wait(kernel).unwrap();
            let place =
                kernel.asleep.iter().position(|entry| entry.1 == sleep).unwrap();
            if kernel.asleep[place].2 {
                kernel.asleep.remove(place);
                return Parked::Changed;
            }
        }
    }

    fn wake(&self, word: &Word32, count: u32) {
        let address = std::ptr::from_ref(word).addr();
        let mut kernel = self.machine.kernel.lock().unwrap();
        let on_word = kernel.asleep.iter_mut().filter(|e| e.0 == address && !e.2);
        on_word.take(count as usize).for_each(|entry| entry.2 = true);
        self.machine.changed.notify_all();
    }

    fn spin(&self, _round: &mut u32) -> bool {
        false
    }

    #[track_caller]
    fn fence(&self) {
        let order = order_at(Location::caller(), Access::Fence, SeqCst);
        if order != Relaxed {
            fence(order);
        }
    }
}

impl Layout for Process<'_> {
    // Room for one message.
    const RING: usize = 2;

    fn halves(&self) -> &[Word32; HALVES] {
        &self.machine.halves
    }

    fn words(&self) -> &[Word64; WORDS] {
        &self.machine.words
    }
}

impl Process<'_> {
    /// Adds one to the data, which is right for one process at a time.
    fn step(self) {
        let [data, _] = &self.machine.data;
        data.store(data.load(Relaxed) + 1, Relaxed);
    }

    fn steps(self) -> u64 {
        self.machine.data[0].load(Relaxed)
    }
}

/// A program of a few processes: the first one is the caller's.
struct Model {
    name: &'static str,
    preemptions: usize,
    run: fn(Process<'_>),
}

impl Model {
    fn explore(&self) -> Result<(), Box<Failure>> {
        let limits = Checker::new()
            .preemptions(self.preemptions)
            .max_interleavings(MOST)
            .max_time(Duration::from_secs(600))
            .samples(0)
            .spurious(false);
        let coverage = limits.explore(|| {
            let machine = Machine {
                members: std::array::from_fn(|_| AtomicU32::new(1)),
                halves: Default::default(),
                words: std::array::from_fn(|_| Word64::default()),
                data: Default::default(),
                kernel: Mutex::default(),
                changed: Condvar::default(),
            };
            (self.run)(Process { machine: &machine, slot: 0, generation: 1 });
        });
        let coverage = coverage.map_err(Box::new)?;
        assert!(coverage.complete, "{}: {coverage}", self.name);
        Ok(())
    }
}

/// Interleavings of a model, at most.
const MOST: u64 = 3_000_000;

fn ok<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    result.expect("without a limit nothing expires")
}

/// Runs `work` in two processes at once.
fn both(process: Process<'_>, work: impl Fn(Process<'_>) + Sync) {
    let other = Process { slot: 1, ..process };
    beside(process, |_| work(other), &work);
}

/// Runs `there` in another process, while `here` runs in this one.
fn beside<'m>(
    process: Process<'m>,
    there: impl FnOnce(Process<'m>) + Send,
    here: impl FnOnce(Process<'m>),
) {
    let other = Process { slot: 1, ..process };
    thread::scope(|scope| {
        let other = scope.spawn(|| there(other));
        here(process);
        other.join().unwrap();
    });
}

/// Runs two more processes while `here` runs in this one.
fn among_three<'m>(
    process: Process<'m>,
    first: impl FnOnce(Process<'m>) + Send,
    second: impl FnOnce(Process<'m>) + Send,
    here: impl FnOnce(Process<'m>),
) {
    let others = [1, 2].map(|slot| Process { slot, ..process });
    thread::scope(|scope| {
        let first = scope.spawn(|| first(others[0]));
        let second = scope.spawn(|| second(others[1]));
        here(process);
        first.join().unwrap();
        second.join().unwrap();
    });
}

fn use_semaphore(process: Process<'_>) {
    ok(process.semaphore().acquire(&process, 1, Deadline::Never));
    process.step();
    process.semaphore().release(&process, 1);
}

const MODELS: &[Model] = &[
    Model {
        name: "a mutex passes on what was done under it",
        preemptions: 3,
        run: |process| {
            both(process, |process| {
                ok(process.mutex(0).lock(&process, Deadline::Never, OnDeath::Poison));
                process.step();
                process.mutex(0).unlock(&process);
            });
            assert_eq!(process.steps(), 2);
        },
    },
    Model {
        name: "a permit passes on what was done with it",
        preemptions: 3,
        run: |process| {
            process.word(0).store(1, Relaxed);
            both(process, use_semaphore);
            assert_eq!(process.steps(), 2);
        },
    },
    Model {
        name: "threads of one process share its permits",
        preemptions: 2,
        run: |process| {
            process.word(0).store(1, Relaxed);
            beside(process, |_| use_semaphore(process), use_semaphore);
            assert_eq!(process.steps(), 2);
        },
    },
    Model {
        name: "a writer follows readers, and readers a writer",
        preemptions: 3,
        run: |process| {
            let write = |process: Process<'_>| {
                if !process.rw().write_if_free(&process) {
                    ok(process.rw().write(&process, Deadline::Never));
                }
                let [first, second] = &process.machine.data;
                first.store(1, Relaxed);
                second.store(1, Relaxed);
                process.rw().write_unlock(&process, false);
            };
            beside(process, write, |process| {
                if !process.rw().read_if_free(&process) {
                    ok(process.rw().read(&process, Deadline::Never));
                }
                let [first, second] = &process.machine.data;
                assert_eq!(first.load(Relaxed), second.load(Relaxed));
                process.rw().read_unlock(&process);
            });
        },
    },
    Model {
        name: "messages come as they were sent",
        preemptions: 2,
        run: |process| {
            beside(
                process,
                |process| (1..=2).for_each(|n| ok(process.send(n))),
                |process| {
                    assert_eq!(ok(process.recv()), 1);
                    assert_eq!(ok(process.recv()), 2);
                },
            );
        },
    },
    Model {
        name: "a queue is closed after the last message",
        preemptions: 3,
        run: |process| {
            let close = |process: Process<'_>| {
                ok(process.send(7));
                ok(process.ring().close(&process));
            };
            beside(process, close, |process| {
                assert_eq!(ok(process.recv()), 7);
                assert!(matches!(process.recv(), Err(Refused::Closed)));
            });
        },
    },
    Model {
        name: "a sender who waits for room learns that the queue is closed",
        preemptions: 3,
        run: |process| {
            ok(process.send(7));
            beside(
                process,
                |process| {
                    let sent = process.ring().send(&process, &[8; 8], Deadline::Never);
                    assert!(matches!(sent, Err(Refused::Closed)));
                },
                |process| ok(process.ring().close(&process)),
            );
        },
    },
    Model {
        name: "a queue is never less than empty",
        preemptions: 3,
        run: |process| {
            ok(process.send(1));
            beside(
                process,
                |process| {
                    assert_eq!(ok(process.recv()), 1);
                    ok(process.send(2));
                    assert_eq!(ok(process.recv()), 2);
                },
                |process| {
                    let len = process.ring().len();
                    assert!(len <= 2, "{len} messages");
                },
            );
        },
    },
    Model {
        name: "who looks on sees no message taken that was not sent",
        preemptions: 2,
        run: |process| {
            among_three(
                process,
                |process| ok(process.send(1)),
                |process| assert_eq!(ok(process.recv()), 1),
                |process| {
                    let len = process.ring().len();
                    assert!(len <= 1, "{len} messages");
                },
            );
        },
    },
    Model {
        name: "what was sent before somebody closed the queue is received",
        preemptions: 2,
        run: |process| {
            among_three(
                process,
                |process| {
                    let sent = process.ring().send(&process, &[7; 8], Deadline::Never);
                    let [data, _] = &process.machine.data;
                    data.store(1 + u64::from(sent.is_ok()), Relaxed);
                },
                |process| ok(process.ring().close(&process)),
                |process| {
                    let received = process.recv().is_ok();
                    // As soon as it is known.
                    while process.steps() == 0 {
                        thread::yield_now();
                    }
                    assert_eq!(received, process.steps() == 2);
                },
            );
        },
    },
    Model {
        name: "nobody is missed who has just come",
        preemptions: 3,
        run: |process| {
            let come = |process: Process<'_>| {
                let next = Process { generation: 2, ..process };
                process.machine.members[process.slot].store(2, SeqCst);
                assert!(next.shares(0).add(&next, 1));
            };
            beside(process, come, |process| {
                assert_eq!(process.shares(0).gone(&process), None);
            });
        },
    },
    Model {
        name: "what was done for a task is seen when all are done",
        preemptions: 2,
        run: |process| {
            ok(process.send(1));
            let work = |process: Process<'_>| {
                let add = |_, _: super::ring::Message<'_, Process<'_>>| {
                    assert!(process.unfinished().taken.add(&process, 1));
                    Ok::<_, Refused>(())
                };
                ok(process.ring().recv(&process, Deadline::Never, add));
                process.step();
                assert!(ok(process.unfinished().done(&process, &process.ring(), 1)));
            };
            beside(process, work, |process| {
                let lost = process.unfinished().wait(
                    &process,
                    &process.ring(),
                    Deadline::Never,
                );
                assert_eq!((ok(lost), process.steps()), (0, 1));
            });
        },
    },
    Model {
        name: "an event passes on what was done before it",
        preemptions: 3,
        run: |process| {
            let set = |process: Process<'_>| {
                process.step();
                process.event().set(&process);
            };
            beside(process, set, |process| {
                ok(process.event().wait(&process, Deadline::Never));
                assert_eq!(process.steps(), 1);
            });
        },
    },
    Model {
        name: "who finds an event cleared sees what came before",
        preemptions: 3,
        run: |process| {
            process.event().set(&process);
            let clear = |process: Process<'_>| {
                process.step();
                process.event().clear();
            };
            beside(process, clear, |process| {
                if !process.event().is_set() {
                    assert_eq!(process.steps(), 1);
                }
            });
        },
    },
    Model {
        name: "a latch passes on what was done before each count",
        preemptions: 2,
        run: |process| {
            process.machine.halves[0].store(2, Relaxed);
            let count = |process: Process<'_>| {
                process.machine.data[process.slot - 1].store(1, Relaxed);
                process.latch().count_down(&process, 1);
            };
            among_three(process, count, count, |process| {
                let opened = ok(process.latch().wait(&process, Deadline::Never));
                assert_eq!(opened, Opened::Yes);
                let [first, second] = &process.machine.data;
                assert_eq!((first.load(Relaxed), second.load(Relaxed)), (1, 1));
            });
        },
    },
    Model {
        name: "who counts a latch down to zero goes on after all others",
        preemptions: 3,
        run: |process| {
            process.machine.halves[0].store(2, Relaxed);
            both(process, |process| {
                process.machine.data[process.slot].store(1, Relaxed);
                if process.latch().count_down(&process, 1) == 0 {
                    assert_eq!(process.machine.data[1 - process.slot].load(Relaxed), 1);
                }
            });
        },
    },
    Model {
        name: "who breaks a pledge has done so after what it did",
        preemptions: 3,
        run: |process| {
            process.machine.halves[0].store(1, Relaxed);
            let abandon = |process: Process<'_>| {
                process.step();
                process.latch().abandon(&process, process.me().0);
            };
            beside(process, abandon, |process| {
                let opened = ok(process.latch().wait(&process, Deadline::Never));
                assert_eq!(opened, Opened::Abandoned(Owner::new(1, 1).0));
                assert_eq!(process.steps(), 1);
            });
        },
    },
    Model {
        name: "all see what all did before the barrier",
        preemptions: 2,
        run: |process| {
            process.word(0).store(2, Relaxed);
            both(process, |process| {
                process.machine.data[process.slot].store(1, Relaxed);
                let round =
                    ok(process.barrier().wait(&process, Deadline::Never, || {}));
                assert!(matches!(round, Round::Complete { .. }));
                assert_eq!(process.machine.data[1 - process.slot].load(Relaxed), 1);
            });
        },
    },
    Model {
        name: "who is told of a break sees what came before it",
        preemptions: 2,
        run: |process| {
            process.word(0).store(2, Relaxed);
            let abort = |process: Process<'_>| {
                process.step();
                let me = process.me();
                let cause = super::barrier::Cause::Aborted;
                ok(process.barrier().break_round(&process, None, cause, me));
            };
            beside(process, abort, |process| {
                let round =
                    ok(process.barrier().wait(&process, Deadline::Never, || {}));
                assert!(matches!(round, Round::Broken { .. }));
                assert_eq!(process.steps(), 1);
            });
        },
    },
];

/// An ordering that no model needs: the file, what is done, how it is ordered.
type Unproven = (&'static str, Access, Ordering);

/// Those that there are. In `ring.rs`, the look at `head` for room: what a receiver has
/// read must not be what is written into its place later. For a load to see a store that
/// comes after it in this way is load buffering, which C++20 allows, and neither this
/// checker nor loom shows.
const UNPROVEN: [Unproven; 1] = [("ring.rs", Access::Load, Acquire)];

#[test]
fn every_ordering_is_enough_and_needed() {
    let mut sites: BTreeMap<Site, (Access, Ordering, Vec<&Model>)> = BTreeMap::new();
    for model in MODELS {
        SOURCES.lock().unwrap().seen.clear();
        if let Err(failure) = model.explore() {
            panic!("{}:\n{failure}", model.name);
        }
        for (&site, &(access, order)) in &SOURCES.lock().unwrap().seen {
            sites.entry(site).or_insert((access, order, Vec::new())).2.push(model);
        }
    }
    // What the models do with the memory themselves is not asked for.
    sites.retain(|site, _| site.0 != file!());

    let mut unproven = Vec::new();
    for ((file, line, column), (access, order, models)) in sites {
        for &weaker in access.weaker(order) {
            SOURCES.lock().unwrap().weakened = Some(((file, line, column), weaker));
            let failed = models.iter().find(|model| model.explore().is_err());
            SOURCES.lock().unwrap().weakened = None;
            let file = file.rsplit(['/', '\\']).next().expect("a name");
            let found = failed.map_or("no model fails", |model| model.name);
            eprintln!("{file}:{line}: {access:?} {order:?}, if {weaker:?}: {found}");
            if failed.is_none() {
                unproven.push((file, access, order));
            }
        }
    }
    assert_eq!(
        unproven, UNPROVEN,
        "see above which; too strong, or a model is missing"
    );
}
