//! Programs of locks, condition variables and a channel as data, and how std runs them.

use std::collections::BTreeSet;
use std::time::Duration;

use interleavings::sync::atomic::{AtomicU32, Ordering::SeqCst};
use interleavings::sync::mpsc::{self, Receiver, Sender, SyncSender, TryRecvError};
use interleavings::sync::{Condvar, Mutex, MutexGuard};
use interleavings::{Checker, thread};

pub const LOCKS: usize = 2;

/// What is noted for a lock that was not free, and for an end of the channel.
pub const MISSED: u32 = 97;
pub const EMPTY: u32 = 98;
pub const CLOSED: u32 = 99;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Lock(usize),
    Unlock(usize),
    /// Writes and reads what the lock protects; the thread holds it.
    Set(usize, u32),
    Get(usize),
    /// Waits once if the value is 0, and reads what it is then.
    Wait(usize),
    NotifyOne(usize),
    NotifyAll(usize),
    /// Takes the lock, sets the value and gives the lock back, if it is free.
    TrySet(usize, u32),
    Send(u32),
    Receive,
    TryReceive,
    Store(u32),
    Load,
}

/// The first thread has the channel's receiver, each other one a sender.
#[derive(Clone, Debug)]
pub struct Program {
    /// Each thread does some things after each other, most of them under a lock.
    pub threads: Vec<Vec<Vec<Op>>>,
    /// The room in the channel; `None` for no limit.
    pub capacity: Option<usize>,
}

struct Shared {
    locks: [Mutex<u32>; LOCKS],
    condvars: [Condvar; LOCKS],
    flag: AtomicU32,
}

/// A thread's end of the channel.
enum End {
    Receiver(Receiver<u32>),
    Sender(Sender<u32>),
    SyncSender(SyncSender<u32>),
}

