//! Small programs with a known mistake, each with its repaired twin.
//!
//! A program is one function: `broken` chooses the twin, so the difference is what
//! the branch on it says. The names of std come from `super::imp`, so that other
//! checkers can run the same text.

use super::imp::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use super::imp::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use super::imp::sync::{Arc, Condvar, Mutex, RwLock, mpsc};
use super::imp::{hint, thread};
use std::sync::PoisonError;

/// One program of the corpus.
pub struct Program {
    pub name: &'static str,
    /// The kinds of verdict that name its mistake.
    pub kinds: &'static [&'static str],
    pub run: fn(broken: bool),
}

macro_rules! corpus {
    ($($run:ident: $($kind:literal)|+;)*) => {
        /// All programs.
        pub const CORPUS: &[Program] = &[$(Program {
            name: stringify!($run),
            kinds: &[$($kind),+],
            run: $run,
        }),*];
    };
}

corpus! {
    lost_update_atomic: "panic";
    lost_update_mutex: "panic";
    check_then_act: "panic";
    opposite_lock_orders: "deadlock";
    three_way_deadlock: "deadlock";
    philosophers: "deadlock";
    missed_notification: "missed-notification";
    flag_set_outside_the_lock: "missed-notification";
    stolen_wake_up: "panic";
    two_kinds_of_waiters: "woken-in-vain";
    spurious_wake_up: "panic";
    barrier_laps: "woken-in-vain";
    double_checked_initialisation: "panic";
    peterson: "panic";
    dekker: "panic";
    bakery: "panic";
    spin_lock_test_then_set: "panic";
    spin_lock_relaxed_unlock: "panic";
    ticket_lock: "panic" | "busy-wait";
    sequence_lock: "panic";
    ring_buffer_relaxed: "panic";
    ring_buffer_overfull: "panic";
    stack_with_aba: "panic";
    buffer_closed_in_silence: "no-notification" | "missed-notification";
    sender_kept_alive: "no-message";
    empty_taken_for_closed: "panic";
    both_send_first: "no-room";
    created_twice: "panic";
    park_without_loop: "panic";
    token_counted: "never-unparked";
    permit_lost_in_panic: "panic" | "no-notification" | "missed-notification";
    poisoned_service: "panic";
    read_lock_upgraded: "self-deadlock" | "deadlock";
    stale_read_lock: "panic";
    writer_overtaken: "panic";
    pool_without_wake_up: "no-notification" | "missed-notification";
    stop_flag_never_read: "busy-wait" | "endless";
    relaxed_publication: "panic";
    latch_wakes_one: "no-notification" | "missed-notification";
    pulse_missed: "woken-in-vain";
    transfer_to_itself: "self-deadlock";
    guard_lives_in_match: "self-deadlock";
    join_under_lock: "deadlock";
    never_joined: "left-running";
    maximum_without_retry: "panic";
    flags_without_fence: "panic";
    last_reference_twice: "panic";
    one_pill_for_two: "no-message";
    full_both_ways: "no-room";
    work_dropped_when_locked: "panic";
    forgotten_guard: "forgotten-guard" | "deadlock";
    counter_under_two_locks: "panic";
}

/// Runs `f` in two threads and waits for both.
fn twice(f: impl Fn(usize) + Send + Sync + 'static) {
    let f = Arc::new(f);
    let theirs = f.clone();
    let other = thread::spawn(move || theirs(1));
    f(0);
    other.join().unwrap();
}

fn pick(broken: bool, wrong: Ordering, right: Ordering) -> Ordering {
    if broken { wrong } else { right }
}

// ---- updates and decisions ------------------------------------------------------

fn lost_update_atomic(broken: bool) {
    let counter = Arc::new(AtomicUsize::new(0));
    let shared = counter.clone();
    twice(move |_| {
        if broken {
            let n = shared.load(SeqCst);
            shared.store(n + 1, SeqCst);
        } else {
            shared.fetch_add(1, SeqCst);
        }
    });
    assert_eq!(counter.load(SeqCst), 2);
}

fn lost_update_mutex(broken: bool) {
    let counter = Arc::new(Mutex::new(0));
    let shared = counter.clone();
    twice(move |_| {
        if broken {
            let n = *shared.lock().unwrap();
            *shared.lock().unwrap() = n + 1;
        } else {
            *shared.lock().unwrap() += 1;
        }
    });
    assert_eq!(*counter.lock().unwrap(), 2);
}

