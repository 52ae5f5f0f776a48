//! What a body may do besides synchronising, and what the checker says to it.

use std::collections::HashSet;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use interleavings::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use interleavings::sync::{
    Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock, mpsc,
};
use interleavings::time::Instant;
use interleavings::{Checker, Failure, check, outcomes, panic, rendezvous, thread};

fn failure(body: impl Fn() + Send + Sync) -> Failure {
    Checker::new().explore(body).expect_err("the body is wrong")
}

#[test]
fn a_body_that_changes_from_run_to_run_is_noticed() {
    let runs = AtomicU64::new(0);
    let failure = failure(|| {
        let run = runs.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let shared = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..2 + run % 2 {
                scope.spawn(|| shared.fetch_add(1, Ordering::SeqCst));
            }
        });
    });
    assert_eq!(failure.kind(), "not-repeatable");
}

#[test]
fn a_body_without_anything_to_explore_is_told() {
    assert_eq!(failure(|| {}).kind(), "nothing-to-explore");
    // The real std's types are not seen.
    let failure = failure(|| *std::sync::Mutex::new(1).lock().unwrap() += 1);
    assert_eq!(failure.kind(), "nothing-to-explore");
}

#[test]
fn two_hundred_threads_are_no_problem() {
    let coverage = Checker::new()
        .preemptions(0)
        .max_interleavings(200)
        .samples(10)
        .explore(|| {
            let total = Arc::new(Mutex::new(0));
            let adders: Vec<_> = (0..200)
                .map(|_| {
                    let total = total.clone();
                    thread::spawn(move || *total.lock().unwrap() += 1)
                })
                .collect();
            for adder in adders {
                adder.join().unwrap();
            }
            assert_eq!(*total.lock().unwrap(), 200);
        })
        .unwrap();
    assert_eq!(coverage.threads_started, 200);
    assert!(!coverage.complete && coverage.sampled > 0);
}

