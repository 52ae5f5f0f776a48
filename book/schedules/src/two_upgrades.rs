//! Two readers want to become writers, and both keep their read lock.

use std::sync::RwLock;
use std::thread;

pub fn run() {
    let visits = RwLock::new(0);
    thread::scope(|scope| {
        let visitor_1 = scope.spawn(|| count_visit(&visits));
        let visitor_2 = scope.spawn(|| count_visit(&visits));
        visitor_1.join().unwrap();
        visitor_2.join().unwrap();
    });
}

fn count_visit(visits: &RwLock<u32>) {
    let seen = visits.read().unwrap();
    *visits.write().unwrap() = *seen + 1;
}