fn check_then_act(broken: bool) {
    let seats = Arc::new(Mutex::new(1));
    let booked = Arc::new(AtomicUsize::new(0));
    let (all, count) = (seats.clone(), booked.clone());
    twice(move |_| {
        if broken {
            let free = *all.lock().unwrap() > 0;
            if free {
                *all.lock().unwrap() -= 1;
                count.fetch_add(1, SeqCst);
            }
        } else {
            let mut seats = all.lock().unwrap();
            if *seats > 0 {
                *seats -= 1;
                count.fetch_add(1, SeqCst);
            }
        }
    });
    assert_eq!(booked.load(SeqCst), 1);
    assert_eq!(*seats.lock().unwrap(), 0);
}

fn maximum_without_retry(broken: bool) {
    let maximum = Arc::new(AtomicUsize::new(0));
    let shared = maximum.clone();
    twice(move |i| {
        let value = i + 1;
        let mut seen = shared.load(SeqCst);
        while seen < value {
            match shared.compare_exchange(seen, value, SeqCst, SeqCst) {
                Ok(_) => break,
                Err(_) if broken => break,
                Err(newer) => seen = newer,
            }
        }
    });
    assert_eq!(maximum.load(SeqCst), 2);
}

fn last_reference_twice(broken: bool) {
    let references = Arc::new(AtomicUsize::new(2));
    let freed = Arc::new(AtomicUsize::new(0));
    let (count, frees) = (references.clone(), freed.clone());
    twice(move |_| {
        let left = if broken {
            count.fetch_sub(1, AcqRel);
            count.load(Acquire)
        } else {
            count.fetch_sub(1, AcqRel) - 1
        };
        if left == 0 {
            frees.fetch_add(1, SeqCst);
        }
    });
    assert_eq!(freed.load(SeqCst), 1);
}

fn created_twice(broken: bool) {
    let value = Arc::new(Mutex::new(None));
    let made = Arc::new(AtomicUsize::new(0));
    let (cell, count) = (value.clone(), made.clone());
    twice(move |i| {
        let mut slot = cell.lock().unwrap();
        if slot.is_none() {
            if broken {
                drop(slot);
                count.fetch_add(1, SeqCst);
                *cell.lock().unwrap() = Some(i);
            } else {
                count.fetch_add(1, SeqCst);
                *slot = Some(i);
            }
        }
    });
    assert_eq!(made.load(SeqCst), 1);
}

fn counter_under_two_locks(broken: bool) {
    let locks = Arc::new([Mutex::new(()), Mutex::new(())]);
    let counter = Arc::new(AtomicUsize::new(0));
    let shared = counter.clone();
    twice(move |i| {
        let lock = if broken { &locks[i] } else { &locks[0] };
        let guard = lock.lock().unwrap();
        let n = shared.load(SeqCst);
        shared.store(n + 1, SeqCst);
        drop(guard);
    });
    assert_eq!(counter.load(SeqCst), 2);
}

fn work_dropped_when_locked(broken: bool) {
    let log = Arc::new(Mutex::new(0));
    let shared = log.clone();
    twice(move |_| match shared.try_lock() {
        Ok(mut log) => *log += 1,
        Err(_) if broken => {}
        Err(_) => *shared.lock().unwrap() += 1,
    });
    assert_eq!(*log.lock().unwrap(), 2);
}

// ---- deadlocks --------------------------------------------------------------------

fn opposite_lock_orders(broken: bool) {
    let a = Arc::new(Mutex::new(0));
    let b = Arc::new(Mutex::new(0));
    twice(move |i| {
        let (first, second) = if broken && i == 1 { (&b, &a) } else { (&a, &b) };
        let _first = first.lock().unwrap();
        let _second = second.lock().unwrap();
    });
}

