//! A reentrant lock lets its owner in again, and only to look; Rust seldom needs one.
//!
//! With std's mutex a second `lock` in the same thread hangs or panics. parking_lot's
//! `ReentrantMutex` counts instead, as Python's `RLock` does. But it hands out `&T`
//! alone: whoever comes in again may be in the middle of a change, and a `RefCell`
//! notices. Where methods call each other it is plainer to lock once and pass `&mut T`
//! on; then there is no second lock to take.
//!
//! Run:     cargo run -p lock-demo -- reentrant
//! Expect:  a second `lock` that hangs, one that works, and one that nobody needs
//! Chapter: book/src/reentrant.md
//! Source:  parking_lot::ReentrantMutex (std's is unstable: `reentrant_lock`)

use std::cell::RefCell;
use std::sync::Mutex;
use std::thread;

use anyhow::ensure;
use common::{Actor, println, trial};
use parking_lot::ReentrantMutex;

pub fn run() -> anyhow::Result<()> {
    println!("std's mutex, locked again by its owner:");
    let twice = trial("lock-twice")?;
    twice.show();
    ensure!(!twice.status.success(), "std let one thread lock a mutex twice");

    let log = ReentrantMutex::new(RefCell::new(Vec::new()));
    count_down(&log, 3);
    println!("\na reentrant one, locked at four depths: {:?}", log.lock().borrow());

    let outer = log.lock();
    let inner = log.lock();
    drop(outer);
    ensure!(thread_finds_locked(&log), "another thread came in beside the owner");
    drop(inner);
    ensure!(!thread_finds_locked(&log), "the lock was not released");
    println!("another thread has to wait until the last of the guards is gone");

    let outer = log.lock();
    let changing = outer.borrow_mut();
    let error = log.lock().try_borrow_mut().err();
    drop(changing);
    ensure!(error.is_some(), "a change was begun in the middle of another");
    println!("a second change inside the first one: {}", error.unwrap());

    let account = Account { balance: Mutex::new(100) };
    let balance = account.pay_twice(30);
    println!("one `lock`, then `&mut` for the helper: 100 - 30 - 30 = {balance}");
    ensure!(balance == 40, "100 - 30 - 30 is not {balance}");
    println!("\nok: the owner may lock again, and mostly does not have to");
    Ok(())
}

/// Locks for each step, and calls itself while it holds the lock.
fn count_down(log: &ReentrantMutex<RefCell<Vec<u32>>>, from: u32) {
    let guard = log.lock();
    // Borrowed for this line only: the call below borrows again.
    guard.borrow_mut().push(from);
    if from > 0 {
        count_down(log, from - 1);
    }
}

fn thread_finds_locked<T: Send>(lock: &ReentrantMutex<T>) -> bool {
    let look = || lock.try_lock().is_none();
    thread::scope(|scope| scope.spawn(look).join().expect("looking does not panic"))
}

struct Account {
    balance: Mutex<i64>,
}

impl Account {
    /// Public methods lock.
    fn pay_twice(&self, amount: i64) -> i64 {
        let mut balance = self.balance.lock().unwrap();
        pay(&mut balance, amount);
        pay(&mut balance, amount);
        *balance
    }
}

/// Helpers get the data, so the caller must have the lock.
fn pay(balance: &mut i64, amount: i64) {
    *balance -= amount;
}

/// The wrong version: a method that holds the lock calls another one that takes it.
pub fn lock_twice() -> anyhow::Result<()> {
    let account = Mutex::new(100);
    let me = Actor::new("teller");
    let _first = account.lock().unwrap();
    let _holding = me.holds("the account");
    let _waiting = me.waits("the account");
    // What this does is not specified, except that it never returns.
    let _second = account.lock().unwrap();
    Ok(())
}
