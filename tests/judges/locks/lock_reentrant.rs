//! Judges `lock_reentrant`: one owner at a time, until it has unlocked everything.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::*;

/// Two threads lock, one inside the other, with an eye on who is inside.
fn two_threads_lock_twice() {
    let lock = ReentrantLock::new();
    let inside = AtomicU32::new(0);
    let visit = || {
        lock.lock();
        // Relaxed: an update always sees the newest value.
        let before = inside.fetch_add(1, Ordering::Relaxed);
        assert!(before == 0, "two threads had the lock at once");
        lock.lock();
        assert!(lock.unlock() == Ok(()), "the owner was refused its unlock");
        inside.fetch_sub(1, Ordering::Relaxed);
        assert!(lock.unlock() == Ok(()), "the inner unlock freed the lock");
    };
    thread::scope(|scope| {
        let ada = scope.spawn(visit);
        let edsger = scope.spawn(visit);
        ada.join().unwrap();
        edsger.join().unwrap();
    });
}

/// Somebody unlocks what another thread has locked.
fn a_stranger_unlocks() {
    let lock = ReentrantLock::new();
    lock.lock();
    lock.lock();
    let inside = AtomicU32::new(1);
    thread::scope(|scope| {
        let stranger = scope.spawn(|| {
            let refused = lock.unlock() == Err(NotOwner);
            assert!(refused, "a stranger unlocked it");
            lock.lock();
            let before = inside.fetch_add(1, Ordering::Relaxed);
            assert!(before == 0, "two threads had the lock at once");
            assert!(lock.unlock() == Ok(()), "the owner was refused its unlock");
        });
        assert!(lock.unlock() == Ok(()), "the owner was refused its unlock");
        inside.fetch_sub(1, Ordering::Relaxed);
        assert!(lock.unlock() == Ok(()), "the inner unlock freed the lock");
        stranger.join().unwrap();
    });
    let refused = lock.unlock() == Err(NotOwner);
    assert!(refused, "it was unlocked when it was free");
}

#[test]
fn one_thread_at_a_time_has_it() {
    let sleepers = interleavings::Checker::new().allow_busy_waits(false);
    sleepers.check(two_threads_lock_twice);
    real_threads::run(two_threads_lock_twice);
}

#[test]
fn a_stranger_cannot_unlock() {
    interleavings::check(a_stranger_unlocks);
    real_threads::run(a_stranger_unlocks);
}