fn three_way_deadlock(broken: bool) {
    let locks = Arc::new([Mutex::new(()), Mutex::new(()), Mutex::new(())]);
    let threads: Vec<_> = (0..3)
        .map(|i| {
            let locks = locks.clone();
            thread::spawn(move || {
                let next = (i + 1) % 3;
                let (first, second) =
                    if broken { (i, next) } else { (i.min(next), i.max(next)) };
                let _first = locks[first].lock().unwrap();
                let _second = locks[second].lock().unwrap();
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

fn philosophers(broken: bool) {
    let forks: Arc<Vec<_>> = Arc::new((0..4).map(|_| Mutex::new(())).collect());
    let eaters: Vec<_> = (0..4)
        .map(|i| {
            let forks = forks.clone();
            thread::spawn(move || {
                let (left, right) = (i, (i + 1) % 4);
                let swaps = !broken && i == 3;
                let (first, second) = if swaps { (right, left) } else { (left, right) };
                let _first = forks[first].lock().unwrap();
                let _second = forks[second].lock().unwrap();
            })
        })
        .collect();
    for eater in eaters {
        eater.join().unwrap();
    }
}

fn transfer_to_itself(broken: bool) {
    let accounts = Arc::new([Mutex::new(5), Mutex::new(5)]);
    let (from, to) = (0, 0);
    if from == to && !broken {
        // Nothing moves; the account is only looked at.
        assert!(*accounts[from].lock().unwrap() >= 1);
        return;
    }
    let mut source = accounts[from].lock().unwrap();
    let mut target = accounts[to].lock().unwrap();
    *source -= 1;
    *target += 1;
}

fn guard_lives_in_match(broken: bool) {
    let queue = Mutex::new(vec![1]);
    if broken {
        // The guard in the scrutinee lives to the end of the whole match.
        match queue.lock().unwrap().pop() {
            Some(job) => queue.lock().unwrap().push(job + 1),
            None => unreachable!("the queue holds one job"),
        }
    } else {
        let job = queue.lock().unwrap().pop();
        if let Some(job) = job {
            queue.lock().unwrap().push(job + 1);
        }
    }
    assert_eq!(queue.lock().unwrap().len(), 1);
}

fn join_under_lock(broken: bool) {
    let state = Arc::new(Mutex::new(0));
    let theirs = state.clone();
    let worker = thread::spawn(move || *theirs.lock().unwrap() += 1);
    let guard = state.lock().unwrap();
    if !broken {
        drop(guard);
        worker.join().unwrap();
    } else {
        worker.join().unwrap();
        drop(guard);
    }
}

fn forgotten_guard(broken: bool) {
    let state = Arc::new(Mutex::new(0));
    twice(move |_| {
        let mut guard = state.lock().unwrap();
        *guard += 1;
        if broken {
            std::mem::forget(guard);
        }
    });
}

fn never_joined(broken: bool) {
    let done = Arc::new(AtomicBool::new(false));
    let theirs = done.clone();
    let worker = thread::spawn(move || theirs.store(true, SeqCst));
    if !broken {
        worker.join().unwrap();
        assert!(done.load(SeqCst));
    }
}

// ---- condition variables ------------------------------------------------------------

fn missed_notification(broken: bool) {
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let theirs = shared.clone();
    let setter = thread::spawn(move || {
        *theirs.0.lock().unwrap() = true;
        theirs.1.notify_one();
    });
    let (ready, changed) = &*shared;
    let mut guard = ready.lock().unwrap();
    if broken {
        guard = changed.wait(guard).unwrap();
    } else {
        while !*guard {
            guard = changed.wait(guard).unwrap();
        }
    }
    drop(guard);
    setter.join().unwrap();
}

fn flag_set_outside_the_lock(broken: bool) {
    let shared = Arc::new((Mutex::new(()), Condvar::new(), AtomicBool::new(false)));
    let theirs = shared.clone();
    let setter = thread::spawn(move || {
        let (lock, changed, ready) = &*theirs;
        let guard = (!broken).then(|| lock.lock().unwrap());
        ready.store(true, SeqCst);
        drop(guard);
        changed.notify_one();
    });
    let (lock, changed, ready) = &*shared;
    let mut guard = lock.lock().unwrap();
    while !ready.load(SeqCst) {
        guard = changed.wait(guard).unwrap();
    }
    drop(guard);
    setter.join().unwrap();
}

fn stolen_wake_up(broken: bool) {
    let shared = Arc::new((Mutex::new(0_usize), Condvar::new()));
    let takers: Vec<_> = (0..2)
        .map(|_| {
            let shared = shared.clone();
            thread::spawn(move || {
                let (items, added) = &*shared;
                let mut items = items.lock().unwrap();
                if broken {
                    if *items == 0 {
                        items = added.wait(items).unwrap();
                    }
                } else {
                    while *items == 0 {
                        items = added.wait(items).unwrap();
                    }
                }
                assert!(*items > 0, "nothing to take");
                *items -= 1;
            })
        })
        .collect();
    for _ in 0..2 {
        *shared.0.lock().unwrap() += 1;
        shared.1.notify_all();
    }
    for taker in takers {
        taker.join().unwrap();
    }
}

fn two_kinds_of_waiters(broken: bool) {
    // A mailbox for one letter, with two who put and two who take.
    let shared = Arc::new((Mutex::new(None), Condvar::new()));
    let putters = (0..2).map(|i| {
        let shared = shared.clone();
        thread::spawn(move || {
            let (slot, changed) = &*shared;
            let mut slot = slot.lock().unwrap();
            while slot.is_some() {
                slot = changed.wait(slot).unwrap();
            }
            *slot = Some(i);
            if broken { changed.notify_one() } else { changed.notify_all() }
        })
    });
    let takers = (0..2).map(|_| {
        let shared = shared.clone();
        thread::spawn(move || {
            let (slot, changed) = &*shared;
            let mut slot = slot.lock().unwrap();
            while slot.is_none() {
                slot = changed.wait(slot).unwrap();
            }
            *slot = None;
            if broken { changed.notify_one() } else { changed.notify_all() }
        })
    });
    let threads: Vec<_> = takers.chain(putters).collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

fn spurious_wake_up(broken: bool) {
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let theirs = shared.clone();
    let waiter = thread::spawn(move || {
        let (ready, changed) = &*theirs;
        let mut guard = ready.lock().unwrap();
        if broken {
            if !*guard {
                guard = changed.wait(guard).unwrap();
            }
        } else {
            while !*guard {
                guard = changed.wait(guard).unwrap();
            }
        }
        assert!(*guard, "woken too early");
    });
    *shared.0.lock().unwrap() = true;
    shared.1.notify_one();
    waiter.join().unwrap();
}

/// A barrier for two, made of a counter and a condition variable.
struct HomeMadeBarrier {
    /// How many wait, and the number of the round.
    state: Mutex<(usize, usize)>,
    passed: Condvar,
}

impl HomeMadeBarrier {
    fn wait(&self, counts_rounds: bool) {
        let mut state = self.state.lock().unwrap();
        let round = state.1;
        state.0 += 1;
        if state.0 == 2 {
            state.0 = 0;
            state.1 += 1;
            self.passed.notify_all();
            return;
        }
        if counts_rounds {
            while state.1 == round {
                state = self.passed.wait(state).unwrap();
            }
        } else {
            // A fast thread is in the next round before the slow one looks.
            while state.0 != 0 {
                state = self.passed.wait(state).unwrap();
            }
        }
    }
}

fn barrier_laps(broken: bool) {
    let barrier = HomeMadeBarrier { state: Mutex::new((0, 0)), passed: Condvar::new() };
    twice(move |_| {
        for _ in 0..2 {
            barrier.wait(!broken);
        }
    });
}

fn buffer_closed_in_silence(broken: bool) {
    let shared = Arc::new((Mutex::new((Vec::new(), false)), Condvar::new()));
    let theirs = shared.clone();
    let consumer = thread::spawn(move || {
        let (state, changed) = &*theirs;
        let mut taken = 0;
        loop {
            let mut state = state.lock().unwrap();
            while state.0.is_empty() && !state.1 {
                state = changed.wait(state).unwrap();
            }
            match state.0.pop() {
                Some(()) => taken += 1,
                None => return taken,
            }
        }
    });
    shared.0.lock().unwrap().0.push(());
    shared.1.notify_one();
    shared.0.lock().unwrap().1 = true;
    if !broken {
        shared.1.notify_all();
    }
    assert_eq!(consumer.join().unwrap(), 1);
}

fn pool_without_wake_up(broken: bool) {
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let shared = shared.clone();
            thread::spawn(move || {
                let (stop, changed) = &*shared;
                let mut stop = stop.lock().unwrap();
                while !*stop {
                    stop = changed.wait(stop).unwrap();
                }
            })
        })
        .collect();
    *shared.0.lock().unwrap() = true;
    if broken {
        shared.1.notify_one();
    } else {
        shared.1.notify_all();
    }
    for worker in workers {
        worker.join().unwrap();
    }
}

fn latch_wakes_one(broken: bool) {
    let shared = Arc::new((Mutex::new(1), Condvar::new()));
    let waiters: Vec<_> = (0..2)
        .map(|_| {
            let shared = shared.clone();
            thread::spawn(move || {
                let mut left = shared.0.lock().unwrap();
                while *left > 0 {
                    left = shared.1.wait(left).unwrap();
                }
            })
        })
        .collect();
    let mut left = shared.0.lock().unwrap();
    *left -= 1;
    if broken {
        shared.1.notify_one();
    } else {
        shared.1.notify_all();
    }
    drop(left);
    for waiter in waiters {
        waiter.join().unwrap();
    }
}

fn pulse_missed(broken: bool) {
    // Set and cleared at once: who waited then must go on all the same.
    let shared = Arc::new((Mutex::new((false, 0)), Condvar::new()));
    let theirs = shared.clone();
    let ready = Arc::new(Mutex::new(false));
    let waits = ready.clone();
    let waiter = thread::spawn(move || {
        let (state, changed) = &*theirs;
        let mut state = state.lock().unwrap();
        *waits.lock().unwrap() = true;
        let pulse = state.1;
        while !state.0 && (broken || state.1 == pulse) {
            state = changed.wait(state).unwrap();
        }
    });
    let (state, changed) = &*shared;
    loop {
        let mut state = state.lock().unwrap();
        if *ready.lock().unwrap() {
            state.0 = true;
            state.1 += 1;
            changed.notify_all();
            state.0 = false;
            break;
        }
        drop(state);
        thread::yield_now();
    }
    waiter.join().unwrap();
}

struct Permits {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Permits {
    fn acquire(&self) {
        let mut free = self.free.lock().unwrap();
        while *free == 0 {
            free = self.freed.wait(free).unwrap();
        }
        *free -= 1;
    }

    fn release(&self) {
        *self.free.lock().unwrap() += 1;
        self.freed.notify_one();
    }
}

struct GivesBack<'a>(&'a Permits);

impl Drop for GivesBack<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}

fn permit_lost_in_panic(broken: bool) {
    let permits = Arc::new(Permits { free: Mutex::new(1), freed: Condvar::new() });
    let theirs = permits.clone();
    let fails = thread::spawn(move || {
        theirs.acquire();
        if broken {
            let failed = true;
            assert!(!failed, "the work failed");
            theirs.release();
        } else {
            let _permit = GivesBack(&theirs);
            let failed = true;
            assert!(!failed, "the work failed");
        }
    });
    let user = thread::spawn(move || {
        permits.acquire();
        permits.release();
    });
    assert!(fails.join().is_err());
    user.join().unwrap();
}

fn poisoned_service(broken: bool) {
    let state = Arc::new(Mutex::new(1));
    let theirs = state.clone();
    let fails = thread::spawn(move || {
        let state = theirs.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(*state != 1, "the job failed");
    });
    let works = thread::spawn(move || {
        if broken {
            *state.lock().unwrap() += 0;
        } else {
            *state.lock().unwrap_or_else(PoisonError::into_inner) += 0;
        }
    });
    assert!(fails.join().is_err());
    works.join().unwrap();
}

// ---- reader-writer locks ---------------------------------------------------------------

fn read_lock_upgraded(broken: bool) {
    let value = Arc::new(RwLock::new(0));
    twice(move |_| {
        let read = value.read().unwrap();
        let seen = *read;
        if !broken {
            drop(read);
            *value.write().unwrap() += seen;
        } else {
            *value.write().unwrap() += seen;
            drop(read);
        }
    });
}

fn stale_read_lock(broken: bool) {
    let value = Arc::new(RwLock::new(0));
    let shared = value.clone();
    twice(move |_| {
        if broken {
            let seen = *shared.read().unwrap();
            *shared.write().unwrap() = seen + 1;
        } else {
            *shared.write().unwrap() += 1;
        }
    });
    assert_eq!(*value.read().unwrap(), 2);
}

#[derive(Default)]
struct Room {
    readers: usize,
    writing: bool,
    waiting_writers: usize,
    overtaken: usize,
}

fn writer_overtaken(broken: bool) {
    let shared = Arc::new((Mutex::new(Room::default()), Condvar::new()));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let shared = shared.clone();
            thread::spawn(move || {
                let (room, left) = &*shared;
                let mut inside = room.lock().unwrap();
                while inside.writing || (!broken && inside.waiting_writers > 0) {
                    inside = left.wait(inside).unwrap();
                }
                inside.overtaken += usize::from(inside.waiting_writers > 0);
                inside.readers += 1;
                drop(inside);
                room.lock().unwrap().readers -= 1;
                left.notify_all();
            })
        })
        .collect();
    let (room, left) = &*shared;
    let mut inside = room.lock().unwrap();
    inside.waiting_writers += 1;
    while inside.readers > 0 {
        inside = left.wait(inside).unwrap();
    }
    inside.waiting_writers -= 1;
    inside.writing = true;
    assert_eq!(inside.overtaken, 0, "a reader overtook the waiting writer");
    inside.writing = false;
    drop(inside);
    left.notify_all();
    for reader in readers {
        reader.join().unwrap();
    }
}

// ---- locks made of atomics ---------------------------------------------------------------

/// Enters, checks that nobody else is inside, and leaves.
fn critical_section(inside: &AtomicUsize) {
    assert_eq!(inside.fetch_add(1, Relaxed), 0, "two threads inside");
    inside.fetch_sub(1, Relaxed);
}

fn peterson(broken: bool) {
    let order = pick(broken, AcqRel, SeqCst);
    let (store, load) = match order {
        AcqRel => (Release, Acquire),
        other => (other, other),
    };
    let wants = [AtomicBool::new(false), AtomicBool::new(false)];
    let turn = AtomicUsize::new(0);
    let inside = AtomicUsize::new(0);
    twice(move |me| {
        let other = 1 - me;
        wants[me].store(true, store);
        turn.store(other, store);
        while wants[other].load(load) && turn.load(load) == other {
            hint::spin_loop();
        }
        critical_section(&inside);
        wants[me].store(false, store);
    });
}

fn dekker(broken: bool) {
    let (store, load) = if broken { (Release, Acquire) } else { (SeqCst, SeqCst) };
    let wants = [AtomicBool::new(false), AtomicBool::new(false)];
    let turn = AtomicUsize::new(0);
    let inside = AtomicUsize::new(0);
    twice(move |me| {
        let other = 1 - me;
        wants[me].store(true, store);
        while wants[other].load(load) {
            if turn.load(load) != me {
                wants[me].store(false, store);
                while turn.load(load) != me {
                    hint::spin_loop();
                }
                wants[me].store(true, store);
            }
            hint::spin_loop();
        }
        critical_section(&inside);
        turn.store(other, store);
        wants[me].store(false, store);
    });
}

fn bakery(broken: bool) {
    let choosing = [AtomicBool::new(false), AtomicBool::new(false)];
    let number = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let inside = AtomicUsize::new(0);
    twice(move |me| {
        let other = 1 - me;
        if !broken {
            choosing[me].store(true, SeqCst);
        }
        let largest = number[0].load(SeqCst).max(number[1].load(SeqCst));
        number[me].store(largest + 1, SeqCst);
        choosing[me].store(false, SeqCst);
        while choosing[other].load(SeqCst) {
            hint::spin_loop();
        }
        loop {
            let (mine, theirs) = (number[me].load(SeqCst), number[other].load(SeqCst));
            if theirs == 0 || (mine, me) < (theirs, other) {
                break;
            }
            hint::spin_loop();
        }
        critical_section(&inside);
        number[me].store(0, SeqCst);
    });
}

fn spin_lock_test_then_set(broken: bool) {
    let locked = AtomicBool::new(false);
    let inside = AtomicUsize::new(0);
    twice(move |_| {
        if broken {
            while locked.load(Acquire) {
                hint::spin_loop();
            }
            locked.store(true, Relaxed);
        } else {
            while locked.swap(true, Acquire) {
                hint::spin_loop();
            }
        }
        critical_section(&inside);
        locked.store(false, Release);
    });
}

fn spin_lock_relaxed_unlock(broken: bool) {
    let locked = AtomicBool::new(false);
    let counter = Arc::new(AtomicUsize::new(0));
    let shared = counter.clone();
    twice(move |_| {
        while locked.swap(true, Acquire) {
            hint::spin_loop();
        }
        // Load and store stand for a plain variable that the lock guards.
        let n = shared.load(Relaxed);
        shared.store(n + 1, Relaxed);
        locked.store(false, pick(broken, Relaxed, Release));
    });
    assert_eq!(counter.load(SeqCst), 2);
}

fn ticket_lock(broken: bool) {
    let next = AtomicUsize::new(0);
    let serving = AtomicUsize::new(0);
    let inside = AtomicUsize::new(0);
    twice(move |_| {
        let mine = if broken {
            let ticket = next.load(Relaxed);
            next.store(ticket + 1, Relaxed);
            ticket
        } else {
            next.fetch_add(1, Relaxed)
        };
        while serving.load(Acquire) != mine {
            hint::spin_loop();
        }
        critical_section(&inside);
        serving.store(mine + 1, Release);
    });
}

fn sequence_lock(broken: bool) {
    let shared =
        Arc::new((AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0)));
    let theirs = shared.clone();
    let writer = thread::spawn(move || {
        let (sequence, a, b) = &*theirs;
        sequence.store(1, SeqCst);
        a.store(1, SeqCst);
        b.store(1, SeqCst);
        sequence.store(2, SeqCst);
    });
    let (sequence, a, b) = &*shared;
    loop {
        let before = sequence.load(SeqCst);
        let pair = (a.load(SeqCst), b.load(SeqCst));
        let after = sequence.load(SeqCst);
        let unchanged = if broken {
            before == after
        } else {
            before == after && before.is_multiple_of(2)
        };
        if unchanged {
            assert_eq!(pair.0, pair.1, "half of an update");
            break;
        }
        hint::spin_loop();
    }
    writer.join().unwrap();
}

