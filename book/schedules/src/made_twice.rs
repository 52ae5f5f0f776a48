//! Whoever finds nothing makes it; two threads find nothing.

use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

pub fn run() {
    let table = Mutex::new(None);
    let made = AtomicU32::new(0);
    thread::scope(|scope| {
        let reader_1 = scope.spawn(|| get_or_make(&table, &made));
        let reader_2 = scope.spawn(|| get_or_make(&table, &made));
        reader_1.join().unwrap();
        reader_2.join().unwrap();
    });
    assert_eq!(made.into_inner(), 1, "the table was made twice");
}

fn get_or_make(table: &Mutex<Option<u32>>, made: &AtomicU32) -> u32 {
    if let Some(table) = *table.lock().unwrap() {
        return table;
    }
    let new = made.fetch_add(1, Relaxed) + 1;
    *table.lock().unwrap() = Some(new);
    new
}
