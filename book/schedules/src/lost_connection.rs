//! A pool that loses a connection when the question is a bad one.

use std::num::ParseIntError;
use std::sync::{Condvar, Mutex};
use std::thread;

pub fn run() {
    let idle = Mutex::new(1);
    let returned = Condvar::new();
    thread::scope(|scope| {
        let client_1 = scope.spawn(|| ask("ten", &idle, &returned));
        let client_2 = scope.spawn(|| ask("11", &idle, &returned));
        assert!(client_1.join().unwrap().is_err(), "`ten` is no number");
        assert_eq!(client_2.join().unwrap(), Ok(22));
    });
}

/// Takes a connection, asks for the double of a number, and puts the connection back.
fn ask(
    number: &str,
    idle: &Mutex<u32>,
    returned: &Condvar,
) -> Result<u32, ParseIntError> {
    let connections = idle.lock().unwrap();
    *returned.wait_while(connections, |idle| *idle == 0).unwrap() -= 1;
    let double = 2 * number.parse::<u32>()?;
    *idle.lock().unwrap() += 1;
    returned.notify_one();
    Ok(double)
}
