//! The wrong version of `deadlock`: each transfer locks the payer's account first.
//!
//! Run:     cargo run -p lock-demo -- deadlock-two-orders
//! Expect:  a hang that the watchdog ends after a second, with who holds what
//! Chapter: book/src/deadlocks.md
//! Source:  E. G. Coffman et al., "System Deadlocks", 1971

use std::io;
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};

use anyhow::ensure;
use common::Actor;

use crate::deadlock::{Account, accounts};

/// Hangs until the watchdog ends it.
pub fn two_orders() -> anyhow::Result<()> {
    for teller in start_tellers([1, 2])? {
        ensure!(teller.join().is_ok(), "a teller panicked");
    }
    Ok(())
}

fn transfer_payer_first(from: &Account, to: &Account, me: Actor, both_hold: &Barrier) {
    let mut payer = from.balance.lock();
    let _holding = me.holds(format!("account {}", from.number));
    // Forces what otherwise is bad luck: both have one account before they go on.
    both_hold.wait();
    let _waiting = me.waits(format!("account {}", to.number));
    let mut payee = to.balance.lock();
    *payer -= 1;
    *payee += 1;
}

/// Starts two tellers with opposite transfers; they wait for each other for good.
pub fn start_tellers(numbers: [u32; 2]) -> io::Result<[JoinHandle<()>; 2]> {
    let accounts = Arc::new(accounts());
    let both_hold = Arc::new(Barrier::new(2));
    let start = |number: u32, from: usize, to: usize| {
        let (accounts, both_hold) = (Arc::clone(&accounts), Arc::clone(&both_hold));
        let name = format!("teller {number}");
        let me = Actor::new(&name);
        thread::Builder::new().name(name).spawn(move || {
            transfer_payer_first(&accounts[from], &accounts[to], me, &both_hold);
        })
    };
    Ok([start(numbers[0], 0, 1)?, start(numbers[1], 1, 0)?])
}
