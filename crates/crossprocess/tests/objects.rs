//! What the objects promise, apart from death: two attachments of one process are two
//! processes to each other in all but that.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Barrier as Rendezvous;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytemuck::{CheckedBitPattern, NoUninit};
use crossprocess::{
    Array, Barrier, BoundedSemaphore, BreakCause, ByteQueue, Condition, Error, Event,
    JoinableQueue, Latch, Lock, LockError, LockGuard, Loss, Options, Queue,
    ReentrantLock, RwLock, Segment, Semaphore, Value,
};

/// Longer than anything takes that does not hang.
const LIMIT: Duration = Duration::from_secs(20);

/// A segment, attached twice.
fn two() -> (Segment, Segment) {
    let here = Segment::create(1 << 16).unwrap();
    let there = Segment::attach(here.address()).unwrap();
    (here, there)
}

#[derive(Debug, Clone, Copy, PartialEq, NoUninit, CheckedBitPattern)]
#[repr(u8)]
enum Light {
    Red = 1,
    Green = 2,
}

#[derive(Debug, Clone, Copy, PartialEq, NoUninit, CheckedBitPattern)]
#[repr(C)]
struct Crossing {
    cars: u32,
    light: Light,
    open: bool,
    lanes: [u8; 2],
}

const CROSSING: Crossing =
    Crossing { cars: 7, light: Light::Red, open: true, lanes: [1, 2] };

#[test]
fn a_lock_carries_structs_and_enums() {
    let (here, there) = two();
    let lock = Lock::create(&here, "crossing", CROSSING).unwrap();
    lock.lock().unwrap().light = Light::Green;
    let seen = Lock::<Crossing>::open(&there, "crossing").unwrap();
    assert_eq!(*seen.lock().unwrap(), Crossing { light: Light::Green, ..CROSSING });
}

#[test]
fn a_lock_excludes_and_loses_no_update() {
    const ROUNDS: u64 = 20_000;
    let (here, there) = two();
    let lock = Lock::create(&here, "count", 0u64).unwrap();
    thread::scope(|scope| {
        for segment in [&here, &there, &there] {
            scope.spawn(|| {
                let lock = Lock::<u64>::open(segment, "count").unwrap();
                for _ in 0..ROUNDS {
                    *lock.lock().unwrap() += 1;
                }
            });
        }
    });
    assert_eq!(*lock.lock().unwrap(), 3 * ROUNDS);
}

#[test]
fn a_held_lock_is_busy_and_a_wait_for_it_ends() {
    let (here, there) = two();
    let lock = Lock::create(&here, "lock", ()).unwrap();
    let other = Lock::<()>::open(&there, "lock").unwrap();
    let guard = lock.lock().unwrap();
    assert!(matches!(other.try_lock(), Err(LockError::WouldBlock { .. })));
    let begun = Instant::now();
    let limit = Duration::from_millis(120);
    assert!(matches!(other.lock_timeout(limit), Err(LockError::TimedOut { .. })));
    assert!(begun.elapsed() >= limit);
    assert_eq!(other.holder(), Some(here.me()));
    drop(guard);
    drop(other.try_lock().unwrap());
}

#[test]
fn a_panic_undoes_the_change_and_poisons() {
    let (here, there) = two();
    let lock = Lock::create(&here, "account", 5u64).unwrap();
    let result = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut account = lock.lock().unwrap();
        *account = 6;
        LockGuard::commit(&mut account);
        *account = 7;
        panic!("half way");
    }));
    assert!(result.is_err());

    let other = Lock::<u64>::open(&there, "account").unwrap();
    let Err(LockError::OwnerDied(died)) = other.lock() else { panic!("not poisoned") };
    assert_eq!((died.peer(), died.loss()), (here.me(), Loss::Panicked));
    assert_eq!(*died.into_inner(), 6);
    assert!(other.is_poisoned());
    other.clear_poison();
    assert_eq!(*lock.lock().unwrap(), 6);
}

