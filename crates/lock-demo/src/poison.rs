//! A panic while holding a mutex poisons it: nobody takes half a change for a whole.
//!
//! A teller takes money from one account and fails before adding it to the other.
//! std's mutex reports that to everyone who locks later; they may repair the data and
//! clear the poison. parking_lot's mutex only unlocks, and Python's `with lock:` does
//! the same: the half change is there for all to see, and nobody says so.
//!
//! Run:     cargo run -p lock-demo -- poison
//! Expect:  two panics on standard error, one sum found wrong and repaired, one not
//! Chapter: book/src/poison.md
//! Source:  std::sync::Mutex, "Poisoning"

use std::io;
use std::sync::{Mutex, PoisonError, TryLockError};
use std::thread;

use anyhow::ensure;
use common::println;

const TOTAL: i64 = 200;

pub fn run() -> anyhow::Result<()> {
    let accounts = Mutex::new([100, 100]);
    let failed = teller_fails(|| fail_halfway(&mut accounts.lock().unwrap()))?;
    ensure!(failed, "`join` did not report the panic");
    ensure!(accounts.is_poisoned(), "a panic with a guard did not poison the mutex");
    println!("std: the teller panicked while it held the lock");

    let refused = matches!(accounts.try_lock(), Err(TryLockError::Poisoned(_)));
    ensure!(refused, "`try_lock` did not tell poisoned from taken");
    // ANCHOR: repair
    // The error carries the guard: the lock is ours, with a warning attached.
    let mut guard = accounts.lock().unwrap_or_else(PoisonError::into_inner);
    println!("std: lock() is an error that holds the guard; inside: {:?}", *guard);
    guard[1] = TOTAL - guard[0];
    drop(guard);
    accounts.clear_poison();
    // ANCHOR_END: repair
    let repaired = *accounts.lock().unwrap();
    println!("std: repaired and cleared, lock() is Ok again: {repaired:?}");
    ensure!(repaired.iter().sum::<i64>() == TOTAL, "the repair left {repaired:?}");

    let accounts = parking_lot::Mutex::new([100, 100]);
    let failed = teller_fails(|| fail_halfway(&mut accounts.lock()))?;
    ensure!(failed, "`join` did not report the panic");
    let seen = *accounts.lock();
    let missing = TOTAL - seen.iter().sum::<i64>();
    println!("parking_lot: the next one locks as if nothing were: {seen:?}");
    ensure!(missing == 50, "{missing} are missing, not 50");
    println!("\nok: std's mutex told of the missing {missing}, parking_lot's did not");
    Ok(())
}

/// Takes 50 out of the first account and never gets to the second.
fn fail_halfway(accounts: &mut [i64; 2]) {
    accounts[0] -= 50;
    panic!("the printer is on fire");
}

/// Runs `work` in a thread of its own; says whether that panicked.
fn teller_fails(work: impl FnOnce() + Send) -> io::Result<bool> {
    thread::scope(|scope| {
        let teller = thread::Builder::new().name("teller".into());
        Ok(teller.spawn_scoped(scope, work)?.join().is_err())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::RwLock;

    #[test]
    fn a_panicking_reader_poisons_nothing() {
        let settings = RwLock::new(1);
        let reader = std::thread::scope(|scope| {
            let read = || {
                let _settings = settings.read().unwrap();
                panic!("a reader changes nothing");
            };
            scope.spawn(read).join()
        });
        assert!(reader.is_err());
        assert!(!settings.is_poisoned());
    }
}
