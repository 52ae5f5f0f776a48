//! Two payments look whether there is enough, and pay later; each access is locked.

use std::sync::Mutex;
use std::thread;

pub fn run() {
    let balance = Mutex::new(100);
    thread::scope(|scope| {
        let payer_1 = scope.spawn(|| pay(&balance, 80));
        let payer_2 = scope.spawn(|| pay(&balance, 80));
        payer_1.join().unwrap();
        payer_2.join().unwrap();
    });
    assert!(*balance.lock().unwrap() >= 0, "the account is overdrawn");
}

fn pay(balance: &Mutex<i64>, amount: i64) {
    let enough = *balance.lock().unwrap() >= amount;
    if enough {
        *balance.lock().unwrap() -= amount;
    }
}
