//! Two locks in two orders can wait for each other for ever; one order cannot.
//!
//! A transfer locks two accounts. If it locks the payer's first, two transfers in
//! opposite directions each hold one account and want the other. Locking by account
//! number instead, whoever holds an account waits only for higher ones, and no circle
//! closes. (A transfer from an account to itself would still wait for itself.) The
//! mutex is parking_lot's, which can find the circle; std's would hang just the same.
//! The wrong version is in `payer_first.rs`.
//!
//! Run:     cargo run -p lock-demo -- deadlock
//! Expect:  a hang with who holds what, the circle by name and line, then the fix
//! Chapter: book/src/deadlocks.md
//! Source:  E. G. Coffman et al., "System Deadlocks", 1971

use std::thread;

use anyhow::ensure;
use common::{Actor, println, trial};
use parking_lot::Mutex;

use crate::{cycle, payer_first};

const TRANSFERS: usize = 10_000;

pub struct Account {
    /// The place in the order of locking; no two accounts share it.
    pub number: u32,
    pub balance: Mutex<i64>,
}

pub fn run() -> anyhow::Result<()> {
    // Made here so that their lanes come in this order; two are of another process.
    let _tellers = [1, 2, 3, 4].map(|number| Actor::new(format!("teller {number}")));
    println!("two tellers lock the payer's account first:");
    let hung = trial("deadlock-two-orders")?;
    hung.show();
    let ended = !hung.status.success() && hung.output.contains("hung");
    ensure!(ended, "two orders did not lead to a deadlock");

    println!("\ntwo more do the same, and parking_lot looks for the circle:");
    let circle = cycle::wait_for_deadlock(&payer_first::start_tellers([3, 4])?);
    Actor::new("main").marks("found the circle");
    circle.iter().for_each(|line| println!("  {line}"));
    ensure!(circle.len() == 2, "{} threads wait in a circle, not 2", circle.len());

    let [first, second] = accounts();
    thread::scope(|scope| {
        scope.spawn(|| (0..TRANSFERS).for_each(|_| transfer(&first, &second, 2)));
        scope.spawn(|| (0..TRANSFERS).for_each(|_| transfer(&second, &first, 1)));
    });
    let balances = [first, second].map(|account| account.balance.into_inner());
    println!("\nby account number, {} transfers leave {balances:?}", 2 * TRANSFERS);
    let moved = TRANSFERS as i64;
    ensure!(balances == [-moved, moved], "the balances are {balances:?}");
    println!("\nok: with one order for all locks, both tellers came to an end");
    Ok(())
}

/// Moves money; locks the account with the lower number first, whoever pays.
fn transfer(from: &Account, to: &Account, amount: i64) {
    let (mut payer, mut payee);
    if from.number < to.number {
        payer = from.balance.lock();
        payee = to.balance.lock();
    } else {
        payee = to.balance.lock();
        payer = from.balance.lock();
    }
    *payer -= amount;
    *payee += amount;
}

pub fn accounts() -> [Account; 2] {
    [1, 2].map(|number| Account { number, balance: Mutex::new(0) })
}