#[test]
fn errors_pass_through_the_question_mark() {
    fn deposit(segment: &Segment) -> Result<u64, Error> {
        let lock = Lock::<u64>::open(segment, "account")?;
        let mut account = lock.lock()?;
        *account += 1;
        Ok(*account)
    }
    let segment = Segment::create(1 << 12).unwrap();
    let missing = deposit(&segment).unwrap_err().to_string();
    assert!(missing.ends_with("has no lock `account`"), "{missing}");
    Lock::create(&segment, "account", 1u64).unwrap();
    assert_eq!(deposit(&segment).unwrap(), 2);
}

#[test]
fn names_are_checked() {
    let segment = Segment::create(1 << 12).unwrap();
    Lock::create(&segment, "it", 0u64).unwrap();
    let again = Lock::create(&segment, "it", 0u64).unwrap_err();
    assert!(matches!(again, Error::Exists { .. }));
    let kind = Event::open(&segment, "it").unwrap_err().to_string();
    assert_eq!(kind, "`it`: expected event, found lock");
    let content = Lock::<f64>::open(&segment, "it").unwrap_err().to_string();
    assert_eq!(content, "`it`: expected lock, found lock of another type");
    for name in ["", "a name that is longer than forty-eight bytes, by far"] {
        assert!(matches!(Event::create(&segment, name), Err(Error::Invalid(_))));
    }
    let large = Lock::create(&segment, "large", [0u64; 4000]).unwrap_err();
    assert!(matches!(large, Error::Full { .. }));
    for number in 0..255 {
        Event::create(&segment, &format!("event {number}")).ok();
    }
    assert!(matches!(Event::create(&segment, "last"), Err(Error::Full { .. })));
}

#[test]
fn a_condition_wakes_who_waits() {
    let (here, there) = two();
    // Long enough that a wake-up by the tick would be noticed.
    let lock = Lock::create(&here, "turn", 0u64).unwrap();
    let changed = Condition::create(&here, "changed").unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let lock = Lock::<u64>::open(&there, "turn").unwrap();
            let changed = Condition::open(&there, "changed").unwrap();
            for turn in 0..1_000 {
                let guard = lock.lock().unwrap();
                let mut guard =
                    changed.wait_while(guard, |t| *t != 2 * turn + 1).unwrap();
                *guard += 1;
                drop(guard);
                changed.notify_one();
            }
        });
        for turn in 0..1_000 {
            let guard = lock.lock().unwrap();
            let mut guard = changed.wait_while(guard, |t| *t != 2 * turn).unwrap();
            *guard += 1;
            drop(guard);
            changed.notify_one();
        }
    });
    assert_eq!(*lock.lock().unwrap(), 2_000);
    let limit = Duration::from_millis(80);
    let begun = Instant::now();
    let guard = lock.lock().unwrap();
    let (_, timed_out) = changed.wait_timeout_while(guard, limit, |_| true).unwrap();
    assert!(timed_out && begun.elapsed() >= limit);
}

