//! What the victims do, and what the survivor checks.

use std::time::Duration;

use crossprocess::{
    Array, Barrier, BoundedSemaphore, BreakCause, ByteQueue, Condition, Error, Event,
    JoinableQueue, Latch, Lock, LockError, Loss, Queue, ReentrantLock, RwLock, Segment,
    Semaphore, Value,
};

pub struct Scenario {
    pub name: &'static str,
    /// Makes the objects, in the survivor.
    pub setup: fn(&Segment),
    /// Opens them, calls the function it is given, and runs the operation.
    pub victim: fn(&Segment, &mut dyn FnMut()),
    /// Panics unless the survivor can go on and finds a state that can be: it gets the
    /// victim's process id, and whether the operation was complete.
    pub check: fn(&Segment, u32, bool),
}

/// A limit for what must not wait: hit only if something is wrong.
const LIMIT: Duration = Duration::from_secs(10);

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "segment",
        setup: |segment| drop(Semaphore::create(segment, "semaphore", 1).unwrap()),
        victim: |segment, begin| {
            let address = segment.address().to_owned();
            begin();
            let again = Segment::attach(&address).unwrap();
            assert_eq!(again.peers().len(), 3);
            drop(again);
        },
        check: |segment, _, completed| {
            // The victim had attached once before it began.
            let dead = segment.reap().unwrap().len();
            assert!((1..=2).contains(&dead) && (!completed || dead == 1), "{dead}");
            assert_eq!(segment.peers(), [segment.me()]);
            let again = Segment::attach(segment.address()).unwrap();
            all_permits(&again, 1..=1);
        },
    },
    Scenario {
        name: "lock",
        setup: |segment| {
            Lock::create(segment, "lock", [0u64; 4]).unwrap();
        },
        victim: |segment, begin| {
            let lock = Lock::<[u64; 4]>::open(segment, "lock").unwrap();
            begin();
            let mut value = lock.lock().unwrap();
            *value = [1; 4];
            drop(value);
        },
        check: |segment, victim, completed| {
            let value = lock_after_death(segment, victim);
            if completed {
                assert_eq!(value, [1; 4]);
            } else {
                assert!(value == [0; 4] || value == [1; 4], "{value:?} is torn");
            }
        },
    },
    Scenario {
        name: "lock-wait",
        setup: |segment| {
            Lock::create(segment, "lock", [0u64; 4]).unwrap();
        },
        victim: |segment, begin| {
            // Somebody else of the same process, who is lost with it.
            let other = Segment::attach(segment.address()).unwrap();
            let held = Lock::<[u64; 4]>::open(&other, "lock").unwrap();
            let lock = Lock::<[u64; 4]>::open(segment, "lock").unwrap();
            let guard = held.lock().unwrap();
            begin();
            let late = lock.lock_timeout(Duration::from_millis(8));
            assert!(matches!(late, Err(LockError::TimedOut { .. })));
            drop(late);
            drop(guard);
            *lock.lock().unwrap() = [1; 4];
        },
        check: |segment, victim, completed| {
            let value = lock_after_death(segment, victim);
            assert!(value == [1; 4] || value == [0; 4] && !completed, "{value:?}");
        },
    },
    Scenario {
        name: "lock-commit",
        setup: |segment| {
            Lock::create(segment, "lock", [0u64; 4]).unwrap();
        },
        victim: |segment, begin| {
            let lock = Lock::<[u64; 4]>::open(segment, "lock").unwrap();
            let mut value = lock.lock().unwrap();
            *value = [1; 4];
            begin();
            crossprocess::LockGuard::commit(&mut value);
            *value = [2; 4];
            crossprocess::LockGuard::commit(&mut value);
            std::mem::forget(value);
        },
        check: |segment, victim, completed| {
            let lock = Lock::<[u64; 4]>::open(segment, "lock").unwrap();
            let Err(LockError::OwnerDied(died)) = lock.lock_timeout(LIMIT) else {
                panic!("the victim died holding the lock");
            };
            assert_eq!(died.peer().pid, Some(victim));
            let value = **died.get_ref();
            assert!(value.iter().all(|&word| word == value[0]), "{value:?} is torn");
            assert!(!completed || value == [2; 4]);
        },
    },
    Scenario {
        name: "lock-create",
        setup: |_| {},
        victim: |segment, begin| {
            begin();
            Lock::create(segment, "lock", [1u64; 4]).unwrap();
        },
        check: |segment, _, completed| {
            // Whether it exists or not: it is whole, and others can be created.
            match Lock::<[u64; 4]>::open(segment, "lock") {
                Ok(lock) => assert_eq!(*lock.lock_timeout(LIMIT).unwrap(), [1; 4]),
                Err(Error::NotFound { .. }) => {
                    assert!(!completed);
                    Lock::create(segment, "lock", [2u64; 4]).unwrap();
                }
                Err(error) => panic!("{error}"),
            }
            Lock::create(segment, "other", 7u8).unwrap();
            assert_eq!(*Lock::<u8>::open(segment, "other").unwrap().lock().unwrap(), 7);
        },
    },
    Scenario {
        name: "condition-wait",
        setup: |segment| {
            Lock::create(segment, "lock", [0u64; 4]).unwrap();
            Condition::create(segment, "condition").unwrap();
        },
        victim: |segment, begin| {
            let lock = Lock::<[u64; 4]>::open(segment, "lock").unwrap();
            let condition = Condition::open(segment, "condition").unwrap();
            begin();
            let value = lock.lock().unwrap();
            drop(condition.wait(value).unwrap());
        },
        check: |segment, victim, _| {
            Condition::open(segment, "condition").unwrap().notify_all();
            lock_after_death(segment, victim);
        },
    },
    Scenario {
        name: "condition-notify",
        setup: |segment| {
            Lock::create(segment, "lock", [0u64; 4]).unwrap();
            Condition::create(segment, "condition").unwrap();
        },
        victim: |segment, begin| {
            let lock = Lock::<[u64; 4]>::open(segment, "lock").unwrap();
            let condition = Condition::open(segment, "condition").unwrap();
            begin();
            *lock.lock().unwrap() = [1; 4];
            condition.notify_all();
        },
        check: |segment, victim, completed| {
            let value = lock_after_death(segment, victim);
            let lock = Lock::<[u64; 4]>::open(segment, "lock").unwrap();
            let condition = Condition::open(segment, "condition").unwrap();
            if completed || value == [1; 4] {
                // The change is there, so the wait ends, notified or not.
                let guard = lock.lock().unwrap();
                let (_, timed_out) = condition
                    .wait_timeout_while(guard, LIMIT, |value| *value == [0; 4])
                    .unwrap();
                assert!(!timed_out);
            }
        },
    },
    Scenario {
        name: "semaphore",
        setup: |segment| {
            Semaphore::create(segment, "semaphore", 2).unwrap();
        },
        victim: |segment, begin| {
            let semaphore = Semaphore::open(segment, "semaphore").unwrap();
            begin();
            let first = semaphore.acquire().unwrap();
            let second = semaphore.acquire().unwrap();
            drop(first);
            drop(second);
        },
        check: |segment, _, _| all_permits(segment, 2..=2),
    },
    Scenario {
        name: "semaphore-busy",
        setup: |segment| {
            Semaphore::create(segment, "semaphore", 1).unwrap();
        },
        victim: |segment, begin| {
            let semaphore = Semaphore::open(segment, "semaphore").unwrap();
            let held = semaphore.acquire().unwrap();
            begin();
            assert!(semaphore.acquire_timeout(Duration::from_millis(8)).is_err());
            assert!(semaphore.try_acquire().is_err());
            drop(held);
        },
        check: |segment, _, _| all_permits(segment, 1..=1),
    },
    Scenario {
        name: "semaphore-forget",
        setup: |segment| {
            Semaphore::create(segment, "semaphore", 2).unwrap();
        },
        victim: |segment, begin| {
            let semaphore = Semaphore::open(segment, "semaphore").unwrap();
            let permit = semaphore.acquire().unwrap();
            begin();
            permit.forget().unwrap();
            semaphore.add_permits(2).unwrap();
        },
        check: |segment, _, completed| {
            all_permits(segment, if completed { 3..=3 } else { 1..=3 });
        },
    },
    Scenario {
        name: "event",
        setup: |segment| {
            Event::create(segment, "event").unwrap();
        },
        victim: |segment, begin| {
            let event = Event::open(segment, "event").unwrap();
            begin();
            event.set();
            event.clear();
            event.set();
        },
        check: |segment, _, completed| {
            let event = Event::open(segment, "event").unwrap();
            assert!(!completed || event.is_set());
            event.set();
            assert!(event.wait_timeout(LIMIT));
            event.clear();
            assert!(!event.wait_timeout(Duration::ZERO));
        },
    },
    Scenario {
        name: "event-wait",
        setup: |segment| {
            Event::create(segment, "event").unwrap();
        },
        victim: |segment, begin| {
            let event = Event::open(segment, "event").unwrap();
            begin();
            assert!(!event.wait_timeout(Duration::from_millis(8)));
        },
        check: |segment, _, _| {
            let event = Event::open(segment, "event").unwrap();
            event.set();
            assert!(event.wait_timeout(LIMIT));
        },
    },
    Scenario {
        name: "rwlock-read",
        setup: |segment| {
            RwLock::create(segment, "rwlock", [0u64; 4]).unwrap();
        },
        victim: |segment, begin| {
            let lock = RwLock::<[u64; 4]>::open(segment, "rwlock").unwrap();
            begin();
            let first = lock.read().unwrap();
            let second = lock.read().unwrap();
            assert!(lock.try_write().is_err());
            drop(first);
            drop(second);
        },
        check: |segment, _, _| {
            // Readers cannot harm anything.
            let lock = RwLock::<[u64; 4]>::open(segment, "rwlock").unwrap();
            assert_eq!(*lock.write_timeout(LIMIT).unwrap(), [0; 4]);
            assert_eq!(*lock.read_timeout(LIMIT).unwrap(), [0; 4]);
        },
    },
    Scenario {
        name: "rwlock-write",
        setup: |segment| {
            RwLock::create(segment, "rwlock", [0u64; 4]).unwrap();
        },
        victim: |segment, begin| {
            let lock = RwLock::<[u64; 4]>::open(segment, "rwlock").unwrap();
            begin();
            *lock.write().unwrap() = [1; 4];
        },
        check: |segment, victim, completed| {
            let lock = RwLock::<[u64; 4]>::open(segment, "rwlock").unwrap();
            let value = match lock.read_timeout(LIMIT) {
                Ok(guard) => *guard,
                Err(LockError::OwnerDied(died)) => {
                    assert!(!completed);
                    assert_eq!(
                        (died.peer().pid, died.loss()),
                        (Some(victim), Loss::Died)
                    );
                    lock.clear_poison();
                    *died.into_inner()
                }
                Err(error) => panic!("{error}"),
            };
            assert!(value == [1; 4] || value == [0; 4] && !completed, "{value:?}");
            assert_eq!(*lock.write_timeout(LIMIT).unwrap(), value);
        },
    },
    Scenario {
        name: "rwlock-wait",
        setup: |segment| {
            RwLock::create(segment, "rwlock", [0u64; 4]).unwrap();
        },
        victim: |segment, begin| {
            let other = Segment::attach(segment.address()).unwrap();
            let held = RwLock::<[u64; 4]>::open(&other, "rwlock").unwrap();
            let lock = RwLock::<[u64; 4]>::open(segment, "rwlock").unwrap();
            let limit = Duration::from_millis(8);
            let reader = held.read().unwrap();
            begin();
            assert!(lock.write_timeout(limit).is_err());
            drop(reader);
            let writer = held.write().unwrap();
            assert!(lock.read_timeout(limit).is_err());
            drop(writer);
        },
        check: |segment, victim, completed| {
            let lock = RwLock::<[u64; 4]>::open(segment, "rwlock").unwrap();
            match lock.write_timeout(LIMIT) {
                Ok(guard) => assert_eq!(*guard, [0; 4]),
                Err(LockError::OwnerDied(died)) => {
                    assert!(!completed);
                    assert_eq!(died.peer().pid, Some(victim));
                    lock.clear_poison();
                }
                Err(error) => panic!("{error}"),
            }
            assert_eq!(*lock.read_timeout(LIMIT).unwrap(), [0; 4]);
        },
    },
    Scenario {
        name: "reentrant-lock",
        setup: |segment| {
            ReentrantLock::create(segment, "reentrant", [0u64; 4]).unwrap();
        },
        victim: |segment, begin| {
            let lock = ReentrantLock::<[u64; 4]>::open(segment, "reentrant").unwrap();
            begin();
            let outer = lock.lock().unwrap();
            outer.set([1; 4]);
            let inner = lock.lock().unwrap();
            inner.set([2; 4]);
            drop(inner);
            drop(outer);
        },
        check: |segment, victim, completed| {
            let lock = ReentrantLock::<[u64; 4]>::open(segment, "reentrant").unwrap();
            let guard = match lock.lock_timeout(LIMIT) {
                Ok(guard) => guard,
                Err(LockError::OwnerDied(died)) => {
                    assert!(!completed);
                    assert_eq!(died.peer().pid, Some(victim));
                    lock.clear_poison();
                    died.into_inner()
                }
                Err(error) => panic!("{error}"),
            };
            let again = lock.lock_timeout(LIMIT).unwrap();
            let value = again.get().unwrap();
            assert!(value.iter().all(|&word| word == value[0]), "{value:?} is torn");
            assert!(!completed || value == [2; 4]);
            drop(again);
            drop(guard);
            // Released for other threads too, which are others as processes are.
            std::thread::scope(|scope| {
                scope.spawn(|| drop(lock.lock_timeout(LIMIT).unwrap()));
            });
        },
    },
    Scenario {
        name: "reentrant-condition",
        setup: |segment| {
            ReentrantLock::create(segment, "reentrant", [0u64; 4]).unwrap();
            Condition::create(segment, "condition").unwrap();
        },
        victim: |segment, begin| {
            let lock = ReentrantLock::<[u64; 4]>::open(segment, "reentrant").unwrap();
            let condition = Condition::open(segment, "condition").unwrap();
            let outer = lock.lock().unwrap();
            let inner = lock.lock().unwrap();
            begin();
            drop(condition.wait(inner).unwrap());
            drop(outer);
        },
        check: |segment, victim, completed| {
            let lock = ReentrantLock::<[u64; 4]>::open(segment, "reentrant").unwrap();
            match lock.lock_timeout(LIMIT) {
                Ok(_) => {}
                Err(LockError::OwnerDied(died)) => {
                    assert!(!completed);
                    assert_eq!(died.peer().pid, Some(victim));
                    lock.clear_poison();
                }
                Err(error) => panic!("{error}"),
            }
            std::thread::scope(|scope| {
                scope.spawn(|| drop(lock.lock_timeout(LIMIT).unwrap()));
            });
        },
    },
    Scenario {
        name: "bounded-semaphore",
        setup: |segment| {
            BoundedSemaphore::create(segment, "bounded", 1).unwrap();
        },
        victim: |segment, begin| {
            let semaphore = BoundedSemaphore::open(segment, "bounded").unwrap();
            begin();
            let permit = semaphore.acquire().unwrap();
            assert!(semaphore.try_acquire().is_err());
            drop(permit);
        },
        check: |segment, _, _| {
            let semaphore = BoundedSemaphore::open(segment, "bounded").unwrap();
            let permit = semaphore.acquire_timeout(LIMIT).unwrap();
            assert!(semaphore.try_acquire().is_err());
            drop(permit);
            assert_eq!(semaphore.available(), 1);
        },
    },
    Scenario {
        name: "barrier-arrive",
        setup: |segment| {
            Barrier::create(segment, "barrier", 2).unwrap();
        },
        victim: |segment, begin| {
            let barrier = Barrier::open(segment, "barrier").unwrap();
            barrier.join().unwrap();
            begin();
            let _ = barrier.wait_timeout(Duration::from_millis(12));
        },
        check: |segment, victim, _| {
            let barrier = Barrier::open(segment, "barrier").unwrap();
            match barrier.wait_timeout(LIMIT) {
                // Killed after it arrived, and before anybody noticed.
                Ok(passage) => assert!(passage.is_leader && passage.index == 1),
                Err(Error::Broken { peer, cause, .. }) => {
                    assert_eq!(peer.pid, Some(victim));
                    assert!(matches!(cause, BreakCause::Died | BreakCause::TimedOut));
                }
                Err(error) => panic!("{error}"),
            }
            barrier_is_usable(&barrier, 2);
        },
    },
    Scenario {
        name: "barrier-complete",
        setup: |segment| {
            Barrier::create(segment, "barrier", 1).unwrap();
        },
        victim: |segment, begin| {
            let barrier = Barrier::open(segment, "barrier").unwrap();
            begin();
            assert!(barrier.wait_with(|| {}).unwrap().is_leader);
            assert!(barrier.wait().unwrap().is_leader);
            barrier.abort().unwrap();
            barrier.reset().unwrap();
        },
        check: |segment, _, _| {
            barrier_is_usable(&Barrier::open(segment, "barrier").unwrap(), 1);
        },
    },
    Scenario {
        name: "latch",
        setup: |segment| {
            Latch::create(segment, "latch", 2).unwrap();
        },
        victim: |segment, begin| {
            let latch = Latch::open(segment, "latch").unwrap();
            let pledge = latch.pledge().unwrap();
            begin();
            drop(pledge);
            drop(latch.pledge().unwrap());
        },
        check: |segment, victim, completed| {
            let latch = Latch::open(segment, "latch").unwrap();
            let remaining = latch.remaining();
            match latch.wait_timeout(Duration::from_millis(30)) {
                Ok(()) => assert_eq!(remaining, 0),
                Err(Error::Abandoned { peer, .. }) => {
                    assert_eq!(peer.pid, Some(victim));
                }
                // Between its two pledges, it owed nothing.
                Err(Error::TimedOut { .. }) => assert_eq!(remaining, 1),
                Err(error) => panic!("{error}"),
            }
            assert!(!completed || remaining == 0);
        },
    },
    Scenario {
        name: "latch-wait",
        setup: |segment| {
            Latch::create(segment, "latch", 1).unwrap();
        },
        victim: |segment, begin| {
            let latch = Latch::open(segment, "latch").unwrap();
            begin();
            let late = latch.wait_timeout(Duration::from_millis(8));
            assert!(matches!(late, Err(Error::TimedOut { .. })));
        },
        check: |segment, _, _| {
            let latch = Latch::open(segment, "latch").unwrap();
            latch.count_down();
            latch.wait_timeout(LIMIT).unwrap();
        },
    },
    Scenario {
        name: "value",
        setup: |segment| {
            Value::create(segment, "value", [0u64; 4]).unwrap();
        },
        victim: |segment, begin| {
            let value = Value::<[u64; 4]>::open(segment, "value").unwrap();
            begin();
            value.set([1; 4]).unwrap();
            value.update(|value| *value = value.map(|word| word + 1)).unwrap();
        },
        check: |segment, _, completed| {
            let value = Value::<[u64; 4]>::open(segment, "value").unwrap();
            let found = value.get().unwrap();
            assert!(found.iter().all(|&word| word == found[0]), "{found:?} is torn");
            assert!(!completed || found == [2; 4]);
            value.set([3; 4]).unwrap();
            assert_eq!(value.get().unwrap(), [3; 4]);
        },
    },
    Scenario {
        name: "array",
        setup: |segment| {
            Array::create(segment, "array", &[[0u64; 2]; 4]).unwrap();
        },
        victim: |segment, begin| {
            let array = Array::<[u64; 2]>::open(segment, "array").unwrap();
            begin();
            array.set(1, [5, 5]).unwrap();
            array.update(|all| all.fill([7, 7])).unwrap();
        },
        check: |segment, _, completed| {
            let array = Array::<[u64; 2]>::open(segment, "array").unwrap();
            let found = array.snapshot().unwrap();
            let (none, one, all) = ([0, 0], [5, 5], [7, 7]);
            let can_be = [[none; 4], [none, one, none, none], [all; 4]];
            assert!(can_be.iter().any(|state| found == state), "{found:?} is torn");
            assert!(!completed || found == [all; 4]);
            array.set(3, [9, 9]).unwrap();
            assert_eq!(array.get(3).unwrap(), Some([9, 9]));
        },
    },
    Scenario {
        name: "queue-send",
        setup: queue_of_two,
        victim: |segment, begin| {
            let queue = ByteQueue::open(segment, "queue").unwrap();
            begin();
            queue.send(&[3; 20]).unwrap();
            queue.send(&[4; 20]).unwrap();
            // 96 of 128 bytes are taken: the next one has to go round the end.
        },
        check: |segment, _, completed| {
            let queue = ByteQueue::open(segment, "queue").unwrap();
            let found = queue.len();
            assert!((2..=4).contains(&found) && (!completed || found == 4));
            queue_works(&queue, 1, found);
        },
    },
    Scenario {
        name: "queue-send-around",
        setup: |segment| {
            let queue = ByteQueue::create(segment, "queue", 128).unwrap();
            for byte in 1..=2 {
                queue.send(&[byte; 36]).unwrap();
            }
            queue.recv().unwrap();
        },
        victim: |segment, begin| {
            let queue = ByteQueue::open(segment, "queue").unwrap();
            begin();
            queue.send(&[3; 36]).unwrap();
            assert!(queue.try_send(&[9; 60]).is_err());
        },
        check: |segment, _, completed| {
            let queue = ByteQueue::open(segment, "queue").unwrap();
            let found = queue.len();
            assert!((1..=2).contains(&found) && (!completed || found == 2));
            queue_works(&queue, 2, found);
        },
    },
    Scenario {
        name: "queue-recv",
        setup: queue_of_two,
        victim: |segment, begin| {
            let queue = ByteQueue::open(segment, "queue").unwrap();
            begin();
            assert_eq!(queue.recv().unwrap(), [1; 20]);
            queue
                .recv_with(|bytes| {
                    assert_eq!(bytes, [2; 20]);
                    Ok::<(), Error>(())
                })
                .unwrap();
        },
        check: |segment, _, completed| {
            let queue = ByteQueue::open(segment, "queue").unwrap();
            let found = queue.len();
            assert!(found <= 2 && (!completed || found == 0));
            queue_works(&queue, 3 - found as u8, found);
        },
    },
    Scenario {
        name: "queue-full-and-close",
        setup: queue_of_two,
        victim: |segment, begin| {
            let queue = ByteQueue::open(segment, "queue").unwrap();
            begin();
            let full = queue.send_timeout(&[9; 100], Duration::from_millis(8));
            assert!(matches!(full, Err(Error::TimedOut { .. })));
            queue.close().unwrap();
        },
        check: |segment, _, completed| {
            let queue = ByteQueue::open(segment, "queue").unwrap();
            assert!(!completed || queue.is_closed());
            if !queue.is_closed() {
                queue.send_timeout(&[3; 20], LIMIT).unwrap();
                queue.close().unwrap();
            }
            let messages = std::iter::from_fn(|| queue.recv().ok()).count();
            assert!((2..=3).contains(&messages));
            assert!(matches!(queue.send(&[4; 20]), Err(Error::Closed { .. })));
        },
    },
    Scenario {
        name: "queue-wait",
        setup: |segment| {
            Queue::<String>::create(segment, "queue", 128).unwrap();
        },
        victim: |segment, begin| {
            let queue = Queue::<String>::open(segment, "queue").unwrap();
            begin();
            assert!(queue.recv_timeout(Duration::from_millis(8)).is_err());
        },
        check: |segment, _, _| {
            let queue = Queue::<String>::open(segment, "queue").unwrap();
            queue.send_timeout(&"hello".into(), LIMIT).unwrap();
            assert_eq!(queue.recv_timeout(LIMIT).unwrap(), "hello");
        },
    },
    Scenario {
        name: "joinable-queue",
        setup: |segment| {
            let queue = JoinableQueue::<u32>::create(segment, "tasks", 128).unwrap();
            for task in 1..=3 {
                queue.send(&task).unwrap();
            }
        },
        victim: |segment, begin| {
            let queue = JoinableQueue::<u32>::open(segment, "tasks").unwrap();
            begin();
            assert_eq!(queue.recv().unwrap().done().unwrap(), 1);
            std::mem::forget(queue.recv().unwrap());
        },
        check: |segment, victim, completed| {
            let queue = JoinableQueue::<u32>::open(segment, "tasks").unwrap();
            let left = queue.len();
            while let Ok(task) = queue.try_recv() {
                task.done().unwrap();
            }
            match queue.wait_timeout(LIMIT) {
                // All three are accounted for: done by the survivor, or by the victim.
                Ok(()) => assert!(!completed && left >= 2),
                Err(Error::Lost { count, last, .. }) => {
                    assert!(count == 1 && left < 3);
                    assert_eq!(last.and_then(|peer| peer.pid), Some(victim));
                    assert_eq!(queue.write_off().unwrap(), 1);
                }
                Err(error) => panic!("{error}"),
            }
            queue.send(&4).unwrap();
            queue.recv_timeout(LIMIT).unwrap().done().unwrap();
            queue.wait_timeout(LIMIT).unwrap();
        },
    },
    Scenario {
        name: "joinable-queue-wait",
        setup: |segment| {
            let queue = JoinableQueue::<u32>::create(segment, "tasks", 128).unwrap();
            queue.send(&1).unwrap();
        },
        victim: |segment, begin| {
            let queue = JoinableQueue::<u32>::open(segment, "tasks").unwrap();
            begin();
            queue.send(&2).unwrap();
            let late = queue.wait_timeout(Duration::from_millis(8));
            assert!(matches!(late, Err(Error::TimedOut { .. })));
        },
        check: |segment, _, completed| {
            let queue = JoinableQueue::<u32>::open(segment, "tasks").unwrap();
            let sent = queue.len();
            assert!(sent == 2 || sent == 1 && !completed);
            for task in (1..).take(sent) {
                assert_eq!(queue.recv_timeout(LIMIT).unwrap().done().unwrap(), task);
            }
            queue.wait_timeout(LIMIT).unwrap();
        },
    },
];