#[test]
fn a_hundred_thousand_steps_are_too_many() {
    let failure = failure(|| {
        let counter = AtomicUsize::new(0);
        loop {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    assert_eq!(failure.kind(), "endless");
    assert!(failure.sentence().contains("100,000 steps"), "{}", failure.sentence());
}

#[test]
fn threads_without_end_are_too_many() {
    let failure = failure(|| {
        loop {
            thread::spawn(|| {});
        }
    });
    assert_eq!(failure.kind(), "too-many-threads");
}

#[test]
fn jobs_that_run_one_after_another_never_meet() {
    let run = |at_once: bool| {
        Checker::new().explore(move || {
            let lock = Arc::new(Mutex::new(()));
            let workers: Vec<_> = (0..2)
                .map(|_| {
                    let lock = lock.clone();
                    thread::spawn(move || {
                        let guard = lock.lock().unwrap();
                        if at_once {
                            drop(guard);
                        }
                        rendezvous(2);
                    })
                })
                .collect();
            for worker in workers {
                worker.join().unwrap();
            }
        })
    };
    assert!(run(true).is_ok());
    let failure = run(false).unwrap_err();
    assert_eq!(failure.kind(), "one-after-another");
    assert!(failure.sentence().starts_with("ran one after another"));
}

#[test]
fn overlap_tells_joined_in_the_loop_from_joined_after_it() {
    let overlap = |joined_at_once: bool| {
        let coverage = check(move || {
            let mut handles = Vec::new();
            for _ in 0..3 {
                let handle = thread::spawn(|| {});
                if joined_at_once {
                    handle.join().unwrap();
                } else {
                    handles.push(handle);
                }
            }
            for handle in handles {
                handle.join().unwrap();
            }
        });
        assert_eq!(coverage.threads_started, 3);
        coverage.overlap
    };
    assert_eq!(overlap(true), 1);
    assert_eq!(overlap(false), 3);
}

#[test]
fn busy_waiting_is_noted_even_when_it_ends() {
    let waits = |looks: fn(&AtomicBool, &Mutex<bool>) -> bool| {
        move || {
            let flag = Arc::new((AtomicBool::new(false), Mutex::new(false)));
            let theirs = flag.clone();
            let setter = thread::spawn(move || {
                theirs.0.store(true, Ordering::Release);
                *theirs.1.lock().unwrap() = true;
            });
            while !looks(&flag.0, &flag.1) {}
            setter.join().unwrap();
        }
    };
    let polls: [fn(&AtomicBool, &Mutex<bool>) -> bool; 3] = [
        |flag, _| flag.load(Ordering::Acquire),
        |_, lock| *lock.lock().unwrap(),
        |_, lock| {
            thread::sleep(Duration::from_millis(1));
            *lock.lock().unwrap()
        },
    ];
    let strict = Checker::new().allow_busy_waits(false);
    for poll in polls {
        assert_eq!(check(waits(poll)).busy_waits.len(), 1);
        let failure = strict.explore(waits(poll)).unwrap_err();
        assert_eq!(failure.kind(), "busy-wait");
        let told = "it looks again and again, where it should sleep until it is woken";
        assert!(failure.sentence().contains(told), "{}", failure.sentence());
    }
    let coverage = strict.check(|| {
        let total = Mutex::new(0);
        for n in 0..100 {
            *total.lock().unwrap() += n;
        }
    });
    assert!(coverage.busy_waits.is_empty(), "{:?}", coverage.busy_waits);
}

#[test]
fn a_lock_order_that_could_deadlock_is_told() {
    let coverage = Checker::new()
        .preemptions(0)
        .explore(|| {
            let a = Arc::new(Mutex::new(0));
            let b = Arc::new(Mutex::new(0));
            let (a2, b2) = (a.clone(), b.clone());
            let other = thread::spawn(move || {
                let _b = b2.lock().unwrap();
                let _a = a2.lock().unwrap();
            });
            let first = a.lock().unwrap();
            drop(b.lock().unwrap());
            drop(first);
            other.join().unwrap();
        })
        .or_else(|failure| {
            // The random schedules that follow may have found it.
            assert_eq!(failure.kind(), "deadlock");
            Ok::<_, Failure>(failure.coverage().clone())
        })
        .unwrap();
    assert_eq!(coverage.lock_order_risks.len(), 1);
    assert!(coverage.lock_order_risks[0].contains("`a`"));
}

#[test]
fn five_philosophers_starve_although_that_takes_four_preemptions() {
    let failure = failure(|| {
        let forks: Arc<Vec<_>> = Arc::new((0..5).map(|_| Mutex::new(())).collect());
        let eaters: Vec<_> = (0..5)
            .map(|i| {
                let forks = forks.clone();
                thread::spawn(move || {
                    let _left = forks[i].lock().unwrap();
                    let _right = forks[(i + 1) % 5].lock().unwrap();
                })
            })
            .collect();
        for eater in eaters {
            eater.join().unwrap();
        }
    });
    assert_eq!(failure.kind(), "deadlock");
}

static COUNT: Mutex<u32> = Mutex::new(5);
static LIST: Mutex<Vec<u32>> = Mutex::new(Vec::new());
static TOTAL: AtomicUsize = AtomicUsize::new(7);
static NAME: OnceLock<String> = OnceLock::new();
static MADE: LazyLock<Mutex<Vec<String>>> = LazyLock::new(|| Mutex::new(Vec::new()));

#[test]
fn statics_are_fresh_in_every_execution() {
    let coverage = check(|| {
        assert_eq!(TOTAL.fetch_add(1, Ordering::SeqCst), 7);
        assert!(NAME.get().is_none());
        let add = || {
            *COUNT.lock().unwrap() += 1;
            LIST.lock().unwrap().push(1);
            MADE.lock().unwrap().push("x".to_owned());
            NAME.get_or_init(|| "n".to_owned()).len()
        };
        let other = thread::spawn(add);
        assert_eq!(add() + other.join().unwrap(), 2);
        assert_eq!(*COUNT.lock().unwrap(), 7);
        assert_eq!(LIST.lock().unwrap().len(), 2);
        assert_eq!(MADE.lock().unwrap().len(), 2);
    });
    assert!(coverage.interleavings > 1);
}

#[test]
fn initialisation_runs_once_and_others_wait_for_it() {
    check(|| {
        let made = AtomicUsize::new(0);
        let (once, cell) = (Once::new(), OnceLock::new());
        let lazy = LazyLock::new(|| made.fetch_add(1, Ordering::SeqCst));
        let first = || {
            once.call_once(|| {
                made.fetch_add(10, Ordering::SeqCst);
            });
            cell.get_or_init(|| made.fetch_add(100, Ordering::SeqCst));
            let _ = *lazy;
            assert!(once.is_completed());
        };
        thread::scope(|scope| {
            scope.spawn(first);
            scope.spawn(first);
        });
        assert_eq!(made.load(Ordering::SeqCst), 111);
    });
}

#[test]
fn a_failed_initialisation_poisons_once_but_not_once_lock() {
    check(|| {
        let (once, cell) = (Once::new(), OnceLock::<u32>::new());
        let fails = |f: &dyn Fn()| {
            assert!(panic::catch_unwind(panic::AssertUnwindSafe(f)).is_err());
        };
        fails(&|| once.call_once(|| panic!("not yet")));
        fails(&|| once.call_once(|| {}));
        once.call_once_force(|state| assert!(state.is_poisoned()));
        assert!(once.is_completed());
        fails(&|| {
            cell.get_or_init(|| panic!("not yet"));
        });
        assert_eq!(*cell.get_or_init(|| 3), 3);
    });
}

#[test]
fn a_panic_poisons_the_locks_that_are_held() {
    check(|| {
        let (lock, rw) = (Arc::new(Mutex::new(1)), Arc::new(RwLock::new(1)));
        let (lock2, rw2) = (lock.clone(), rw.clone());
        let fails = thread::spawn(move || {
            let _write = rw2.write().unwrap();
            let _guard = lock2.lock().unwrap();
            panic!("while holding");
        });
        let payload = fails.join().unwrap_err();
        assert_eq!(*payload.downcast::<&str>().unwrap(), "while holding");
        assert!(lock.is_poisoned() && rw.is_poisoned());
        assert_eq!(*lock.lock().unwrap_err().into_inner(), 1);
        assert!(rw.read().is_err() && rw.try_write().is_err());
        lock.clear_poison();
        assert!(lock.lock().is_ok());
    });
}

#[test]
fn a_drop_may_block_while_its_thread_panics() {
    struct Counts(Arc<Mutex<usize>>);
    impl Drop for Counts {
        fn drop(&mut self) {
            assert!(thread::panicking());
            *self.0.lock().unwrap() += 1;
        }
    }
    let coverage = check(|| {
        let ends = Arc::new(Mutex::new(0));
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let counts = Counts(ends.clone());
                thread::spawn(move || {
                    let _counts = &counts;
                    panic!("on purpose");
                })
            })
            .collect();
        {
            let _held = ends.lock().unwrap();
            assert!(!thread::panicking());
        }
        for worker in workers {
            assert!(worker.join().is_err());
        }
        assert_eq!(*ends.lock().unwrap(), 2);
        assert!(!ends.is_poisoned());
    });
    assert!(coverage.interleavings > 2);
}

#[test]
fn scopes_pass_panics_on_as_std_does() {
    check(|| {
        let caught = panic::catch_unwind(|| {
            thread::scope(|scope| {
                scope.spawn(|| panic!("inside"));
            });
        });
        let payload = caught.unwrap_err();
        assert_eq!(*payload.downcast::<&str>().unwrap(), "a scoped thread panicked");
        thread::scope(|scope| {
            let fails = scope.spawn(|| panic!("seen to"));
            assert!(fails.join().is_err());
        });
    });
}

#[test]
fn an_unjoined_panic_is_a_failure() {
    let failure = failure(|| {
        let (sender, receiver) = mpsc::channel::<()>();
        thread::spawn(move || {
            let _sender = sender;
            panic!("nobody looks");
        });
        assert!(receiver.recv().is_err());
    });
    assert_eq!(failure.kind(), "panic");
    assert!(failure.sentence().contains("nobody looks"));
}

#[test]
fn detached_threads_can_be_allowed() {
    let body = || {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(1).unwrap());
        assert_eq!(receiver.recv(), Ok(1));
    };
    assert_eq!(failure(body).kind(), "left-running");
    assert!(Checker::new().allow_detached(true).explore(body).is_ok());
}

