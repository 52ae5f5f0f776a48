//! Judges `atomic_lazy`: one value for all, whole, made only if needed, without waiting.

use std::thread;

use super::*;

/// Two threads race, each with a value of its own.
fn two_threads_race() {
    let lazy = Lazy::new();
    let used = thread::scope(|scope| {
        let ada = scope.spawn(|| lazy.get(|| 1));
        let edsger = scope.spawn(|| lazy.get(|| 2));
        [ada.join().unwrap(), edsger.join().unwrap()]
    });
    whole(&used);
    assert!(used[0] == used[1], "two values were in use: {used:?}");
    let late = lazy.get(|| panic!("a value was made although there was one"));
    whole(&[late]);
    assert!(late == used[0], "two values were in use: {late} after {used:?}");
}

/// Three threads come at any time.
fn three_threads_come() {
    let lazy = Lazy::new();
    let used = thread::scope(|scope| {
        let ada = scope.spawn(|| lazy.get(|| 1));
        let edsger = scope.spawn(|| lazy.get(|| 2));
        let tony = scope.spawn(|| lazy.get(|| 3));
        [ada, edsger, tony].map(|thread| thread.join().unwrap())
    });
    whole(&used);
    assert!(used == [used[0]; 3], "two values were in use: {used:?}");
}

fn whole(used: &[u64]) {
    assert!(!used.contains(&0), "the winner's number was seen, but not its draft");
}

/// One thread takes its time; the other one does not wait for it.
fn nobody_waits_for_a_slow_thread() {
    let lazy = Lazy::new();
    let meet = || interleavings::rendezvous(2);
    thread::scope(|scope| {
        let slow = scope.spawn(|| {
            let mut met = false;
            let value = lazy.get(|| {
                meet();
                met = true;
                1
            });
            if !met {
                meet();
            }
            value
        });
        let fast = scope.spawn(|| {
            let value = lazy.get(|| 2);
            meet();
            value
        });
        let (slow, fast) = (slow.join().unwrap(), fast.join().unwrap());
        assert!(fast == 2, "the faster thread had to use {fast}");
        assert!(slow == 2, "two values were in use: {slow} and {fast}");
    });
}

#[test]
fn one_value_is_in_use() {
    interleavings::check(two_threads_race);
    real_threads::run(two_threads_race);
}

#[test]
fn who_comes_later_uses_the_same() {
    interleavings::check(three_threads_come);
    real_threads::run(three_threads_come);
}

#[test]
fn a_fast_thread_does_not_wait() {
    interleavings::check(nobody_waits_for_a_slow_thread);
    real_threads::run(nobody_waits_for_a_slow_thread);
}