/// Passes the barrier in threads of the survivor, who are all that is left.
fn barrier_is_usable(barrier: &Barrier, parties: u32) {
    barrier.reset().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..parties {
            scope.spawn(|| barrier.wait_timeout(LIMIT).unwrap());
        }
    });
}

fn queue_of_two(segment: &Segment) {
    let queue = ByteQueue::create(segment, "queue", 128).unwrap();
    queue.send(&[1; 20]).unwrap();
    queue.send(&[2; 20]).unwrap();
}

/// Receives what is there, in order and whole, and then passes more through.
fn queue_works(queue: &ByteQueue, first: u8, found: usize) {
    for byte in (first..).take(found) {
        let message = queue.recv_timeout(LIMIT).unwrap();
        assert!(message.iter().all(|&each| each == byte), "{message:?}");
    }
    assert!(matches!(queue.try_recv(), Err(Error::WouldBlock { .. })));
    for byte in 0..20 {
        queue.send_timeout(&[byte; 44], LIMIT).unwrap();
        assert_eq!(queue.recv_timeout(LIMIT).unwrap(), [byte; 44]);
    }
}

/// Takes the lock after the victim's death, once with what there is to say about it and
/// once more, clean. Returns the value.
fn lock_after_death(segment: &Segment, victim: u32) -> [u64; 4] {
    let lock = Lock::<[u64; 4]>::open(segment, "lock").unwrap();
    let value = match lock.lock_timeout(LIMIT) {
        Ok(guard) => *guard,
        Err(LockError::OwnerDied(died)) => {
            assert_eq!((died.peer().pid, died.loss()), (Some(victim), Loss::Died));
            let guard = died.into_inner();
            lock.clear_poison();
            *guard
        }
        Err(error) => panic!("{error}"),
    };
    assert_eq!(*lock.lock_timeout(LIMIT).unwrap(), value);
    value
}

/// Takes as many permits as there are, and one more in vain.
fn all_permits(segment: &Segment, expected: std::ops::RangeInclusive<usize>) {
    let semaphore = Semaphore::open(segment, "semaphore").unwrap();
    let mut permits = Vec::new();
    for _ in 0..*expected.start() {
        permits.push(semaphore.acquire_timeout(LIMIT).unwrap());
    }
    while let Ok(permit) = semaphore.try_acquire() {
        permits.push(permit);
    }
    assert!(expected.contains(&permits.len()), "{} permits", permits.len());
}