#[test]
fn permits_are_limited_and_come_back() {
    let (here, there) = two();
    let semaphore = Semaphore::create(&here, "permits", 3).unwrap();
    let inside = AtomicUsize::new(0);
    thread::scope(|scope| {
        for segment in [&here, &here, &there, &there, &there] {
            scope.spawn(|| {
                let semaphore = Semaphore::open(segment, "permits").unwrap();
                for _ in 0..500 {
                    let _permit = semaphore.acquire().unwrap();
                    assert!(inside.fetch_add(1, Ordering::Relaxed) < 3);
                    thread::yield_now();
                    inside.fetch_sub(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(semaphore.available(), 3);
    semaphore.acquire().unwrap().forget().unwrap();
    assert_eq!(semaphore.available(), 2);
    semaphore.add_permits(5).unwrap();
    assert_eq!(semaphore.available(), 7);
    assert!(matches!(semaphore.add_permits(u32::MAX), Err(Error::Overflow { .. })));

    let bounded = BoundedSemaphore::create(&here, "bounded", 1).unwrap();
    let permit = bounded.acquire().unwrap();
    assert!(matches!(bounded.try_acquire(), Err(Error::WouldBlock { .. })));
    let late = bounded.acquire_timeout(Duration::from_millis(60));
    assert!(matches!(late, Err(Error::TimedOut { .. })));
    drop(permit);
    assert_eq!(bounded.available(), 1);
}

#[test]
fn whoever_leaves_gives_everything_back() {
    let (here, there) = two();
    let semaphore = Semaphore::create(&here, "permits", 1).unwrap();
    let lock = Lock::create(&here, "lock", 1u64).unwrap();
    let leaver = there.me();
    {
        let semaphore = Semaphore::open(&there, "permits").unwrap();
        let lock = Lock::<u64>::open(&there, "lock").unwrap();
        std::mem::forget(semaphore.acquire().unwrap());
        std::mem::forget(lock.lock().unwrap());
    }
    drop(there);
    drop(semaphore.acquire_timeout(LIMIT).unwrap());
    let Err(LockError::OwnerDied(died)) = lock.lock() else { panic!("it has gone") };
    assert_eq!(died.peer(), leaver);
    assert_eq!(here.peers(), [here.me()]);
}

#[test]
fn an_event_that_is_cleared_soon_is_not_missed() {
    let (here, there) = two();
    let event = Event::create(&here, "event").unwrap();
    for _ in 0..200 {
        let ready = Rendezvous::new(2);
        thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                let event = Event::open(&there, "event").unwrap();
                ready.wait();
                event.wait_timeout(Duration::from_millis(300))
            });
            ready.wait();
            // Whether the waiter has begun to wait is not known: until it has ended.
            while !waiter.is_finished() {
                event.set();
                event.clear();
                thread::sleep(Duration::from_micros(200));
            }
            assert!(waiter.join().unwrap());
        });
    }
    assert!(!event.is_set() && !event.wait_timeout(Duration::ZERO));
    event.set();
    event.wait();
}

#[test]
fn a_barrier_lets_go_when_all_have_come() {
    let (here, there) = two();
    let barrier = Barrier::create(&here, "barrier", 3).unwrap();
    let actions = AtomicUsize::new(0);
    let rounds = 200;
    let leaders: usize = thread::scope(|scope| {
        let parties = [&here, &there, &there].map(|segment| {
            let actions = &actions;
            scope.spawn(move || {
                let barrier = Barrier::open(segment, "barrier").unwrap();
                let mut led = 0;
                for round in 0..rounds {
                    let action = || {
                        actions.fetch_add(1, Ordering::Relaxed);
                    };
                    let passage = barrier.wait_with(action).unwrap();
                    // Run once, before anybody went on; and nobody is a round ahead.
                    let ran = actions.load(Ordering::Relaxed);
                    assert!(ran == round + 1 || ran == round + 2, "{ran} in {round}");
                    assert_eq!(passage.is_leader, passage.index == 2);
                    led += usize::from(passage.is_leader);
                }
                led
            })
        });
        parties.map(|party| party.join().unwrap()).iter().sum()
    });
    assert_eq!((leaders, actions.into_inner()), (rounds, rounds));
    assert!(barrier.broken_by().is_none());
}

#[test]
fn a_broken_barrier_says_why_until_it_is_reset() {
    let (here, there) = two();
    let barrier = Barrier::create(&here, "barrier", 2).unwrap();
    let cause = |result: Result<_, Error>| match result {
        Err(Error::Broken { peer, cause, .. }) => (peer, cause),
        other => panic!("{other:?}"),
    };
    let late = barrier.wait_timeout(Duration::from_millis(10)).map(drop);
    assert_eq!(cause(late), (here.me(), BreakCause::TimedOut));
    assert_eq!(cause(barrier.wait().map(drop)), (here.me(), BreakCause::TimedOut));
    barrier.reset().unwrap();

    let other = Barrier::open(&there, "barrier").unwrap();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| barrier.wait().map(drop));
        while other.waiting() == 0 {
            thread::yield_now();
        }
        other.abort().unwrap();
        assert_eq!(cause(waiter.join().unwrap()), (there.me(), BreakCause::Aborted));
    });
    barrier.reset().unwrap();

    thread::scope(|scope| {
        let waiter = scope.spawn(|| barrier.wait().map(drop));
        while other.waiting() == 0 {
            thread::yield_now();
        }
        other.reset().unwrap();
        assert_eq!(cause(waiter.join().unwrap()), (there.me(), BreakCause::Reset));
    });

    // Who takes part and goes is missed, at the latest by the tick.
    other.join().unwrap();
    let leaver = there.me();
    drop(other);
    drop(there);
    assert_eq!(cause(barrier.wait().map(drop)), (leaver, BreakCause::Died));
    assert!(matches!(Barrier::create(&here, "none", 0), Err(Error::Invalid(_))));
}

