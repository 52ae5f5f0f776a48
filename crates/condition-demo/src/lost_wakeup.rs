//! A notification is not kept: it wakes who waits at that moment, or nobody.
//!
//! Two versions lose it and hang. One keeps no state, so a notification that comes
//! before the wait leaves no trace. The other keeps a state, but changes it without
//! the mutex, so the change fits between the look and the wait. The right version
//! changes the state under the mutex. Python raises `RuntimeError` at `notify` without
//! the lock; Rust allows it, for the state is what must change under the lock.
//!
//! Run:     cargo run -p condition-demo -- lost-wakeup
//! Expect:  two hangs, each ended after 1 s with a diagnosis, then a wait that ends
//! Chapter: book/src/conditions.md
//! Source:  std::sync::Condvar; POSIX, pthread_cond_signal

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Condvar, Mutex};
use std::thread;

use anyhow::ensure;
use common::{Actor, println, trial};

pub fn run() -> anyhow::Result<()> {
    // Side by side, for each of them hangs for a second.
    let (no_state, no_mutex) = thread::scope(|scope| {
        let no_state = scope.spawn(|| trial("notify-before-wait"));
        let no_mutex = trial("state-outside-mutex");
        (no_state.join().expect("a trial does not panic"), no_mutex)
    });
    let stories = [
        ("No state: the notification comes before the wait.", no_state?),
        ("State outside the mutex: it comes between look and wait.", no_mutex?),
    ];
    for (story, trial) in stories {
        println!("{story}");
        trial.show();
        ensure!(!trial.status.success(), "the waiter was woken; it should hang");
    }
    println!("State under the mutex: the waiter looks before it waits.");
    state_under_mutex();
    println!("ok: with the state under the mutex no notification is lost");
    Ok(())
}

/// Goes wrong: nothing tells the waiter that it comes too late.
pub fn notify_before_wait() -> anyhow::Result<()> {
    let (notifier, waiter) = (Actor::new("notifier"), Actor::new("waiter"));
    let (mutex, ready) = (Mutex::new(()), Condvar::new());
    thread::scope(|scope| {
        let notifying = scope.spawn(|| {
            ready.notify_one();
            notifier.marks("notified");
        });
        // Forces the order that a busy machine brings about now and then.
        notifying.join().expect("notifying does not panic");
        let _waiting = waiter.waits("a notification");
        drop(ready.wait(mutex.lock().unwrap()));
    });
    Ok(())
}

/// Goes wrong: the state changes after the sleeper's look, before its sleep.
pub fn state_outside_mutex() -> anyhow::Result<()> {
    let (setter, sleeper) = (Actor::new("setter"), Actor::new("sleeper"));
    let (mutex, changed) = (Mutex::new(()), Condvar::new());
    let is_ready = AtomicBool::new(false);
    let gap = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            gap.wait();
            is_ready.store(true, Ordering::SeqCst);
            changed.notify_one();
            setter.marks("set the state and notified");
            gap.wait();
        });
        let _waiting = sleeper.waits("a change of the state");
        let mut guard = mutex.lock().unwrap();
        while !is_ready.load(Ordering::SeqCst) {
            // Forces the order again: the setter does all it does in this gap.
            gap.wait();
            gap.wait();
            guard = changed.wait(guard).unwrap();
        }
    });
    Ok(())
}

/// Holds in any order: who looks first waits, who comes late sees the state.
fn state_under_mutex() {
    let (notifier, waiter) = (Actor::new("notifier"), Actor::new("waiter"));
    let (is_ready, changed) = (Mutex::new(false), Condvar::new());
    thread::scope(|scope| {
        let notifying = scope.spawn(|| {
            *is_ready.lock().unwrap() = true;
            changed.notify_one();
            notifier.says("set the state and notified, before anybody waits");
        });
        notifying.join().expect("notifying does not panic");
        let is_ready = is_ready.lock().unwrap();
        drop(changed.wait_while(is_ready, |is_ready| !*is_ready).unwrap());
        waiter.says("looked before waiting: need not wait at all");
    });
}
