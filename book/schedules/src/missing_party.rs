//! Two threads are to meet at a barrier, and one of them panics on its way there.

use std::sync::Barrier;
use std::thread;

pub fn run() {
    let meeting = Barrier::new(2);
    thread::scope(|scope| {
        let ann = scope.spawn(|| {
            let sheets: u32 = "ten".parse().unwrap_or_else(|_| panic!("no number"));
            meeting.wait();
            sheets
        });
        scope.spawn(|| meeting.wait());
        let _ = ann.join();
    });
}