#[test]
fn a_thread_that_joins_itself_waits_for_ever() {
    let failure = failure(|| {
        let (sender, receiver) = mpsc::channel::<thread::JoinHandle<()>>();
        let own = thread::spawn(move || {
            let own = receiver.recv().unwrap();
            own.join().unwrap();
        });
        sender.send(own).unwrap();
    });
    assert_eq!(failure.kind(), "self-join");
    assert!(failure.sentence().contains("waits for its own end"));
}

#[test]
fn real_threads_meet_outside_of_an_exploration() {
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..10 {
                    rendezvous(3);
                }
            });
        }
    });
}

#[test]
fn the_clock_is_virtual_and_time_outs_may_come_early() {
    let results = outcomes(|| {
        let started = Instant::now();
        let (sender, receiver) = mpsc::channel();
        let hour = Duration::from_secs(3_600);
        let slow = thread::spawn(move || {
            thread::sleep(hour);
            // The receiver may have given up.
            let _ = sender.send(());
        });
        let got = receiver.recv_timeout(2 * hour).is_ok();
        slow.join().unwrap();
        assert!(started.elapsed() >= hour);
        got
    });
    assert_eq!(results.into_set(), [false, true]);
}

#[test]
fn waiting_with_a_time_out_returns_both_ways() {
    let results = outcomes(|| {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let theirs = shared.clone();
        let setter = thread::spawn(move || {
            *theirs.0.lock().unwrap() = true;
            theirs.1.notify_one();
        });
        let second = Duration::from_secs(1);
        let ready = shared.0.lock().unwrap();
        let (ready, end) =
            shared.1.wait_timeout_while(ready, second, |ready| !*ready).unwrap();
        let result = (*ready, end.timed_out());
        drop(ready);
        setter.join().unwrap();
        result
    });
    assert_eq!(results.into_set(), [(false, true), (true, false)]);
}

