//! What a report says is true, names what it means, and leads to the mistake.

use interleavings::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering,
};
use interleavings::sync::{Arc, Condvar, Mutex, mpsc};
use interleavings::{Checker, Failure, thread};

fn failure(body: impl Fn() + Send + Sync) -> Failure {
    Checker::new().explore(body).expect_err("the body is wrong")
}

fn hint(failure: &Failure) -> &str {
    failure.trace().verdict.hint.as_deref().unwrap_or_default()
}

#[track_caller]
fn says(text: &str, part: &str) {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(part), "`{part}` is not in: {text}");
}

#[track_caller]
fn says_not(text: &str, part: &str) {
    assert!(!text.contains(part), "`{part}` is in: {text}");
}

fn names(failure: &Failure, kind: &str) -> Vec<String> {
    let objects = failure.trace().objects.iter();
    objects.filter(|o| o.kind == kind).map(|o| o.name.clone()).collect()
}

/// Waits for each in vain, so that all have names.
fn names_of_condvars(
    make: impl Fn() -> [Arc<Condvar>; 2] + Send + Sync,
) -> Vec<String> {
    let failure = failure(|| {
        let [one, other] = make();
        let lock = Mutex::new(());
        one.notify_one();
        drop(other.wait(lock.lock().unwrap()));
    });
    names(&failure, "condvar")
}

fn unnamed_condvars() -> [Arc<Condvar>; 2] {
    [Condvar::new(), Condvar::new()].map(Arc::new)
}
const LINE_OF_UNNAMED: u32 = line!() - 2;

#[test]
fn two_condvars_of_one_line_have_two_names() {
    let pattern = names_of_condvars(|| {
        let (full, empty) = (Condvar::new(), Condvar::new());
        [full, empty].map(Arc::new)
    });
    assert_eq!(pattern, ["full", "empty"]);

    let tuple = names_of_condvars(|| {
        let both = (Condvar::new(), Condvar::new());
        [both.0, both.1].map(Arc::new)
    });
    assert_eq!(tuple, ["both.0", "both.1"]);

    // Made by one line, one after the other.
    let made_twice = names_of_condvars(|| {
        let make = || {
            let pair = (Mutex::new(()), Condvar::new());
            Arc::new(pair.1)
        };
        [make(), make()]
    });
    assert_eq!(made_twice, ["pair[0]", "pair[1]"]);

    struct Conds {
        full: Condvar,
        empty: Condvar,
    }
    let fields = names_of_condvars(|| {
        let all = Conds { full: Condvar::new(), empty: Condvar::new() };
        [all.full, all.empty].map(Arc::new)
    });
    assert_eq!(fields, ["full", "empty"]);

    let unnamed = names_of_condvars(unnamed_condvars);
    let line = LINE_OF_UNNAMED;
    let name = |which: &str| format!("the {which} condvar of line {line}");
    let unnamed: Vec<String> =
        unnamed.iter().map(|name| name.replace(" of the test", "")).collect();
    assert_eq!(unnamed, [name("first"), name("second")]);
}

#[test]
fn elements_of_an_array_are_named_by_their_index() {
    let failure = failure(|| {
        let flags = [const { AtomicUsize::new(0) }; 3];
        for flag in flags.iter().rev() {
            flag.store(1, Ordering::SeqCst);
        }
        let more = [AtomicUsize::new(0), AtomicUsize::new(0)];
        more[1].store(1, Ordering::SeqCst);
        panic!("out of luck");
    });
    assert_eq!(
        names(&failure, "atomic"),
        ["flags[2]", "flags[1]", "flags[0]", "more[1]"]
    );
}

#[test]
fn a_lock_that_is_held_while_waiting_is_the_cause() {
    let failure = failure(|| {
        let (go, gate) = mpsc::channel();
        let state = Arc::new(Mutex::new(0));
        let theirs = state.clone();
        let (running, started) = mpsc::channel();
        let worker = thread::spawn(move || {
            let mut state = theirs.lock().unwrap();
            running.send(()).unwrap();
            *state = gate.recv().unwrap();
        });
        started.recv().unwrap();
        let seen = *state.lock().unwrap();
        go.send(seen + 1).unwrap();
        worker.join().unwrap();
    });
    assert_eq!(failure.kind(), "deadlock");
    says(failure.sentence(), "main waits at line");
    says(failure.sentence(), "for `state`, which thread `worker` has held since line");
    says(failure.sentence(), "and keeps while it waits at line");
    says(hint(&failure), "Hold no lock while you wait for what others do");
    says(&failure.to_string(), "for a message on `go/gate`");
}

