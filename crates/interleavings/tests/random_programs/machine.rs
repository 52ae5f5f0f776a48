//! The reference: a machine that takes every step of every thread in every order.
//!
//! It knows no reduction: each state is one that the program can be in, and the search
//! ends because there are only so many. What a step does is read off std's documentation.

use std::collections::{BTreeSet, HashSet, VecDeque};

use super::program::{CLOSED, EMPTY, LOCKS, MISSED, Op, Program};

#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Thread {
    next: usize,
    reads: Vec<u32>,
    /// It waits for a notification, and then for its lock.
    waits: bool,
    notified: bool,
    /// It has taken a lock that it found free, and not given it back.
    inside: bool,
    ended: bool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    threads: Vec<Thread>,
    holders: [Option<usize>; LOCKS],
    values: [u32; LOCKS],
    flag: u32,
    queue: VecDeque<u32>,
}

/// Every outcome of the program, `None` for a deadlock.
pub fn outcomes(program: &Program) -> BTreeSet<Option<Vec<u32>>> {
    let start = State {
        threads: vec![Thread::default(); program.threads.len()],
        holders: [None; LOCKS],
        values: [0; LOCKS],
        flag: 0,
        queue: VecDeque::new(),
    };
    let mut outcomes = BTreeSet::new();
    let mut seen = HashSet::from([start.clone()]);
    let mut open = vec![start];
    while let Some(state) = open.pop() {
        if state.threads.iter().all(|thread| thread.ended) {
            outcomes.insert(Some(state.outcome()));
            continue;
        }
        let threads = 0..state.threads.len();
        let next: Vec<State> = threads.flat_map(|t| state.after(program, t)).collect();
        if next.is_empty() {
            outcomes.insert(None);
        }
        open.extend(next.into_iter().filter(|state| seen.insert(state.clone())));
    }
    outcomes
}

impl State {
    fn outcome(&self) -> Vec<u32> {
        let reads = self.threads.iter().flat_map(|thread| &thread.reads);
        reads.chain(&self.values).chain([&self.flag]).copied().collect()
    }

    /// The states after the next step of thread `t`; none while it is blocked.
    fn after(&self, program: &Program, t: usize) -> Vec<State> {
        let ops: Vec<Op> = program.threads[t].concat();
        let mut next = self.clone();
        let me = &mut next.threads[t];
        if me.ended || me.waits && !me.notified {
            return Vec::new();
        }
        let Some(&op) = ops.get(me.next) else {
            me.ended = true;
            return vec![next];
        };
        me.next += 1;
        match op {
            Op::Lock(lock) if self.holders[lock].is_none() => {
                next.holders[lock] = Some(t);
            }
            Op::Wait(lock) if me.notified && self.holders[lock].is_none() => {
                (me.waits, me.notified) = (false, false);
                me.reads.push(self.values[lock]);
                next.holders[lock] = Some(t);
            }
            Op::Wait(lock) if !me.notified => {
                if self.values[lock] == 0 {
                    (me.waits, me.next) = (true, me.next - 1);
                    next.holders[lock] = None;
                }
            }
            Op::Lock(_) | Op::Wait(_) => return Vec::new(),
            Op::Unlock(lock) => next.holders[lock] = None,
            Op::Set(lock, value) => next.values[lock] = value,
            Op::Get(lock) => me.reads.push(self.values[lock]),
            Op::TrySet(lock, value) if me.inside => {
                me.inside = false;
                next.values[lock] = value;
                next.holders[lock] = None;
            }
            Op::TrySet(lock, _) if self.holders[lock].is_none() => {
                (me.inside, me.next) = (true, me.next - 1);
                next.holders[lock] = Some(t);
            }
            Op::TrySet(..) => me.reads.push(MISSED),
            Op::NotifyAll(lock) => {
                for waiter in self.waiters(program, lock) {
                    next.threads[waiter].notified = true;
                }
            }
            Op::NotifyOne(lock) => {
                let waiters = self.waiters(program, lock);
                if !waiters.is_empty() {
                    let woken = waiters.into_iter().map(|waiter| {
                        let mut next = next.clone();
                        next.threads[waiter].notified = true;
                        next
                    });
                    return woken.collect();
                }
            }
            // The first thread receives; the others can send until they end.
            Op::Send(_) if self.threads[0].ended => me.reads.push(CLOSED),
            Op::Send(value) => {
                if program.capacity == Some(self.queue.len()) {
                    return Vec::new();
                }
                next.queue.push_back(value);
            }
            Op::Receive | Op::TryReceive => {
                let closed = self.threads[1..].iter().all(|thread| thread.ended);
                let read = match (next.queue.pop_front(), closed) {
                    (Some(value), _) => value,
                    (None, true) => CLOSED,
                    (None, false) if op == Op::TryReceive => EMPTY,
                    (None, false) => return Vec::new(),
                };
                next.threads[t].reads.push(read);
            }
            Op::Store(value) => next.flag = value,
            Op::Load => me.reads.push(self.flag),
        }
        vec![next]
    }

    /// The threads that wait for a notification of the lock's condition variable.
    fn waiters(&self, program: &Program, lock: usize) -> Vec<usize> {
        let waits = |&t: &usize| {
            let thread = &self.threads[t];
            let op = program.threads[t].iter().flatten().nth(thread.next);
            thread.waits && !thread.notified && op == Some(&Op::Wait(lock))
        };
        (0..self.threads.len()).filter(waits).collect()
    }
}
