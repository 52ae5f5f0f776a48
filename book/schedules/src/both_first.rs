//! Two threads, two atomics, all of them Relaxed: who can see what.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

use crate::outcomes::{self, Table};

/// A row for each order of load and store.
///
/// # Errors
///
/// When there are too many interleavings to run all of them.
pub fn results() -> Table {
    let rows = [
        ("store, then load".to_owned(), outcomes::all(store_then_load)?),
        ("load, then store".to_owned(), outcomes::all(load_then_store)?),
    ];
    outcomes::table(&["0 0", "0 1", "1 0", "1 1"].map(str::to_owned), &rows)
}

fn store_then_load() -> String {
    let (x, y) = (AtomicU32::new(0), AtomicU32::new(0));
    let visit = |own: &AtomicU32, other: &AtomicU32| {
        own.store(1, Relaxed);
        other.load(Relaxed)
    };
    both(|| visit(&x, &y), || visit(&y, &x))
}

fn load_then_store() -> String {
    let (x, y) = (AtomicU32::new(0), AtomicU32::new(0));
    let visit = |own: &AtomicU32, other: &AtomicU32| {
        let seen = other.load(Relaxed);
        own.store(1, Relaxed);
        seen
    };
    both(|| visit(&x, &y), || visit(&y, &x))
}

fn both(one: impl FnOnce() -> u32 + Send, two: impl FnOnce() -> u32 + Send) -> String {
    thread::scope(|scope| {
        let (one, two) = (scope.spawn(one), scope.spawn(two));
        format!("{} {}", one.join().unwrap(), two.join().unwrap())
    })
}