fn flags_without_fence(broken: bool) {
    let (store, load) = if broken { (Release, Acquire) } else { (SeqCst, SeqCst) };
    let flags = [AtomicBool::new(false), AtomicBool::new(false)];
    let winners = Arc::new(AtomicUsize::new(0));
    let count = winners.clone();
    twice(move |me| {
        flags[me].store(true, store);
        if !flags[1 - me].load(load) {
            count.fetch_add(1, SeqCst);
        }
    });
    assert!(winners.load(SeqCst) < 2, "both saw nobody else");
}

// ---- publication ---------------------------------------------------------------------------

fn relaxed_publication(broken: bool) {
    let shared = Arc::new((AtomicUsize::new(0), AtomicBool::new(false)));
    let theirs = shared.clone();
    let publisher = thread::spawn(move || {
        theirs.0.store(42, Relaxed);
        theirs.1.store(true, pick(broken, Relaxed, Release));
    });
    if shared.1.load(Acquire) {
        assert_eq!(shared.0.load(Relaxed), 42, "an old value behind the flag");
    }
    publisher.join().unwrap();
}

fn double_checked_initialisation(broken: bool) {
    let lock = Mutex::new(());
    let ready = AtomicBool::new(false);
    let value = AtomicUsize::new(0);
    twice(move |_| {
        if !ready.load(pick(broken, Relaxed, Acquire)) {
            let guard = lock.lock().unwrap();
            if !ready.load(Relaxed) {
                value.store(7, Relaxed);
                ready.store(true, Release);
            }
            drop(guard);
        }
        assert_eq!(value.load(Relaxed), 7, "seen before it was made");
    });
}

