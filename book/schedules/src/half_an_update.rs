//! A sum and a count in two atomics: each is right, and the two do not fit.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;

pub fn run() {
    let sum = AtomicU32::new(0);
    let count = AtomicU32::new(0);
    thread::scope(|scope| {
        let grader = scope.spawn(|| {
            sum.fetch_add(6, SeqCst);
            count.fetch_add(1, SeqCst);
        });
        let reader = scope.spawn(|| {
            let (count, sum) = (count.load(SeqCst), sum.load(SeqCst));
            assert_eq!(sum, 6 * count, "the sum and the count do not fit");
        });
        grader.join().unwrap();
        reader.join().unwrap();
    });
}