#[test]
fn a_pool_whose_workers_share_a_receiver_lacks_the_end_of_the_sender() {
    let failure = failure(|| {
        let (jobs, queue) = mpsc::channel::<u32>();
        let queue = Arc::new(Mutex::new(queue));
        let workers = [(); 2].map(|()| {
            let queue = queue.clone();
            thread::spawn(move || while queue.lock().unwrap().recv().is_ok() {})
        });
        jobs.send(1).unwrap();
        for worker in workers {
            worker.join().unwrap();
        }
        drop(jobs);
    });
    assert_eq!(failure.kind(), "no-message");
    says(hint(&failure), "Drop every sender");
}

#[test]
fn a_starved_pool_is_told_about_the_job_that_nobody_takes() {
    type Job = Box<dyn FnOnce() + Send>;
    let failure = failure(|| {
        let (jobs, queue) = mpsc::channel::<Job>();
        let worker = thread::spawn(move || queue.into_iter().for_each(|job| job()));
        let pool = jobs.clone();
        jobs.send(Box::new(move || {
            let (result, inner) = mpsc::channel();
            pool.send(Box::new(move || result.send(42).unwrap())).unwrap();
            assert_eq!(inner.recv(), Ok(42));
        }))
        .unwrap();
        drop(jobs);
        worker.join().unwrap();
    });
    says(&failure.to_string(), "nobody receives 1 message on `jobs/queue`");
    says(hint(&failure), "A job must not wait for another one of its own pool");
    says_not(hint(&failure), "Drop every sender");
}

#[test]
fn a_sender_that_waits_elsewhere_is_asked_about_first() {
    let failure = failure(|| {
        let (result, answer) = mpsc::channel();
        let worker = thread::spawn(move || {
            thread::park();
            result.send(1).unwrap();
        });
        assert_eq!(answer.recv(), Ok(1));
        worker.thread().unpark();
        worker.join().unwrap();
    });
    says(hint(&failure), "Who is to send it?");
}

#[test]
fn nobody_is_blamed_for_its_own_notification() {
    let failure = failure(|| {
        let (lock, changed) = (Mutex::new(0), Condvar::new());
        changed.notify_one();
        drop(changed.wait(lock.lock().unwrap()));
    });
    assert_eq!(failure.kind(), "no-notification");
    says_not(failure.sentence(), "sent it before");
}

#[test]
fn a_notification_is_missed_between_the_look_and_the_wait() {
    let wait = |in_between: bool| {
        failure(move || {
            let (lock, changed) = (Mutex::new(false), Condvar::new());
            thread::scope(|scope| {
                scope.spawn(|| {
                    if !in_between {
                        *lock.lock().unwrap() = true;
                    }
                    changed.notify_one();
                });
                drop(changed.wait(lock.lock().unwrap()));
            });
        })
    };
    let missed = wait(true);
    says(missed.sentence(), "when nobody waited");
    let never_looked = wait(false);
    says(never_looked.sentence(), "when nobody waited");
    says(hint(&never_looked), "Does it look, under the lock, before it waits?");
    says_not(hint(&never_looked), "Change the state under the lock");
}

#[test]
fn a_loop_is_not_told_to_loop() {
    let wait = |again: bool| {
        failure(move || {
            let (lock, changed) = (Mutex::new(0), Condvar::new());
            thread::scope(|scope| {
                scope.spawn(|| {
                    *lock.lock().unwrap() = 1;
                    *lock.lock().unwrap() = 2;
                    changed.notify_one();
                });
                let mut guard = lock.lock().unwrap();
                if again {
                    guard = changed.wait_while(guard, |n| *n == 0).unwrap();
                } else if *guard == 0 {
                    guard = changed.wait(guard).unwrap();
                }
                assert_eq!(*guard, 2);
            });
        })
    };
    let woke = "for no reason, as std allows";
    says(hint(&wait(false)), woke);
    says_not(hint(&wait(true)), woke);
}

#[test]
fn of_two_schedules_the_one_without_old_values_is_shown() {
    // The flag is raised too early: no ordering would help.
    let failure = failure(|| {
        let (ready, value) = (AtomicBool::new(false), AtomicU32::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                ready.store(true, Ordering::Release);
                value.store(7, Ordering::Relaxed);
            });
            if ready.load(Ordering::Acquire) {
                assert_eq!(value.load(Ordering::Relaxed), 7);
            }
        });
    });
    let steps = &failure.trace().steps;
    assert!(
        steps.iter().all(|s| s.choice.as_deref() != Some("stale-read")),
        "{failure}"
    );
    says_not(hint(&failure), "an old value");
}