fn run(ops: &[Op], shared: &Shared, end: &End) -> Vec<u32> {
    let mut guards: [Option<MutexGuard<'_, u32>>; LOCKS] = [const { None }; LOCKS];
    let mut reads = Vec::new();
    let held = "the thread holds the lock";
    for &op in ops {
        match (op, end) {
            (Op::Lock(lock), _) => guards[lock] = shared.locks[lock].lock().ok(),
            (Op::Unlock(lock), _) => guards[lock] = None,
            (Op::Set(lock, value), _) => **guards[lock].as_mut().expect(held) = value,
            (Op::Get(lock), _) => reads.push(**guards[lock].as_ref().expect(held)),
            (Op::Wait(lock), _) => {
                let guard = guards[lock].take().expect(held);
                guards[lock] = Some(if *guard == 0 {
                    let guard = shared.condvars[lock].wait(guard).unwrap();
                    reads.push(*guard);
                    guard
                } else {
                    guard
                });
            }
            (Op::NotifyOne(lock), _) => shared.condvars[lock].notify_one(),
            (Op::NotifyAll(lock), _) => shared.condvars[lock].notify_all(),
            (Op::TrySet(lock, value), _) => match shared.locks[lock].try_lock() {
                Ok(mut guard) => *guard = value,
                Err(_) => reads.push(MISSED),
            },
            (Op::Send(value), End::Sender(sender)) => {
                reads.extend(sender.send(value).err().map(|_| CLOSED));
            }
            (Op::Send(value), End::SyncSender(sender)) => {
                reads.extend(sender.send(value).err().map(|_| CLOSED));
            }
            (Op::Receive, End::Receiver(receiver)) => {
                reads.push(receiver.recv().unwrap_or(CLOSED));
            }
            (Op::TryReceive, End::Receiver(receiver)) => {
                reads.push(receiver.try_recv().unwrap_or_else(|error| match error {
                    TryRecvError::Empty => EMPTY,
                    TryRecvError::Disconnected => CLOSED,
                }));
            }
            (Op::Store(value), _) => shared.flag.store(value, SeqCst),
            (Op::Load, _) => reads.push(shared.flag.load(SeqCst)),
            (Op::Send(_) | Op::Receive | Op::TryReceive, _) => {
                unreachable!("the program gives each thread what its end can do")
            }
        }
    }
    reads
}

impl Program {
    /// What `checker` finds: every outcome, `None` for a deadlock.
    pub fn explored(&self, checker: Checker) -> BTreeSet<Option<Vec<u32>>> {
        let checker = checker.max_interleavings(u64::MAX).max_time(Duration::MAX);
        let (found, coverage) = checker.behaviours(|| {
            let shared = Shared {
                locks: [const { Mutex::new(0) }; LOCKS],
                condvars: [const { Condvar::new() }; LOCKS],
                flag: AtomicU32::new(0),
            };
            let (sender, receiver) = mpsc::channel();
            let (sync_sender, sync_receiver) =
                mpsc::sync_channel(self.capacity.unwrap_or(1));
            let bounded = self.capacity.is_some();
            let receiver = if bounded { sync_receiver } else { receiver };
            let mut ends = vec![End::Receiver(receiver)];
            ends.extend(self.threads[1..].iter().map(|_| match bounded {
                true => End::SyncSender(sync_sender.clone()),
                false => End::Sender(sender.clone()),
            }));
            drop((sender, sync_sender));
            let mut outcome: Vec<u32> = thread::scope(|scope| {
                let shared = &shared;
                let start = |(steps, end): (&Vec<Vec<Op>>, End)| {
                    let ops = steps.concat();
                    scope.spawn(move || run(&ops, shared, &end))
                };
                let threads: Vec<_> =
                    self.threads.iter().zip(ends).map(start).collect();
                threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
            });
            outcome.extend(shared.locks.map(|lock| lock.into_inner().unwrap()));
            outcome.push(shared.flag.into_inner());
            outcome
        });
        // Stacks of executions that block are kept, so there is a limit to them.
        let blocks = found.iter().any(|text| text.starts_with("Deadlock"));
        assert!(coverage.complete || blocks, "{self:?}: {coverage}");

        let outcome = |text: &String| match text.strip_prefix('[') {
            Some(numbers) => {
                let numbers = numbers.trim_end_matches(']').split(", ");
                Some(numbers.map(|number| number.parse().unwrap()).collect())
            }
            None if text.starts_with("Deadlock") => None,
            None => panic!("{self:?}: {text}"),
        };
        found.iter().map(outcome).collect()
    }

    /// A program of two or three threads.
    pub fn random(below: &mut impl FnMut(usize) -> usize) -> Program {
        let mut threads = Vec::new();
        for t in 0..2 + below(3) / 2 {
            let things = 1 + below(2);
            threads.push((0..things).map(|_| thing(t == 0, below)).collect());
        }
        Program { threads, capacity: [None, Some(1)][below(2)] }
    }

    /// All programs in which a thread does one thing less.
    pub fn smaller(&self) -> impl Iterator<Item = Program> {
        let places = self.threads.iter().enumerate();
        let places =
            places.flat_map(|(t, things)| (0..things.len()).map(move |i| (t, i)));
        places.map(|(t, i)| {
            let mut smaller = self.clone();
            smaller.threads[t].remove(i);
            smaller
        })
    }
}

/// One thing to do: a step, or some of them under a lock.
fn thing(receives: bool, below: &mut impl FnMut(usize) -> usize) -> Vec<Op> {
    let lock = below(LOCKS);
    let value = below(3) as u32;
    match below(11) {
        0 => vec![Op::NotifyOne(lock)],
        1 => vec![Op::NotifyAll(lock)],
        2 => vec![Op::TrySet(lock, value)],
        3 => vec![Op::Store(value)],
        4 => vec![Op::Load],
        5 if receives => vec![Op::TryReceive],
        5 | 6 if receives => vec![Op::Receive],
        5 | 6 => vec![Op::Send(value)],
        _ => {
            let mut ops = vec![Op::Lock(lock)];
            for _ in 0..1 + below(2) {
                match below(9) {
                    0 | 1 => ops.push(Op::Set(lock, value)),
                    2 => ops.push(Op::Get(lock)),
                    3 | 4 => ops.push(Op::Wait(lock)),
                    5 => ops.push(Op::NotifyOne(lock)),
                    6 => ops.push(Op::Store(value)),
                    7 if receives => ops.push(Op::Receive),
                    7 => ops.push(Op::Send(value)),
                    _ => ops.extend([Op::Lock(1 - lock), Op::Unlock(1 - lock)]),
                }
            }
            ops.push(Op::Unlock(lock));
            ops
        }
    }
}
