//! The wrong version of `deadlock`: each transfer locks the payer's account first.
//!
//! Run:     cargo run -p lock-demo -- deadlock-two-orders
//! Expect:  a hang that the watchdog ends after a second; with `-- deadlock-found`
//!          the same, found by parking_lot at once
//! Chapter: book/src/locks.md
//! Source:  E. G. Coffman et al., "System Deadlocks", 1971

use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};

use anyhow::{bail, ensure};
use common::{Actor, println};

use crate::cycle;
use crate::deadlock::{Account, accounts};

/// Hangs until the watchdog ends it.
pub fn two_orders() -> anyhow::Result<()> {
    for teller in start_tellers()? {
        ensure!(teller.join().is_ok(), "a teller panicked");
    }
    Ok(())
}

/// Fails as soon as the circle is found.
pub fn found() -> anyhow::Result<()> {
    let tellers = start_tellers()?;
    let circle = cycle::wait_for_deadlock(&tellers);
    for line in &circle {
        println!("{line}");
    }
    bail!("deadlock: {} threads wait in a circle", circle.len());
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

fn start_tellers() -> anyhow::Result<[JoinHandle<()>; 2]> {
    let accounts = Arc::new(accounts());
    let both_hold = Arc::new(Barrier::new(2));
    let start = |name: &str, from: usize, to: usize| {
        let (accounts, both_hold) = (Arc::clone(&accounts), Arc::clone(&both_hold));
        let me = Actor::new(name);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            transfer_payer_first(&accounts[from], &accounts[to], me, &both_hold);
        })
    };
    Ok([start("teller 1", 0, 1)?, start("teller 2", 1, 0)?])
}