#[test]
fn an_old_value_is_shown_where_only_it_explains_the_failure() {
    let failure = failure(|| {
        let (ready, value) = (AtomicBool::new(false), AtomicU32::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                value.store(7, Ordering::Relaxed);
                ready.store(true, Ordering::Relaxed);
            });
            if ready.load(Ordering::Acquire) {
                assert_eq!(value.load(Ordering::Relaxed), 7);
            }
        });
    });
    says(hint(&failure), "main read an old value of `value`");
    says(hint(&failure), "a `Relaxed` load need not see that yet");
}

#[test]
fn values_are_readable_and_never_cut() {
    let failure = failure(|| {
        let none = AtomicUsize::new(usize::MAX);
        let packed_pair = AtomicU64::new(0);
        thread::scope(|scope| {
            for number in 1..4 {
                let (none, packed_pair) = (&none, &packed_pair);
                scope.spawn(move || {
                    none.load(Ordering::SeqCst);
                    packed_pair.fetch_add(number << 32 | 1, Ordering::SeqCst);
                });
            }
        });
        panic!("out of luck");
    });
    let values: Vec<&str> =
        failure.trace().steps.iter().filter_map(|s| s.value.as_deref()).collect();
    assert!(values.contains(&"usize::MAX"), "{values:?}");
    assert!(values.contains(&"0 → 0x1_0000_0001"), "{values:?}");
    let report = failure.to_string();
    says(&report, "none == MAX");
    says(&report, "→0x100000001");
    says(&report, "a == 1: reads it, a = 1: stores it, a 0→1: updates it");
    assert!(report.lines().all(|line| line.chars().count() <= 80), "{report}");
}

#[test]
fn a_thread_that_is_named_has_a_column() {
    let failure = failure(|| {
        let first = thread::spawn(|| assert!(thread::panicking(), "out of luck"));
        let second = thread::spawn(|| {});
        first.join().unwrap();
        second.join().unwrap();
    });
    let report = failure.to_string();
    let head = report.lines().find(|line| line.contains("second"));
    says(head.unwrap_or_default(), "main first second");
}

#[test]
fn who_passes_a_panic_on_is_named() {
    let failure = failure(|| {
        let job = thread::spawn(|| assert!(thread::panicking(), "out of luck"));
        job.join().unwrap();
    });
    says(failure.sentence(), "out of luck (thread `job` panicked");
    says(
        &failure.to_string(),
        "main did not deal with it and panicked as well, at line",
    );
    says(&failure.to_string(), "waits for thread job to end");
}

/// Nobody but this file knows how to compare it.
#[derive(Default)]
struct Unknown(u32);

#[test]
fn a_busy_wait_that_cannot_be_told_for_sure_says_so() {
    let rounds = |checker: Checker, rounds: u32| {
        checker.explore(move || {
            let shared = Mutex::new(Unknown::default());
            thread::scope(|scope| {
                scope.spawn(|| {
                    for _ in 0..rounds {
                        shared.lock().unwrap().0 += 1;
                    }
                });
            });
        })
    };
    let coverage = rounds(Checker::new(), 300).unwrap();
    assert_eq!(coverage.busy_waits.len(), 1);
    let (file, line) = coverage.busy_waits[0].rsplit_once(':').unwrap();
    assert_eq!((file, line.parse::<u32>().is_ok()), (file!(), true));
    says(&coverage.notes[0], "200 rounds under a lock whose value cannot be compared");
    let failure = rounds(Checker::new(), u32::MAX).unwrap_err();
    says(failure.sentence(), "seems to busy-wait for ever");
    says(hint(&failure), "20,000 steps are the limit");
    let failure = rounds(Checker::new().allow_busy_waits(false), 300).unwrap_err();
    says(hint(&failure), "If each round does change it, make fewer rounds");
}

#[test]
fn only_who_decides_by_an_old_look_is_told_so() {
    let take = |looks_first: bool| {
        failure(move || {
            let left = Mutex::new(1_u32);
            let take = || {
                if looks_first && *left.lock().unwrap() == 0 {
                    return;
                }
                *left.lock().unwrap() -= 1;
            };
            thread::scope(|scope| {
                scope.spawn(take);
                scope.spawn(take);
            });
        })
    };
    says(hint(&take(true)), "looked at `left` at line");
    assert_eq!(hint(&take(false)), "");
}