#[test]
fn an_action_that_panics_breaks_the_barrier() {
    let segment = Segment::create(1 << 14).unwrap();
    let barrier = Barrier::create(&segment, "barrier", 1).unwrap();
    let action = || panic!("no");
    assert!(
        panic::catch_unwind(AssertUnwindSafe(|| barrier.wait_with(action))).is_err()
    );
    assert!(matches!(barrier.wait(), Err(Error::Broken { .. })));
    barrier.reset().unwrap();
    assert!(barrier.wait().unwrap().is_leader);
}

#[test]
fn a_latch_opens_once_and_tells_of_broken_pledges() {
    let (here, there) = two();
    let latch = Latch::create(&here, "latch", 2).unwrap();
    let other = Latch::open(&there, "latch").unwrap();
    let early = latch.wait_timeout(Duration::from_millis(10));
    assert!(matches!(early, Err(Error::TimedOut { .. })));
    assert_eq!(other.count_down(), 1);
    drop(other.pledge().unwrap());
    latch.wait().unwrap();
    assert_eq!((latch.count_down(), latch.remaining()), (0, 0));

    let latch = Latch::create(&here, "second", 1).unwrap();
    let other = Latch::open(&there, "second").unwrap();
    let panicked = panic::catch_unwind(AssertUnwindSafe(|| {
        let _pledge = other.pledge().unwrap();
        panic!("no");
    }));
    assert!(panicked.is_err());
    match latch.wait() {
        Err(Error::Abandoned { peer, loss, .. }) => {
            assert_eq!((peer, loss), (there.me(), Loss::Panicked));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn readers_share_and_writers_do_not() {
    let (here, there) = two();
    let lock = RwLock::create(&here, "data", [0u64; 2]).unwrap();
    let other = RwLock::<[u64; 2]>::open(&there, "data").unwrap();
    let first = lock.read().unwrap();
    let second = other.read().unwrap();
    assert!(matches!(other.try_write(), Err(LockError::WouldBlock { .. })));
    let late = lock.write_timeout(Duration::from_millis(60));
    assert!(matches!(late, Err(LockError::TimedOut { .. })));
    drop((first, second));
    let mut writer = lock.try_write().unwrap();
    *writer = [1, 1];
    assert!(other.try_read().is_err() && other.try_write().is_err());
    drop(writer);
    assert_eq!(*other.read().unwrap(), [1, 1]);

    let panicked = panic::catch_unwind(AssertUnwindSafe(|| {
        lock.write().unwrap()[0] = 2;
        lock.write().unwrap()[1] = 3;
        let _writer = lock.write().unwrap();
        panic!("no");
    }));
    assert!(panicked.is_err());
    assert!(matches!(other.read(), Err(LockError::OwnerDied(_))));
    assert!(matches!(other.write(), Err(LockError::OwnerDied(_))));
    other.clear_poison();
    assert_eq!(*other.read().unwrap(), [2, 3]);
}

#[test]
fn a_reentrant_lock_is_for_one_thread() {
    let (here, there) = two();
    let lock = ReentrantLock::create(&here, "tree", 1u64).unwrap();
    let outer = lock.lock().unwrap();
    let inner = lock.try_lock().unwrap();
    inner.update(|value| value + 1).unwrap();
    assert_eq!(outer.get().unwrap(), 2);
    drop(outer);
    let busy = |lock: &ReentrantLock<u64>| lock.try_lock().is_err();
    thread::scope(|scope| {
        // Not another thread of this process, and not another process.
        assert!(scope.spawn(|| busy(&lock)).join().unwrap());
        let other = ReentrantLock::<u64>::open(&there, "tree").unwrap();
        assert!(busy(&other));
        drop(inner);
        assert!(!busy(&other));
    });
}

#[test]
fn a_condition_releases_all_guards_of_a_reentrant_lock() {
    let (here, there) = two();
    let lock = ReentrantLock::create(&here, "tree", 0u64).unwrap();
    let grown = Condition::create(&here, "grown").unwrap();
    let outer = lock.lock().unwrap();
    let inner = lock.lock().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            // It gets the lock only while all guards of the other are released.
            let lock = ReentrantLock::<u64>::open(&there, "tree").unwrap();
            lock.lock_timeout(LIMIT).unwrap().set(1);
            Condition::open(&there, "grown").unwrap().notify_all();
        });
        let (again, timed_out) =
            grown.wait_timeout_while(inner, LIMIT, |height| *height == 0).unwrap();
        assert!(!timed_out && outer.get().unwrap() == 1);
        // Both of this thread's guards are back.
        drop(again);
        let other = ReentrantLock::<u64>::open(&there, "tree").unwrap();
        assert!(other.try_lock().is_err());
        // What is changed in the look is stored, as with a lock.
        let limit = Duration::from_millis(20);
        let inner = lock.lock().unwrap();
        let (_, timed_out) = grown
            .wait_timeout_while(inner, limit, |height| {
                *height = 9;
                true
            })
            .unwrap();
        assert!(timed_out && outer.get().unwrap() == 9);
        drop(outer);
        assert!(other.try_lock().is_ok());
    });
}