// ---- buffers and channels --------------------------------------------------------------------

/// A ring for one producer and one consumer; an index runs on and wraps at the access.
struct Ring {
    slots: [AtomicUsize; 2],
    head: AtomicUsize,
    tail: AtomicUsize,
}

impl Ring {
    fn new() -> Self {
        Self {
            slots: [AtomicUsize::new(0), AtomicUsize::new(0)],
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
        }
    }

    fn push(&self, value: usize, capacity: usize, order: Ordering) -> bool {
        let tail = self.tail.load(Relaxed);
        if tail - self.head.load(Acquire) >= capacity {
            return false;
        }
        self.slots[tail % 2].store(value, Relaxed);
        self.tail.store(tail + 1, order);
        true
    }

    fn pop(&self) -> Option<usize> {
        let head = self.head.load(Relaxed);
        if head == self.tail.load(Acquire) {
            return None;
        }
        let value = self.slots[head % 2].load(Relaxed);
        self.head.store(head + 1, Release);
        Some(value)
    }
}

/// Sends 1, 2, 3 through a ring and checks the order.
fn through_ring(count: usize, capacity: usize, order: Ordering) {
    let ring = Arc::new(Ring::new());
    let theirs = ring.clone();
    let producer = thread::spawn(move || {
        for value in 1..=count {
            while !theirs.push(value, capacity, order) {
                hint::spin_loop();
            }
        }
    });
    for expected in 1..=count {
        let value = loop {
            if let Some(value) = ring.pop() {
                break value;
            }
            hint::spin_loop();
        };
        assert_eq!(value, expected, "out of order or too old");
    }
    producer.join().unwrap();
}

