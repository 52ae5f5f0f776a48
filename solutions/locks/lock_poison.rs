//! Goal:   a panic in the middle of a change neither ends the service nor is seen.
//! Given:  an account, a change that may panic half-way, and a way to repair it.
//! Answer: the guard comes out of the error, and is repaired before anybody has it.
//! Check:  cargo test --bin lock_poison_sol
//! Read:   book/src/poison.md

use std::sync::{Mutex, MutexGuard};
use std::thread;

const LIMIT: u64 = 1000;

/// In order as long as `balance` is the sum of `entries`.
struct Account {
    entries: Vec<u64>,
    balance: u64,
    repairs: u32,
}

impl Account {
    /// Brings the account in order again: what is written down counts.
    fn repair(&mut self) {
        self.balance = self.entries.iter().sum();
        self.repairs += 1;
    }
}

struct Service {
    account: Mutex<Account>,
}

impl Service {
    fn new() -> Self {
        let account = Account { entries: Vec::new(), balance: 0, repairs: 0 };
        Self { account: Mutex::new(account) }
    }

    /// The account in order, also after somebody panicked while changing it. It is
    /// repaired once after each such panic, and loses no entry.
    fn lock(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(|poisoned| {
            // The error holds the guard: nobody else sees the account before it is
            // repaired. The mark goes while the lock is held, so that it cannot be the
            // mark of a later panic.
            let mut account = poisoned.into_inner();
            account.repair();
            self.account.clear_poison();
            account
        })
    }

    /// Writes the amount down, then adds it; refuses in between if it is too much.
    fn deposit(&self, amount: u64) {
        let mut account = self.lock();
        account.entries.push(amount);
        assert!(amount <= LIMIT, "{amount} is more than {LIMIT}");
        account.balance += amount;
    }
}

fn main() {
    real_threads::end_if_stuck();
    let service = Service::new();
    thread::scope(|scope| {
        let deposits = [400, 5000, 60].map(|amount| {
            let service = &service;
            scope.spawn(move || service.deposit(amount))
        });
        let ended = deposits.map(|deposit| deposit.join().is_ok());
        println!("deposits that ended without a panic: {ended:?}");
    });
    let account = service.lock();
    println!("{:?} make {}", account.entries, account.balance);
    println!("repaired: {}", account.repairs);
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_deposit_counts() {
        interleavings::check(|| {
            let service = Service::new();
            service.deposit(7);
            assert_eq!(service.lock().balance, 7);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/locks/lock_poison.rs"]
mod judge;
