//! Litmus tests: each program gives exactly the results that the model allows.
//!
//! Sources. C++20 and so Rust: [intro.races], [atomics.order]. RC11: Lahav,
//! Vafeiadis, Kang, Hur and Dreyer, "Repairing sequential consistency in C/C++11",
//! PLDI 2017; the names SB, MP, LB, IRIW, CoRR, … are those of Sarkar, Sewell and
//! others, "Understanding POWER multiprocessors", PLDI 2011. Only LB differs
//! between the two: C++20 allows `1, 1` for relaxed accesses, RC11 does not.

use interleavings::sync::atomic::Ordering::{
    AcqRel, Acquire, Relaxed, Release, SeqCst,
};
use interleavings::sync::atomic::{AtomicU32, Ordering, fence};
use interleavings::{Checker, thread};

/// Every result of `body`, with no bound on preemptions and stale reads.
fn all<T: Ord + Send>(body: impl Fn() -> T + Send + Sync) -> Vec<T> {
    let limits = Checker::new().preemptions(usize::MAX).max_interleavings(u64::MAX);
    let outcomes = limits.outcomes(body);
    assert!(outcomes.coverage.exhaustive, "{}", outcomes.coverage);
    outcomes.into_set()
}

/// Runs two closures in threads of their own and returns what they return.
fn both<A: Send, B: Send>(
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    thread::scope(|scope| {
        let a = scope.spawn(a);
        let b = scope.spawn(b);
        (a.join().unwrap(), b.join().unwrap())
    })
}

fn pair() -> (AtomicU32, AtomicU32) {
    (AtomicU32::new(0), AtomicU32::new(0))
}

fn store_buffering(write: Ordering, read: Ordering) -> Vec<(u32, u32)> {
    all(move || {
        let (x, y) = pair();
        both(
            || {
                x.store(1, write);
                y.load(read)
            },
            || {
                y.store(1, write);
                x.load(read)
            },
        )
    })
}

#[test]
fn store_buffering_sees_both_old_values_unless_seq_cst() {
    // [atomics.order]: only the single order of SeqCst forbids 0, 0.
    let weak = [(0, 0), (0, 1), (1, 0), (1, 1)];
    assert_eq!(store_buffering(Relaxed, Relaxed), weak);
    assert_eq!(store_buffering(Release, Acquire), weak);
    assert_eq!(store_buffering(SeqCst, Acquire), weak);
    assert_eq!(store_buffering(SeqCst, SeqCst), [(0, 1), (1, 0), (1, 1)]);
}

#[test]
fn store_buffering_is_repaired_by_seq_cst_fences() {
    let run = |order: Ordering| {
        all(move || {
            let (x, y) = pair();
            both(
                || {
                    x.store(1, Relaxed);
                    fence(order);
                    y.load(Relaxed)
                },
                || {
                    y.store(1, Relaxed);
                    fence(order);
                    x.load(Relaxed)
                },
            )
        })
    };
    assert_eq!(run(SeqCst), [(0, 1), (1, 0), (1, 1)]);
    assert_eq!(run(AcqRel), [(0, 0), (0, 1), (1, 0), (1, 1)]);
}

fn message_passing(write: Ordering, read: Ordering) -> Vec<(u32, u32)> {
    all(move || {
        let (data, ready) = pair();
        let ((), seen) = both(
            || {
                data.store(1, Relaxed);
                ready.store(1, write);
            },
            || (ready.load(read), data.load(Relaxed)),
        );
        seen
    })
}

#[test]
fn message_passing_needs_release_and_acquire() {
    // [intro.races]: an acquire load of a released value synchronises with it.
    let weak = [(0, 0), (0, 1), (1, 0), (1, 1)];
    let strong = [(0, 0), (0, 1), (1, 1)];
    assert_eq!(message_passing(Relaxed, Relaxed), weak);
    assert_eq!(message_passing(Release, Relaxed), weak);
    assert_eq!(message_passing(Relaxed, Acquire), weak);
    assert_eq!(message_passing(Release, Acquire), strong);
    assert_eq!(message_passing(SeqCst, SeqCst), strong);
}