fn ring_buffer_relaxed(broken: bool) {
    through_ring(1, 2, pick(broken, Relaxed, Release));
}

fn ring_buffer_overfull(broken: bool) {
    through_ring(3, if broken { 3 } else { 2 }, Release);
}

/// Nodes by index; `next[i]` is the index below, and 0 is the empty stack.
struct IndexStack {
    /// The top's index, with a counter of changes in the upper half.
    top: AtomicUsize,
    next: [AtomicUsize; 3],
}

impl IndexStack {
    const COUNT: usize = 1 << 16;

    fn pop(&self, counts: bool) -> Option<usize> {
        let mut top = self.top.load(SeqCst);
        loop {
            let index = top % Self::COUNT;
            if index == 0 {
                return None;
            }
            let below = self.next[index].load(SeqCst);
            let count = if counts { top / Self::COUNT + 1 } else { 0 };
            let new = below + count * Self::COUNT;
            match self.top.compare_exchange(top, new, SeqCst, SeqCst) {
                Ok(_) => return Some(index),
                Err(newer) => top = newer,
            }
        }
    }

    fn push(&self, index: usize, counts: bool) {
        let mut top = self.top.load(SeqCst);
        loop {
            self.next[index].store(top % Self::COUNT, SeqCst);
            let count = if counts { top / Self::COUNT + 1 } else { 0 };
            let new = index + count * Self::COUNT;
            match self.top.compare_exchange(top, new, SeqCst, SeqCst) {
                Ok(_) => return,
                Err(newer) => top = newer,
            }
        }
    }
}

