//! The parts of the checker at work, one after the other.
// libtest shows what is printed when a test fails.
#![allow(clippy::disallowed_macros)]

use std::time::Duration;

use interleavings::sync::atomic::{AtomicUsize, Ordering};
use interleavings::sync::{Arc, Condvar, Mutex, mpsc};
use interleavings::{Checker, check, outcomes, thread};

#[test]
fn two_independent_threads_have_binomially_many_interleavings() {
    // Choosing where the n steps of one thread go among all n + m: C(n+m, n).
    for (n, m, expected) in [(1, 1, 2), (2, 2, 6), (3, 2, 10), (4, 4, 70), (5, 6, 462)]
    {
        let coverage = Checker::new()
            .preemptions(usize::MAX)
            .pruning(false)
            .explore(move || {
                let steps = |count: usize| {
                    move || {
                        let own = AtomicUsize::new(0);
                        for _ in 0..count {
                            own.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                };
                thread::scope(|scope| {
                    scope.spawn(steps(n));
                    scope.spawn(steps(m));
                });
            })
            .unwrap();
        assert!(coverage.exhaustive);
        assert_eq!(coverage.interleavings, expected, "{n} and {m} steps");
    }
}

#[test]
fn a_lost_update_is_found() {
    let failure = Checker::new()
        .explore(|| {
            let counter = Arc::new(AtomicUsize::new(0));
            let theirs = counter.clone();
            let add = |counter: &AtomicUsize| {
                let n = counter.load(Ordering::SeqCst);
                counter.store(n + 1, Ordering::SeqCst);
            };
            let adder = thread::spawn(move || add(&theirs));
            add(&counter);
            adder.join().unwrap();
            assert_eq!(counter.load(Ordering::SeqCst), 2);
        })
        .unwrap_err();
    println!("{failure} {:?}", failure.coverage());
    assert!(failure.sentence().contains("left: 1"));
}

#[test]
fn a_mutex_keeps_updates() {
    let coverage = check(|| {
        let counter = Arc::new(Mutex::new(0));
        let adders: Vec<_> = (0..3)
            .map(|_| {
                let counter = counter.clone();
                thread::spawn(move || *counter.lock().unwrap() += 1)
            })
            .collect();
        for adder in adders {
            adder.join().unwrap();
        }
        assert_eq!(*counter.lock().unwrap(), 3);
    });
    println!("{coverage} {coverage:?}");
    assert!(coverage.complete);
}

#[test]
fn opposite_lock_orders_deadlock() {
    let failure = Checker::new()
        .explore(|| {
            let a = Arc::new(Mutex::new(0));
            let b = Arc::new(Mutex::new(0));
            let (a2, b2) = (a.clone(), b.clone());
            let other = thread::spawn(move || {
                let _b = b2.lock().unwrap();
                let _a = a2.lock().unwrap();
            });
            let _a = a.lock().unwrap();
            let _b = b.lock().unwrap();
            drop((_a, _b));
            other.join().unwrap();
        })
        .unwrap_err();
    println!("{failure} {:?}", failure.coverage());
    assert!(failure.sentence().contains("deadlock"));
}

/// A semaphore with `if` in place of `while`, or the right way.
fn semaphore(
    looks_again: bool,
) -> Result<interleavings::Coverage, interleavings::Failure> {
    Checker::new().explore(move || {
        let permits = Mutex::new(1_usize);
        let released = Condvar::new();
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut available = permits.lock().unwrap();
                    if looks_again {
                        while *available == 0 {
                            available = released.wait(available).unwrap();
                        }
                    } else if *available == 0 {
                        available = released.wait(available).unwrap();
                    }
                    *available -= 1;
                    drop(available);
                    *permits.lock().unwrap() += 1;
                    released.notify_one();
                });
            }
        });
    })
}

#[test]
fn a_semaphore_must_look_again() {
    let started = std::time::Instant::now();
    let coverage = semaphore(true).unwrap();
    println!("{coverage} {coverage:?} {:?}", started.elapsed());
    assert!(coverage.complete);
    let failure = semaphore(false).unwrap_err();
    println!("{failure} {:?}", failure.coverage());
}

#[test]
fn outcomes_of_two_stores() {
    let outcomes = outcomes(|| {
        let x = AtomicUsize::new(0);
        thread::scope(|scope| {
            scope.spawn(|| x.store(1, Ordering::SeqCst));
            scope.spawn(|| x.store(2, Ordering::SeqCst));
        });
        x.load(Ordering::SeqCst)
    });
    assert!(outcomes.complete());
    assert_eq!(outcomes.into_set(), [1, 2]);
}

#[test]
fn channels_deliver_in_order() {
    let coverage = check(|| {
        let (sender, receiver) = mpsc::sync_channel(1);
        thread::scope(|scope| {
            scope.spawn(move || {
                for n in 0..3 {
                    sender.send(n).unwrap();
                }
            });
            assert_eq!(receiver.iter().collect::<Vec<_>>(), [0, 1, 2]);
        });
    });
    println!("{coverage} {coverage:?}");
    assert!(coverage.exhaustive);
}

#[test]
fn time_is_virtual() {
    let started = std::time::Instant::now();
    check(|| {
        let (sender, receiver) = mpsc::channel();
        let hour = Duration::from_secs(3600);
        let sleeper = thread::spawn(move || {
            thread::sleep(hour);
            let _ = sender.send(());
        });
        let _ = receiver.recv_timeout(hour / 2);
        sleeper.join().unwrap();
    });
    assert!(started.elapsed() < Duration::from_secs(60));
}