#[test]
fn message_passing_by_fences() {
    // [atomics.fences]: a release fence before the store and an acquire fence
    // after the load synchronise; one of them alone does not.
    let run = |release: bool, acquire: bool| {
        all(move || {
            let (data, ready) = pair();
            let ((), seen) = both(
                || {
                    data.store(1, Relaxed);
                    if release {
                        fence(Release);
                    }
                    ready.store(1, Relaxed);
                },
                || {
                    let ready = ready.load(Relaxed);
                    if acquire {
                        fence(Acquire);
                    }
                    (ready, data.load(Relaxed))
                },
            );
            seen
        })
    };
    let weak = [(0, 0), (0, 1), (1, 0), (1, 1)];
    assert_eq!(run(true, true), [(0, 0), (0, 1), (1, 1)]);
    assert_eq!(run(true, false), weak);
    assert_eq!(run(false, true), weak);
}

#[test]
fn load_buffering_is_forbidden_as_in_rc11() {
    let seen = all(|| {
        let (x, y) = pair();
        both(
            || {
                let r = x.load(Relaxed);
                y.store(1, Relaxed);
                r
            },
            || {
                let r = y.load(Relaxed);
                x.store(1, Relaxed);
                r
            },
        )
    });
    assert_eq!(seen, [(0, 0), (0, 1), (1, 0)]);
}

fn iriw(write: Ordering, read: Ordering) -> bool {
    let seen = all(move || {
        let (x, y) = pair();
        thread::scope(|scope| {
            scope.spawn(|| x.store(1, write));
            scope.spawn(|| y.store(1, write));
            let a = scope.spawn(|| (x.load(read), y.load(read)));
            let b = scope.spawn(|| (y.load(read), x.load(read)));
            (a.join().unwrap(), b.join().unwrap())
        })
    });
    // All of the 16 results are possible but the one where the readers disagree.
    let disagree = seen.contains(&((1, 0), (1, 0)));
    assert_eq!(seen.len(), 15 + usize::from(disagree));
    disagree
}

#[test]
fn independent_readers_may_disagree_unless_seq_cst() {
    assert!(iriw(Relaxed, Relaxed));
    assert!(iriw(Release, Acquire));
    assert!(!iriw(SeqCst, SeqCst));
    // [atomics.order]: reads-before edges order the SeqCst loads by themselves.
    assert!(!iriw(Relaxed, SeqCst));
}

#[test]
fn a_thread_never_reads_backwards() {
    // CoRR, read-read coherence.
    let seen = all(|| {
        let x = AtomicU32::new(0);
        both(|| x.store(1, Relaxed), || (x.load(Relaxed), x.load(Relaxed))).1
    });
    assert_eq!(seen, [(0, 0), (0, 1), (1, 1)]);
}

#[test]
fn two_readers_agree_on_the_order_of_stores() {
    // CoRR2: the modification order is one for all.
    let seen = all(|| {
        let x = AtomicU32::new(0);
        thread::scope(|scope| {
            scope.spawn(|| x.store(1, Relaxed));
            scope.spawn(|| x.store(2, Relaxed));
            let a = scope.spawn(|| (x.load(Relaxed), x.load(Relaxed)));
            let b = scope.spawn(|| (x.load(Relaxed), x.load(Relaxed)));
            (a.join().unwrap(), b.join().unwrap())
        })
    });
    assert!(seen.contains(&((1, 2), (1, 2))) && seen.contains(&((2, 1), (2, 1))));
    assert!(!seen.contains(&((1, 2), (2, 1))) && !seen.contains(&((2, 1), (1, 2))));
}

#[test]
fn a_thread_reads_its_own_store_or_a_newer_one() {
    // CoWR, write-read coherence; CoRW: what was read comes before what is written.
    let seen = all(|| {
        let x = AtomicU32::new(0);
        let (own, ()) = both(
            || {
                x.store(1, Relaxed);
                x.load(Relaxed)
            },
            || x.store(2, Relaxed),
        );
        (own, x.into_inner())
    });
    assert_eq!(seen, [(1, 1), (1, 2), (2, 2)]);
}

#[test]
fn stores_need_not_take_effect_in_the_order_of_execution() {
    // 2+2W: each thread's first store may be the last one of its location.
    let run = |order: Ordering| {
        all(move || {
            let (x, y) = pair();
            both(
                || {
                    x.store(1, order);
                    y.store(2, order);
                },
                || {
                    y.store(1, order);
                    x.store(2, order);
                },
            );
            (x.into_inner(), y.into_inner())
        })
    };
    assert_eq!(run(Relaxed), [(1, 1), (1, 2), (2, 1), (2, 2)]);
    assert_eq!(run(Release), [(1, 1), (1, 2), (2, 1), (2, 2)]);
    assert_eq!(run(SeqCst), [(1, 2), (2, 1), (2, 2)]);
}

