//! Goal:   money moves between two accounts, both ways at once, and no sum is wrong.
//! Given:  accounts with a mutex each, and an auditor who locks two of them.
//! Answer: both guards are held at once, and always taken in the order of the numbers.
//! Check:  cargo test --bin lock_transfer_sol
//! Read:   book/src/deadlocks.md, the part on one order for all

use std::sync::Mutex;
use std::thread;

const ROUNDS: u64 = 1000;

struct Account {
    /// No two accounts have the same one.
    number: u32,
    balance: Mutex<u64>,
}

impl Account {
    fn new(number: u32, balance: u64) -> Self {
        Self { number, balance: Mutex::new(balance) }
    }
}

/// What two accounts have together; the one with the smaller number is locked first.
fn audit(one: &Account, other: &Account) -> u64 {
    let (first, second) =
        if one.number < other.number { (one, other) } else { (other, one) };
    let first_balance = first.balance.lock().unwrap();
    let second_balance = second.balance.lock().unwrap();
    *first_balance + *second_balance
}

/// Moves `amount` if `from` has so much, and says whether it has.
///
/// `from` and `to` may be the same account, whose balance then stays as it is. Whoever
/// waits sleeps: to try a lock again and again is no way out of a deadlock.
fn transfer(from: &Account, to: &Account, amount: u64) -> bool {
    if from.number == to.number {
        return *from.balance.lock().unwrap() >= amount;
    }
    // Two threads that take the same two locks in opposite orders can wait for each
    // other for ever. Everybody goes by the numbers here, the auditor too. Both guards
    // are held until the money has arrived, so it is never seen in neither account.
    let (mut from_balance, mut to_balance);
    if from.number < to.number {
        from_balance = from.balance.lock().unwrap();
        to_balance = to.balance.lock().unwrap();
    } else {
        to_balance = to.balance.lock().unwrap();
        from_balance = from.balance.lock().unwrap();
    }
    let enough = *from_balance >= amount;
    if enough {
        *from_balance -= amount;
        *to_balance += amount;
    }
    enough
}

fn main() {
    real_threads::end_if_stuck();
    let (savings, wages) = (Account::new(1, 500), Account::new(2, 500));
    thread::scope(|scope| {
        for (from, to, amount) in [(&savings, &wages, 3), (&wages, &savings, 2)] {
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    transfer(from, to, amount);
                }
            });
        }
    });
    println!("after {ROUNDS} rounds: {} together", audit(&savings, &wages));
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn money_moves() {
        interleavings::check(|| {
            let (savings, wages) = (Account::new(1, 10), Account::new(2, 0));
            assert!(transfer(&savings, &wages, 7));
            assert!(!transfer(&savings, &wages, 7));
            assert_eq!(*wages.balance.lock().unwrap(), 7);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/locks/lock_transfer.rs"]
mod judge;
