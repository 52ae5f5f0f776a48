//! Two threads add one; each of them locks the counter twice.

use std::sync::Mutex;
use std::thread;

pub fn run() {
    let counter = Mutex::new(0);
    thread::scope(|scope| {
        let adder_1 = scope.spawn(|| add_one(&counter));
        let adder_2 = scope.spawn(|| add_one(&counter));
        adder_1.join().unwrap();
        adder_2.join().unwrap();
    });
    assert_eq!(*counter.lock().unwrap(), 2, "an addition was lost");
}

fn add_one(counter: &Mutex<u32>) {
    let seen = *counter.lock().unwrap();
    *counter.lock().unwrap() = seen + 1;
}