#[test]
fn updates_need_not_read_the_value_stored_last() {
    // 2+2W by swaps: both may read the first value, whatever was stored since.
    let seen = all(|| {
        let (x, y) = pair();
        let swaps = both(
            || {
                x.store(1, Relaxed);
                y.swap(2, Relaxed)
            },
            || {
                y.store(1, Relaxed);
                x.swap(2, Relaxed)
            },
        );
        (swaps, x.into_inner(), y.into_inner())
    });
    assert!(seen.contains(&((0, 0), 1, 1)), "{seen:?}");
}

#[test]
fn an_exchange_that_fails_is_a_load() {
    // So it may read an old value, and fail for that reason.
    let run = |read: Ordering| {
        all(move || {
            let (data, ready) = pair();
            let ((), seen) = both(
                || {
                    data.store(1, Relaxed);
                    ready.store(1, Release);
                },
                || (ready.load(read), data.compare_exchange(1, 2, Relaxed, Relaxed)),
            );
            seen
        })
    };
    assert!(run(Relaxed).contains(&(1, Err(0))));
    assert_eq!(run(Acquire), [(0, Ok(1)), (0, Err(0)), (1, Ok(1))]);
}

#[test]
fn updates_read_what_they_replace() {
    // [atomics.order]: nothing comes between what was read and what is written.
    let seen = all(|| {
        let x = AtomicU32::new(0);
        both(|| x.fetch_add(1, Relaxed), || x.fetch_add(1, Relaxed));
        x.into_inner()
    });
    assert_eq!(seen, [2]);
}

#[test]
fn a_release_sequence_goes_on_through_updates() {
    // [intro.races]: a release sequence is the store and the read-modify-writes
    // that follow it, by whatever thread and with whatever ordering.
    let seen = all(|| {
        let (data, state) = pair();
        thread::scope(|scope| {
            scope.spawn(|| {
                data.store(1, Relaxed);
                state.store(1, Release);
            });
            scope.spawn(|| state.fetch_add(1, Relaxed));
            let seen = scope.spawn(|| (state.load(Acquire), data.load(Relaxed)));
            seen.join().unwrap()
        })
    });
    assert!(seen.contains(&(2, 1)), "{seen:?}");
    assert!(!seen.contains(&(2, 0)), "{seen:?}");
    // An update of the first value alone releases nothing.
    assert!(seen.contains(&(1, 0)), "{seen:?}");
}

#[test]
fn a_relaxed_store_ends_a_release_sequence() {
    // C++20 (P0982): also one by the thread that released.
    let seen = all(|| {
        let (data, state) = pair();
        both(
            || {
                data.store(1, Relaxed);
                state.store(1, Release);
                state.store(2, Relaxed);
            },
            || (state.load(Acquire), data.load(Relaxed)),
        )
        .1
    });
    assert_eq!(seen, [(0, 0), (0, 1), (1, 1), (2, 0), (2, 1)]);
}

#[test]
fn write_to_read_causality_is_transitive() {
    // WRC: what a thread acquired, it releases again.
    let run = |write: Ordering, read: Ordering| {
        all(move || {
            let (x, y) = pair();
            thread::scope(|scope| {
                scope.spawn(|| x.store(1, write));
                scope.spawn(|| {
                    if x.load(read) == 1 {
                        y.store(1, write);
                    }
                });
                let seen = scope.spawn(|| (y.load(read), x.load(read)));
                seen.join().unwrap()
            })
        })
    };
    assert_eq!(run(Release, Acquire), [(0, 0), (0, 1), (1, 1)]);
    assert_eq!(run(Relaxed, Relaxed), [(0, 0), (0, 1), (1, 0), (1, 1)]);
}

#[test]
fn locks_and_joins_pass_views_on() {
    use interleavings::sync::{Mutex, mpsc};
    let seen = all(|| {
        let (x, y) = pair();
        let lock = Mutex::new(false);
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                x.store(1, Relaxed);
                *lock.lock().unwrap() = true;
            });
            scope.spawn(|| {
                y.store(1, Relaxed);
                sender.send(()).unwrap();
            });
            receiver.recv().unwrap();
            let locked = *lock.lock().unwrap();
            (y.load(Relaxed), !locked || x.load(Relaxed) == 1)
        })
    });
    assert_eq!(seen, [(1, true)]);
}