#[test]
fn notify_one_may_wake_anybody() {
    let results = outcomes(|| {
        let shared = Arc::new((Mutex::new(0), Condvar::new()));
        let first = Arc::new(Mutex::new(None));
        let waiters: Vec<_> = (0..2)
            .map(|i| {
                let (shared, first) = (shared.clone(), first.clone());
                thread::spawn(move || {
                    let mut turns = shared.0.lock().unwrap();
                    while *turns == 0 {
                        turns = shared.1.wait(turns).unwrap();
                    }
                    *turns -= 1;
                    first.lock().unwrap().get_or_insert(i);
                })
            })
            .collect();
        for _ in 0..2 {
            *shared.0.lock().unwrap() += 1;
            shared.1.notify_one();
        }
        for waiter in waiters {
            waiter.join().unwrap();
        }
        first.lock().unwrap().unwrap()
    });
    assert_eq!(results.into_set(), [0, 1]);
}

#[test]
fn a_barrier_has_one_leader_a_round() {
    check(|| {
        let barrier = Barrier::new(2);
        let leaders = AtomicUsize::new(0);
        let rounds = || {
            for _ in 0..2 {
                if barrier.wait().is_leader() {
                    leaders.fetch_add(1, Ordering::SeqCst);
                }
            }
        };
        thread::scope(|scope| {
            scope.spawn(rounds);
            rounds();
        });
        assert_eq!(leaders.load(Ordering::SeqCst), 2);
    });
}

interleavings::thread_local! {
    static TALLY: std::cell::Cell<u32> = const { std::cell::Cell::new(10) };
}

