//! What no schedule may hide: each of these programs goes wrong in one that is rare.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use interleavings::sync::atomic::{AtomicU32, Ordering};
use interleavings::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, RwLock, mpsc};
use interleavings::{Checker, Failure, hint, outcomes, panic, thread};

fn failure(body: impl Fn() + Send + Sync) -> Failure {
    Checker::new().explore(body).expect_err("the body is wrong")
}

#[test]
fn a_lock_may_be_poisoned_after_a_look_that_found_it_sound() {
    let asked = [
        |lock: &Mutex<()>, _: &RwLock<()>| !lock.is_poisoned() && lock.lock().is_err(),
        |_: &Mutex<()>, rw: &RwLock<()>| !rw.is_poisoned() && rw.read().is_err(),
    ];
    for ask in asked {
        let results = outcomes(move || {
            let locks = Arc::new((Mutex::new(()), RwLock::new(())));
            let (theirs, ours) = (locks.clone(), locks);
            let fails = thread::spawn(move || {
                let _both = (theirs.0.lock(), theirs.1.write());
                panic!("while holding");
            });
            // The look is the first that this thread does.
            let looks = thread::spawn(move || ask(&ours.0, &ours.1));
            assert!(fails.join().is_err());
            looks.join().unwrap()
        });
        assert_eq!(results.into_set(), [false, true]);
    }
}

#[test]
fn poison_may_be_cleared_between_two_looks() {
    let results = outcomes(|| {
        let lock = Arc::new(Mutex::new(()));
        let (theirs, ours) = (lock.clone(), lock.clone());
        let fails = thread::spawn(move || {
            let _guard = theirs.lock();
            panic!("while holding");
        });
        assert!(fails.join().is_err());
        let clears = thread::spawn(move || ours.clear_poison());
        let seen = (lock.is_poisoned(), lock.is_poisoned());
        clears.join().unwrap();
        seen
    });
    assert_eq!(results.into_set(), [(false, false), (true, false), (true, true)]);
}

#[test]
fn to_print_or_to_compare_is_to_look() {
    let results = outcomes(|| {
        let shared = Arc::new((Mutex::new(1), RwLock::new(1), OnceLock::new()));
        let theirs = shared.clone();
        let sets = thread::spawn(move || {
            *theirs.0.lock().unwrap() = 2;
            *theirs.1.write().unwrap() = 2;
            theirs.2.set(2).unwrap();
        });
        let looks = thread::spawn(move || {
            let first = format!("{:?}", shared.0).contains("data: 2");
            let second = format!("{:?}", shared.1).contains("data: 2");
            [first, second, shared.2 == OnceLock::from(2)]
        });
        sets.join().unwrap();
        looks.join().unwrap()
    });
    for seen in [[false, false, true], [false, true, true], [true, true, true]] {
        assert!(results.contains(&seen), "{seen:?}");
    }
}

#[test]
fn a_panic_that_was_joined_is_not_blamed_for_what_comes_after() {
    let failure = failure(|| {
        let result = thread::spawn(|| panic!("a")).join();
        assert!(result.is_ok(), "b");
    });
    assert_eq!(failure.kind(), "panic");
    assert!(failure.sentence().starts_with("b (main panicked"), "{failure}");
    assert!(failure.to_string().contains("`result` had panicked before"), "{failure}");
    let last = failure.trace().steps.last().unwrap();
    assert_eq!((last.thread, last.op.as_str()), (0, "panic"));
}

#[test]
fn a_panic_that_is_passed_on_is_told_by_its_first_message() {
    let first: [fn(); 5] = [
        || thread::spawn(|| panic!("a")).join().unwrap(),
        || {
            thread::scope(|scope| {
                scope.spawn(|| panic!("a"));
            });
        },
        || {
            let lock = Arc::new(Mutex::new(()));
            let theirs = lock.clone();
            let fails = thread::spawn(move || {
                let _guard = theirs.lock();
                panic!("a")
            });
            assert!(fails.join().is_err());
            drop(lock.lock().unwrap());
        },
        || {
            let payload = thread::spawn(|| panic!("a")).join().unwrap_err();
            panic::resume_unwind(payload);
        },
        // Of two, the one that nobody dealt with.
        || {
            assert!(thread::spawn(|| panic!("b")).join().is_err());
            thread::spawn(|| panic!("a")).join().unwrap();
        },
    ];
    for body in first {
        let failure = failure(body);
        assert!(failure.sentence().starts_with("a (thread"), "{failure}");
    }
}