fn stack_with_aba(broken: bool) {
    let stack = Arc::new(IndexStack {
        top: AtomicUsize::new(1),
        next: [AtomicUsize::new(0), AtomicUsize::new(2), AtomicUsize::new(0)],
    });
    let theirs = stack.clone();
    // While one thread is about to pop 1, the other pops 1 and 2 and puts 1 back.
    let other = thread::spawn(move || theirs.pop(!broken));
    let first = stack.pop(!broken);
    let second = stack.pop(!broken);
    if let (Some(first), Some(_)) = (first, second) {
        stack.push(first, !broken);
        let others = other.join().unwrap();
        let rest = stack.pop(!broken);
        assert!(second != rest, "node {rest:?} is owned twice");
        assert!(second != others, "node {others:?} is owned twice");
    } else {
        other.join().unwrap();
    }
}

fn sender_kept_alive(broken: bool) {
    let (sender, receiver) = mpsc::channel();
    let theirs = sender.clone();
    let producer = thread::spawn(move || theirs.send(1).unwrap());
    let kept = if broken {
        Some(sender)
    } else {
        drop(sender);
        None
    };
    assert_eq!(receiver.iter().sum::<i32>(), 1);
    drop(kept);
    producer.join().unwrap();
}

fn empty_taken_for_closed(broken: bool) {
    let (sender, receiver) = mpsc::channel();
    let producer = thread::spawn(move || sender.send(1).unwrap());
    let mut sum = 0;
    if broken {
        while let Ok(n) = receiver.try_recv() {
            sum += n;
        }
    } else {
        while let Ok(n) = receiver.recv() {
            sum += n;
        }
    }
    producer.join().unwrap();
    assert_eq!(sum, 1);
}