#[test]
fn modelled_thread_locals_belong_to_one_thread() {
    check(|| {
        let add = || {
            TALLY.set(TALLY.get() + 1);
            thread::yield_now();
            TALLY.get()
        };
        let other = thread::spawn(add);
        assert_eq!(add(), 11);
        assert_eq!(other.join().unwrap(), 11);
    });
}

#[test]
fn threads_have_names_and_different_numbers() {
    check(|| {
        let named = thread::Builder::new().name("worker".to_owned());
        let handle = named
            .spawn(|| {
                assert_eq!(thread::current().name(), Some("worker"));
                thread::current().id()
            })
            .unwrap();
        assert_eq!(handle.thread().name(), Some("worker"));
        let ids = HashSet::from([handle.join().unwrap(), thread::current().id()]);
        assert_eq!(ids.len(), 2);
    });
}

#[test]
fn exploring_twice_gives_the_same_picture() {
    let run = || {
        failure(|| {
            let counter = Arc::new(AtomicUsize::new(0));
            let adders: Vec<_> = (0..3)
                .map(|_| {
                    let counter = counter.clone();
                    thread::spawn(move || {
                        let n = counter.load(Ordering::Relaxed);
                        counter.store(n + 1, Ordering::Relaxed);
                    })
                })
                .collect();
            for adder in adders {
                adder.join().unwrap();
            }
            assert_eq!(counter.load(Ordering::SeqCst), 3);
        })
    };
    let (first, second) = (run(), run());
    assert_eq!(first.trace(), second.trace());
    assert_eq!(first.to_string(), second.to_string());
}

#[test]
fn a_report_fits_eighty_columns_with_five_threads() {
    let failure = failure(|| {
        let counter_with_a_long_name = Arc::new(AtomicUsize::new(0));
        let adders: Vec<_> = (0..4)
            .map(|_| {
                let counter = counter_with_a_long_name.clone();
                thread::spawn(move || {
                    let n = counter.load(Ordering::SeqCst);
                    counter.store(n + 1, Ordering::SeqCst);
                })
            })
            .collect();
        for adder in adders {
            adder.join().unwrap();
        }
        assert_eq!(counter_with_a_long_name.load(Ordering::SeqCst), 4);
    });
    for line in failure.to_string().lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_trace_survives_its_json() {
    let failure = failure(|| {
        let lock = Mutex::new("</script>".to_owned());
        let first = lock.lock().unwrap();
        let second = lock.lock().unwrap();
        drop((first, second));
    });
    assert_eq!(failure.kind(), "self-deadlock");
    let json = failure.trace().to_json();
    let back: interleavings::trace::Trace = serde_json::from_str(&json).unwrap();
    assert_eq!(&back, failure.trace());
}

#[test]
fn coverage_says_what_was_not_done() {
    let body = || {
        let n = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    n.fetch_add(1, Ordering::SeqCst) + n.load(Ordering::SeqCst)
                });
            }
        });
    };
    let limits = Checker::new().pruning(false);
    let none = limits.clone().max_interleavings(3).samples(5).explore(body).unwrap();
    assert_eq!((none.preemptions, none.complete, none.sampled), (None, false, 5));
    assert!(none.to_string().ends_with("not all"), "{none}");
    let all = limits.explore(body).unwrap();
    assert_eq!((all.preemptions, all.complete), (Some(2), true));
    assert!(all.to_string().ends_with("with at most 2 preemptions"), "{all}");
}

#[test]
fn a_time_out_that_finds_the_mutex_taken_waits_for_the_sleeper_who_holds_it() {
    check(|| {
        let pair = (Mutex::new(0), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                let guard = pair.0.lock().unwrap();
                let limit = Duration::from_millis(1);
                drop(pair.1.wait_timeout(guard, limit).unwrap());
            });
            scope.spawn(|| {
                let _guard = pair.0.lock().unwrap();
                thread::sleep(Duration::from_millis(2));
            });
        });
    });
}