#[test]
fn the_missing_are_missed_though_others_noticed_first() {
    for slot_is_taken_again in [false, true] {
        let (here, there) = two();
        let latch = Latch::create(&here, "latch", 1).unwrap();
        let barrier = Barrier::create(&here, "barrier", 2).unwrap();
        let leaver = there.me();
        let pledging = Latch::open(&there, "latch").unwrap();
        std::mem::forget(pledging.pledge().unwrap());
        drop(pledging);
        Barrier::open(&there, "barrier").unwrap().join().unwrap();
        // It is out of the table, and neither of the two was asked.
        drop(there);
        if slot_is_taken_again {
            let next = Segment::attach(here.address()).unwrap();
            assert_eq!(next.me().slot, leaver.slot);
            drop(Latch::open(&next, "latch").unwrap().pledge().unwrap());
            // All the same: who comes to a broken barrier is told.
            Barrier::open(&next, "barrier").unwrap().join().unwrap();
        }
        match barrier.wait_timeout(LIMIT) {
            Err(Error::Broken { peer, cause: BreakCause::Died, .. }) => {
                assert_eq!(peer, leaver);
            }
            other => panic!("{other:?}"),
        }
        if slot_is_taken_again {
            // The new one has counted down, as the old one had promised.
            latch.wait_timeout(LIMIT).unwrap();
            continue;
        }
        match latch.wait_timeout(LIMIT) {
            Err(Error::Abandoned { peer, .. }) => assert_eq!(peer, leaver),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_pledge_is_not_forgotten_with_the_slot() {
    let (here, there) = two();
    let latch = Latch::create(&here, "latch", 2).unwrap();
    let leaver = there.me();
    let pledging = Latch::open(&there, "latch").unwrap();
    std::mem::forget(pledging.pledge().unwrap());
    drop((pledging, there));
    let next = Segment::attach(here.address()).unwrap();
    drop(Latch::open(&next, "latch").unwrap().pledge().unwrap());
    match latch.wait_timeout(LIMIT) {
        Err(Error::Abandoned { peer, .. }) => assert_eq!(peer, leaver),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_may_have_to_wait_has_a_limit() {
    let (here, there) = two();
    let value = Value::create(&here, "value", 1u64).unwrap();
    let array = Array::create(&here, "array", &[1u64; 2]).unwrap();
    let queue = Queue::<u64>::create(&here, "queue", 64).unwrap();
    let limit = Duration::from_millis(20);
    let timed_out = |result: Result<u64, Error>| {
        assert!(matches!(result, Err(Error::TimedOut { .. })), "{result:?}");
    };
    let value_there = Value::<u64>::open(&there, "value").unwrap();
    let array_there = Array::<u64>::open(&there, "array").unwrap();
    value
        .update(|_| timed_out(value_there.update_timeout(limit, |value| *value)))
        .unwrap();
    array
        .update(|_| timed_out(array_there.update_timeout(limit, |all| all[0])))
        .unwrap();
    assert_eq!(value_there.update_timeout(LIMIT, |value| *value).unwrap(), 1);
    assert_eq!(array_there.update_timeout(LIMIT, |all| all[1]).unwrap(), 1);

    timed_out(queue.recv_timeout_with(limit, Ok));
    queue.send(&5).unwrap();
    let refused: Result<(), Error> =
        queue.recv_with(|_| Err(Error::Invalid("not this one".into())));
    assert!(matches!(refused, Err(Error::Invalid(_))));
    assert_eq!(queue.recv_timeout_with(LIMIT, Ok::<u64, Error>).unwrap(), 5);
    assert!(queue.is_empty());
    let bytes = ByteQueue::create(&here, "bytes", 64).unwrap();
    let mut message = vec![7];
    assert!(bytes.recv_timeout_into(&mut message, limit).is_err());
    let late = bytes.recv_timeout_with(limit, |_| Ok::<(), Error>(()));
    assert!(matches!(late, Err(Error::TimedOut { .. })));

    let barrier = Barrier::create(&here, "barrier", 2).unwrap();
    let late = barrier.wait_timeout_with(limit, || panic!("nobody else has come"));
    assert!(matches!(late, Err(Error::Broken { cause: BreakCause::TimedOut, .. })));
}

#[test]
fn values_and_arrays_change_as_a_whole() {
    let (here, there) = two();
    let value = Value::create(&here, "value", CROSSING).unwrap();
    let array = Array::create(&here, "array", &[0u16; 100]).unwrap();
    thread::scope(|scope| {
        for segment in [&here, &there] {
            scope.spawn(|| {
                let value = Value::<Crossing>::open(segment, "value").unwrap();
                let array = Array::<u16>::open(segment, "array").unwrap();
                for index in 0..1_000 {
                    value.update(|crossing| crossing.cars += 1).unwrap();
                    array.update(|all| all.iter_mut().for_each(|n| *n += 1)).unwrap();
                    array.update_at(index % 100, |n| *n += 1).unwrap();
                    let seen = array.snapshot().unwrap();
                    assert!(
                        seen.iter().max().unwrap() - seen.iter().min().unwrap() <= 2
                    );
                }
            });
        }
    });
    assert_eq!(value.get().unwrap().cars, 2_007);
    assert_eq!(array.snapshot().unwrap(), [2_020; 100]);
    let before = value.replace(CROSSING).unwrap();
    assert_eq!((before.cars, value.get().unwrap()), (2_007, CROSSING));
    assert_eq!((array.get(99).unwrap(), array.get(100).unwrap()), (Some(2_020), None));
    assert!(array.set(0, 7).unwrap() && !array.set(100, 7).unwrap());
    let panicked = panic::catch_unwind(AssertUnwindSafe(|| {
        value.update(|crossing| {
            crossing.cars = 0;
            panic!("no");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(value.get().unwrap(), CROSSING);
}

#[test]
fn a_queue_keeps_order_and_loses_nothing() {
    const EACH: u64 = 5_000;
    let (here, there) = two();
    let queue = Queue::<(u64, u64)>::create(&here, "queue", 256).unwrap();
    let all: Vec<Vec<(u64, u64)>> = thread::scope(|scope| {
        let senders = [&here, &there].map(|segment| {
            let sender = u64::from(segment.me() == there.me());
            scope.spawn(move || {
                let queue = Queue::<(u64, u64)>::open(segment, "queue").unwrap();
                for number in 0..EACH {
                    queue.send(&(sender, number)).unwrap();
                }
            })
        });
        let receivers = [&here, &there].map(|segment| {
            scope.spawn(move || {
                let queue = Queue::<(u64, u64)>::open(segment, "queue").unwrap();
                queue.iter().collect()
            })
        });
        for sender in senders {
            sender.join().unwrap();
        }
        // What has been sent is still received.
        queue.close().unwrap();
        receivers.into_iter().map(|receiver| receiver.join().unwrap()).collect()
    });
    for messages in &all {
        for sender in 0..2 {
            let numbers: Vec<u64> = messages
                .iter()
                .filter(|message| message.0 == sender)
                .map(|message| message.1)
                .collect();
            assert!(numbers.is_sorted(), "the messages of one sender keep their order");
        }
    }
    let mut messages = all.concat();
    messages.sort_unstable();
    let sent: Vec<_> = (0..2).flat_map(|s| (0..EACH).map(move |n| (s, n))).collect();
    assert_eq!(messages, sent);
}

/// Messages so long that waiting for them is another matter: the ring has room for two,
/// so each side waits for the other again and again.
#[test]
fn long_messages_arrive_whole_and_in_order() {
    const LONG: usize = 20 << 10;
    let segment = Segment::create(1 << 17).unwrap();
    let queue = ByteQueue::create(&segment, "queue", 2 * LONG).unwrap();
    // A long one and a short one in turn, none as long as the one before.
    let message = |number: u8| {
        let length = if number.is_multiple_of(2) { LONG } else { 1 };
        vec![number; length + usize::from(number)]
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            (0..=u8::MAX).try_for_each(|number| queue.send(&message(number)))
        });
        for number in 0..=u8::MAX {
            let received = queue.recv_timeout(LIMIT).unwrap();
            assert!(received == message(number), "message {number} is another");
        }
    });
}

#[test]
fn a_queue_is_bounded_and_can_be_closed() {
    let segment = Segment::create(1 << 14).unwrap();
    let queue = ByteQueue::create(&segment, "queue", 64).unwrap();
    assert_eq!(queue.longest(), 56);
    assert!(matches!(queue.send(&[0; 57]), Err(Error::TooLong { .. })));
    queue.send(&[1; 56]).unwrap();
    assert!(matches!(queue.try_send(b""), Err(Error::WouldBlock { .. })));
    let late = queue.send_timeout(b"", Duration::from_millis(60));
    assert!(matches!(late, Err(Error::TimedOut { .. })));
    thread::scope(|scope| {
        let blocked = scope.spawn(|| queue.send(b"late"));
        assert_eq!(queue.recv().unwrap(), [1; 56]);
        blocked.join().unwrap().unwrap();
    });
    assert_eq!((queue.len(), queue.try_recv().unwrap()), (1, b"late".to_vec()));
    assert!(matches!(queue.try_recv(), Err(Error::WouldBlock { .. })));

    // Work that fails leaves the message to the next.
    queue.send(b"job").unwrap();
    let failed = queue.recv_with(|_| Err::<(), _>(Error::Invalid("no".into())));
    assert!(failed.is_err());
    assert_eq!(queue.recv_with(|bytes| Ok::<_, Error>(bytes.len())).unwrap(), 3);

    queue.send(b"last").unwrap();
    thread::scope(|scope| {
        let receiver = scope.spawn(|| (queue.recv(), queue.recv()));
        queue.close().unwrap();
        let (last, closed) = receiver.join().unwrap();
        assert_eq!(last.unwrap(), b"last");
        assert!(matches!(closed, Err(Error::Closed { .. })));
    });
    assert!(matches!(queue.send(b"x"), Err(Error::Closed { .. })));
}

#[test]
fn every_task_is_accounted_for() {
    let segment = Segment::create(1 << 14).unwrap();
    let queue = JoinableQueue::<String>::create(&segment, "tasks", 256).unwrap();
    queue.wait().unwrap();
    for task in ["one", "two", "three"] {
        queue.send(&task.into()).unwrap();
    }
    let late = queue.wait_timeout(Duration::from_millis(10));
    assert!(matches!(late, Err(Error::TimedOut { .. })));
    assert_eq!(queue.recv().unwrap().done().unwrap(), "one");
    let two = queue.recv().unwrap();
    assert_eq!((two.as_str(), queue.pending().unwrap()), ("two", 2));
    drop(two);
    queue.recv().unwrap().done().unwrap();
    assert!(matches!(queue.wait(), Err(Error::Lost { count: 1, .. })));
    assert_eq!(queue.write_off().unwrap(), 1);
    queue.wait().unwrap();
}

#[test]
fn too_much_memory_is_an_error() {
    let Err(Error::NoMemory { size, .. }) = Segment::create(1 << 44) else {
        panic!("nobody has 16 TiB of shared memory");
    };
    assert!(size > 1 << 44);
    assert!(matches!(Segment::create(usize::MAX), Err(Error::Invalid(_))));
}

#[test]
fn sixty_four_processes_and_no_more() {
    let first = Segment::create(1 << 12).unwrap();
    let mut all = vec![first.clone()];
    for _ in 1..64 {
        all.push(Segment::attach(first.address()).unwrap());
    }
    let one_more = Segment::attach(first.address()).unwrap_err();
    assert!(matches!(one_more, Error::Full { .. }));
    let left = all.pop().unwrap().me();
    let next = Segment::attach(first.address()).unwrap();
    assert_eq!(
        (next.me().slot, next.me().generation),
        (left.slot, left.generation + 1)
    );
}

/// Whatever a process writes into the segment, others get errors, or wait as long as
/// they said, but neither panic nor hang.
#[test]
fn hostile_content_is_an_error() {
    // A small generator of its own, so that a failure can be repeated by its number.
    let mut state = 0x1234_5678_9abc_def1_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let limit = Duration::from_millis(2);
    for round in 0..300 {
        let options = Options::new().tick(Duration::from_millis(1));
        let segment = options.create(1 << 13).unwrap();
        let victim = Segment::attach(segment.address()).unwrap();
        Lock::create(&victim, "lock", CROSSING).unwrap();
        RwLock::create(&victim, "rwlock", CROSSING).unwrap();
        Semaphore::create(&victim, "semaphore", 2).unwrap();
        Event::create(&victim, "event").unwrap();
        Barrier::create(&victim, "barrier", 2).unwrap();
        Latch::create(&victim, "latch", 2).unwrap();
        Value::create(&victim, "value", CROSSING).unwrap();
        Array::create(&victim, "array", &[CROSSING; 3]).unwrap();
        let queue = Queue::<String>::create(&victim, "queue", 64).unwrap();
        queue.send(&"hello".into()).unwrap();
        let tasks = JoinableQueue::<String>::create(&victim, "tasks", 64).unwrap();
        tasks.send(&"task".into()).unwrap();

        // The objects, half of the time with the directory and the table; never the
        // words that say who is alive, as those who lie about that can stop anybody.
        let begin = if round % 2 == 0 { 592 + 256 * 12 } else { 592 };
        let end = 592 + 256 * 12 + 1024;
        for _ in 0..1 + random() % 200 {
            let word = begin + random() as usize % (end - begin);
            let value = match random() % 4 {
                0 => 0,
                1 => u64::MAX,
                2 => random() % 100,
                _ => random(),
            };
            segment.scribble(word, value);
        }

        let begun = Instant::now();
        if let Ok(lock) = Lock::<Crossing>::open(&victim, "lock") {
            drop(lock.lock_timeout(limit));
            lock.clear_poison();
        }
        if let Ok(lock) = RwLock::<Crossing>::open(&victim, "rwlock") {
            drop(lock.read_timeout(limit));
            drop(lock.write_timeout(limit));
        }
        if let Ok(semaphore) = Semaphore::open(&victim, "semaphore") {
            drop(semaphore.acquire_timeout(limit));
            let _ = semaphore.available();
        }
        if let Ok(event) = Event::open(&victim, "event") {
            let _ = event.wait_timeout(limit);
            event.set();
        }
        if let Ok(barrier) = Barrier::open(&victim, "barrier") {
            let _ = barrier.wait_timeout(limit);
            let _ = barrier.reset();
        }
        if let Ok(latch) = Latch::open(&victim, "latch") {
            let _ = latch.wait_timeout(limit);
            latch.count_down();
        }
        if let Ok(value) = Value::<Crossing>::open(&victim, "value") {
            let _ = value.get();
            let _ = value.set(CROSSING);
        }
        if let Ok(array) = Array::<Crossing>::open(&victim, "array") {
            let _ = array.set(1, CROSSING);
            let _ = array.snapshot();
        }
        if let Ok(queue) = Queue::<String>::open(&victim, "queue") {
            let _ = queue.recv_timeout(limit);
            let _ = queue.send_timeout(&"again".into(), limit);
            let _ = queue.len();
            let _ = queue.close();
        }
        if let Ok(tasks) = JoinableQueue::<String>::open(&victim, "tasks") {
            let _ = tasks.recv_timeout(limit).map(crossprocess::Task::done);
            let _ = tasks.wait_timeout(limit);
            let _ = tasks.write_off();
        }
        assert!(begun.elapsed() < LIMIT, "round {round} hung");
    }
}