#[test]
fn a_panic_in_a_scope_counts_before_those_who_then_wait_for_ever() {
    let bodies: [fn(); 3] = [
        || {
            let (sender, receiver) = mpsc::channel::<()>();
            thread::scope(|scope| {
                scope.spawn(|| receiver.into_iter().count());
                assert_eq!(1, 2, "the claim");
            });
            drop(sender);
        },
        || {
            let (sender, receiver) = mpsc::channel::<()>();
            thread::scope(|scope| {
                scope.spawn(|| receiver.into_iter().count());
                scope.spawn(|| assert_eq!(1, 2, "the claim"));
            });
            drop(sender);
        },
        || {
            let (sender, receiver) = mpsc::channel::<()>();
            thread::scope(|scope| {
                scope.spawn(|| receiver.into_iter().count());
                scope.spawn(|| assert_eq!(1, 2, "the claim")).join().unwrap();
            });
            drop(sender);
        },
    ];
    for body in bodies {
        let failure = failure(body);
        assert_eq!(failure.kind(), "panic", "{failure}");
        assert!(failure.sentence().contains("the claim"), "{failure}");
        let waits = &failure.trace().verdict.details;
        assert!(waits.iter().any(|text| text.contains("for a message")), "{failure}");
    }
}

type Pair = (Mutex<u32>, RwLock<u32>);

/// Takes the two locks in both orders.
fn cross(pair: &'static Pair) -> (u32, u32) {
    let first = thread::spawn(|| {
        let mut first = pair.0.lock().unwrap();
        *first += 1;
        *pair.1.write().unwrap() += 1;
    });
    let second = thread::spawn(|| {
        let second = pair.1.read().unwrap();
        *pair.0.lock().unwrap() += *second;
    });
    first.join().unwrap();
    second.join().unwrap();
    (*pair.0.lock().unwrap(), *pair.1.read().unwrap())
}

#[test]
fn a_static_that_was_left_locked_is_free_in_the_next_execution() {
    static ONE: Pair = (Mutex::new(5), RwLock::new(5));
    static ALL: Pair = (Mutex::new(5), RwLock::new(5));
    let failure = failure(|| {
        cross(&ONE);
    });
    assert_eq!(failure.kind(), "deadlock", "{failure}");
    let (found, _) = Checker::new().behaviours(|| cross(&ALL));
    assert!(found.contains("(11, 6)") && found.contains("(12, 6)"), "{found:?}");
    assert!(found.iter().any(|text| text.starts_with("Deadlock")), "{found:?}");
    assert!(!found.iter().any(|text| text.contains("Panic")), "{found:?}");
}

static POISONED: (Mutex<u32>, RwLock<u32>) = (Mutex::new(5), RwLock::new(5));

#[test]
fn a_static_that_was_poisoned_is_sound_in_the_next_execution() {
    let coverage = interleavings::check(|| {
        assert!(!POISONED.0.is_poisoned() && !POISONED.1.is_poisoned());
        let fails = thread::spawn(|| {
            let both = (POISONED.0.lock(), POISONED.1.write());
            *both.0.unwrap() += 1;
            *both.1.unwrap() += 1;
            let _both = (POISONED.0.lock(), POISONED.1.write());
            panic!("while holding");
        });
        let seen = POISONED.0.is_poisoned();
        assert!(fails.join().is_err());
        assert!(POISONED.0.is_poisoned() && POISONED.1.is_poisoned());
        let value = POISONED.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(*value, 6, "{seen}");
        assert_eq!(*POISONED.1.read().unwrap_or_else(PoisonError::into_inner), 6);
    });
    assert!(coverage.interleavings > 1);
}

static UNKNOWN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

#[test]
fn what_a_static_keeps_from_run_to_run_is_noticed() {
    let failure = failure(|| {
        let shared = AtomicU32::new(0);
        let mut runs = UNKNOWN.lock().unwrap();
        let next = runs.len() as u32;
        runs.insert(next);
        thread::scope(|scope| {
            // The same number of choices each time, and not the same thing done.
            scope.spawn(|| match next % 2 {
                0 => shared.store(1, Ordering::SeqCst),
                _ => drop(shared.swap(1, Ordering::SeqCst)),
            });
            scope.spawn(|| shared.load(Ordering::SeqCst));
            scope.spawn(|| shared.load(Ordering::SeqCst));
        });
    });
    assert_eq!(failure.kind(), "not-repeatable");
    let details = failure.trace().verdict.details.join(" ");
    assert!(details.contains("`UNKNOWN` (made at line"), "{details}");
    assert!(details.contains("keeps its value"), "{details}");
}

#[test]
fn a_poll_by_a_mutable_reference_is_a_busy_wait() {
    type Slot = (Mutex<Option<u32>>, Mutex<VecDeque<Job>>, RwLock<Vec<u32>>);
    struct Job;
    let polls: [fn(&Slot) -> bool; 6] = [
        |slot| slot.0.lock().unwrap().take().is_some(),
        |slot| slot.1.lock().unwrap().pop_front().is_some(),
        |slot| slot.2.write().unwrap().pop().is_some(),
        |slot| slot.2.try_write().is_ok_and(|mut list| list.pop().is_some()),
        |slot| {
            thread::yield_now();
            slot.0.lock().unwrap().take().is_some()
        },
        |slot| {
            thread::sleep(Duration::from_millis(1));
            slot.2.write().unwrap().pop().is_some()
        },
    ];
    for (number, poll) in polls.into_iter().enumerate() {
        let coverage = interleavings::check(move || {
            let slot = Arc::new(Slot::default());
            let theirs = slot.clone();
            let gives = thread::spawn(move || {
                *theirs.0.lock().unwrap() = Some(1);
                theirs.1.lock().unwrap().push_back(Job);
                theirs.2.write().unwrap().push(1);
            });
            while !poll(&slot) {}
            gives.join().unwrap();
        });
        assert_eq!(coverage.busy_waits.len(), 1, "{number}: {coverage:?}");
    }
    for poll in polls {
        let failure = failure(move || {
            let slot = Slot::default();
            while !poll(&slot) {}
        });
        assert_eq!(failure.kind(), "busy-wait");
    }
}

