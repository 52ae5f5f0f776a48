//! Two transfers in opposite directions; each locks the payer's account first.

use std::sync::Mutex;
use std::thread;

pub fn run() {
    let ada = Mutex::new(100);
    let bob = Mutex::new(100);
    thread::scope(|scope| {
        let teller_1 = scope.spawn(|| transfer(&ada, &bob));
        let teller_2 = scope.spawn(|| transfer(&bob, &ada));
        teller_1.join().unwrap();
        teller_2.join().unwrap();
    });
}

fn transfer(from: &Mutex<i64>, to: &Mutex<i64>) {
    let mut payer = from.lock().unwrap();
    let mut payee = to.lock().unwrap();
    *payer -= 10;
    *payee += 10;
}