fn both_send_first(broken: bool) {
    let (to_them, from_us) = mpsc::sync_channel(0);
    let (to_us, from_them) = mpsc::sync_channel(0);
    let other = thread::spawn(move || {
        if broken {
            to_us.send(1).unwrap();
            from_us.recv().unwrap();
        } else {
            from_us.recv().unwrap();
            to_us.send(1).unwrap();
        }
    });
    to_them.send(2).unwrap();
    assert_eq!(from_them.recv().unwrap(), 1);
    other.join().unwrap();
}

fn full_both_ways(broken: bool) {
    let room = if broken { 1 } else { 2 };
    let (to_them, from_us) = mpsc::sync_channel(room);
    let (to_us, from_them) = mpsc::sync_channel(room);
    let other = thread::spawn(move || {
        for _ in 0..2 {
            to_us.send(()).unwrap();
        }
        for _ in 0..2 {
            from_us.recv().unwrap();
        }
    });
    for _ in 0..2 {
        to_them.send(()).unwrap();
    }
    for _ in 0..2 {
        from_them.recv().unwrap();
    }
    other.join().unwrap();
}

fn one_pill_for_two(broken: bool) {
    let (sender, receiver) = mpsc::channel();
    let receiver = Arc::new(Mutex::new(receiver));
    let consumers: Vec<_> = (0..2)
        .map(|_| {
            let receiver = receiver.clone();
            thread::spawn(move || {
                // None is the pill.
                while let Some(()) = { receiver.lock().unwrap().recv().unwrap() } {}
            })
        })
        .collect();
    sender.send(Some(())).unwrap();
    for _ in 0..if broken { 1 } else { 2 } {
        sender.send(None).unwrap();
    }
    for consumer in consumers {
        consumer.join().unwrap();
    }
}

// ---- parking and stopping ---------------------------------------------------------------------

fn park_without_loop(broken: bool) {
    let ready = Arc::new(AtomicBool::new(false));
    let theirs = ready.clone();
    let waiter = thread::spawn(move || {
        if broken {
            thread::park();
        } else {
            while !theirs.load(Acquire) {
                thread::park();
            }
        }
        assert!(theirs.load(Acquire), "parked, and gone on too early");
    });
    ready.store(true, Release);
    waiter.thread().unpark();
    waiter.join().unwrap();
}

fn token_counted(broken: bool) {
    // Two tokens are one: a thread that parks once for each waits for ever.
    let seen = Arc::new(AtomicUsize::new(0));
    let theirs = seen.clone();
    let waiter = thread::spawn(move || {
        if broken {
            thread::park();
            thread::park();
        } else {
            while theirs.load(Acquire) < 2 {
                thread::park();
            }
        }
    });
    for _ in 0..2 {
        seen.fetch_add(1, Release);
        waiter.thread().unpark();
    }
    waiter.join().unwrap();
}

fn stop_flag_never_read(broken: bool) {
    let stop = Arc::new(AtomicBool::new(false));
    let theirs = stop.clone();
    let worker = thread::spawn(move || {
        let never = AtomicBool::new(false);
        let flag = if broken { &never } else { &*theirs };
        while !flag.load(Relaxed) {
            thread::yield_now();
        }
    });
    stop.store(true, Relaxed);
    worker.join().unwrap();
}