#[test]
fn work_that_changes_something_is_no_busy_wait() {
    struct Job;
    let coverage = interleavings::check(|| {
        let (total, list, jobs) =
            (Mutex::new(0), Mutex::new(vec![]), Mutex::new(vec![]));
        let stop = Mutex::new(false);
        for n in 0..100 {
            assert!(!*stop.lock().unwrap());
            *total.lock().unwrap() += n;
            list.lock().unwrap().push(n);
            jobs.lock().unwrap().push(Job);
        }
        for n in 0..100 {
            assert!(!*stop.lock().unwrap());
            jobs.lock().unwrap()[n] = Job;
        }
        while list.lock().unwrap().pop().is_some() {}
        while jobs.lock().unwrap().pop().is_some() {}
    });
    assert!(coverage.busy_waits.is_empty(), "{coverage:?}");
}

#[test]
fn who_sleeps_and_looks_at_nothing_does_not_wait() {
    let coverage = Checker::new().allow_busy_waits(false).check(|| {
        let changed = Condvar::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..3 {
                    thread::sleep(Duration::from_secs(1));
                    changed.notify_all();
                }
            });
        });
    });
    assert!(coverage.busy_waits.is_empty(), "{coverage:?}");
}

#[test]
fn a_busy_wait_is_told_by_the_line_that_offers_the_turn() {
    let line = line!() + 6;
    let coverage = interleavings::check(|| {
        let flag = Arc::new(AtomicU32::new(0));
        let theirs = flag.clone();
        let sets = thread::spawn(move || theirs.store(1, Ordering::Release));
        while flag.load(Ordering::Acquire) == 0 {
            hint::spin_loop();
        }
        sets.join().unwrap();
    });
    // A judge reads there whether who waits spins politely.
    assert_eq!(coverage.busy_waits, [format!("{}:{line}", file!())]);
}

#[test]
fn a_notification_may_come_between_a_time_out_and_the_end_of_its_wait() {
    let results = outcomes(|| {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let theirs = shared.clone();
        let setter = thread::spawn(move || {
            let mut ready = theirs.0.lock().unwrap();
            *ready = true;
            theirs.1.notify_one();
        });
        let ready = shared.0.lock().unwrap();
        let second = Duration::from_secs(1);
        let (ready, end) = shared.1.wait_timeout(ready, second).unwrap();
        let seen = (*ready, end.timed_out());
        drop(ready);
        setter.join().unwrap();
        seen
    });
    assert!(results.contains(&(true, true)), "{results:?}");
}

#[test]
fn a_program_that_fails_in_one_way_and_never_ends_in_another_is_judged_soon() {
    let runs = std::sync::atomic::AtomicU64::new(0);
    let failure = failure(|| {
        runs.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let turns = AtomicU32::new(0);
        thread::scope(|scope| {
            scope.spawn(|| assert_eq!(turns.load(Ordering::SeqCst), 0, "too late"));
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        turns.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
    });
    assert!(failure.sentence().contains("too late"), "{failure}");
    let runs = runs.into_inner();
    assert!(runs < 30, "{runs} runs");
}

#[test]
fn the_first_of_two_panics_in_a_scope_is_told() {
    let failure = failure(|| {
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            let second = scope.spawn(move || {
                assert!(receiver.recv().is_err());
                panic!("b");
            });
            scope.spawn(move || {
                let _sender: mpsc::Sender<()> = sender;
                panic!("a");
            });
            second.join().unwrap();
        });
    });
    assert!(failure.sentence().starts_with("a (thread 2"), "{failure}");
}

#[test]
fn what_a_scope_ended_with_is_dealt_with_by_who_joins_its_thread() {
    interleavings::check(|| {
        let outer = thread::spawn(|| {
            thread::scope(|scope| {
                scope.spawn(|| panic!("inside"));
            });
        });
        assert!(outer.join().is_err());
    });
}

#[test]
fn a_message_after_the_time_out_is_not_received() {
    let results = outcomes(|| {
        let (sender, receiver) = mpsc::channel();
        let hour = Duration::from_secs(3_600);
        thread::scope(|scope| {
            scope.spawn(move || {
                thread::sleep(2 * hour);
                // The receiver has given up.
                let _ = sender.send(());
            });
            receiver.recv_timeout(hour).is_ok()
        })
    });
    assert_eq!(results.into_set(), [false]);
}
