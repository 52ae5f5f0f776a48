//! A method that holds the lock calls another one that takes it.

use std::sync::Mutex;

pub fn run() {
    let account = Account { balance: Mutex::new(100) };
    account.pay(30);
}

struct Account {
    balance: Mutex<i64>,
}

impl Account {
    fn pay(&self, amount: i64) {
        let mut balance = self.balance.lock().unwrap();
        if self.can_pay(amount) {
            *balance -= amount;
        }
    }

    fn can_pay(&self, amount: i64) -> bool {
        *self.balance.lock().unwrap() >= amount
    }
}
