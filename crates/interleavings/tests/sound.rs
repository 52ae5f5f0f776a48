//! What no schedule may hide: each of these programs goes wrong in one that is rare.

use interleavings::sync::atomic::{AtomicU32, Ordering};
use interleavings::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, mpsc};
use interleavings::{Checker, Failure, outcomes, panic, thread};

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

static UNKNOWN: Mutex<std::collections::BTreeSet<u32>> =
    Mutex::new(std::collections::BTreeSet::new());

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
