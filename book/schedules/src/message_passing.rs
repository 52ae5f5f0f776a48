//! A message and a flag: does whoever sees the flag also see the message?

use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU32, fence};
use std::thread;

use crate::outcomes::{self, Table};

pub fn run() {
    let message = AtomicU32::new(0);
    let ready = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            message.store(42, Relaxed);
            ready.store(true, Relaxed);
        });
        let reader = scope.spawn(|| {
            if ready.load(Relaxed) {
                assert_eq!(message.load(Relaxed), 42, "ready, and no message");
            }
        });
        writer.join().unwrap();
        reader.join().unwrap();
    });
}

/// What the reader can see, for several orderings of the flag.
pub fn results() -> Table {
    let mut rows = Vec::new();
    for (store, load) in
        [(Relaxed, Relaxed), (Release, Relaxed), (Relaxed, Acquire), (Release, Acquire)]
    {
        let name = format!("store {store:?}, load {load:?}");
        rows.push((name, outcomes::all(|| seen(store, load))?));
    }
    rows.push(("all Relaxed, two fences".to_owned(), outcomes::all(seen_by_fences)?));
    let columns = ["too early", "42", "0"].map(str::to_owned);
    outcomes::table(&columns, &rows)
}

fn seen(store: Ordering, load: Ordering) -> String {
    let message = AtomicU32::new(0);
    let ready = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            message.store(42, Relaxed);
            ready.store(true, store);
        });
        let reader = scope.spawn(|| match ready.load(load) {
            true => message.load(Relaxed).to_string(),
            false => "too early".to_owned(),
        });
        reader.join().unwrap()
    })
}

fn seen_by_fences() -> String {
    let message = AtomicU32::new(0);
    let ready = AtomicBool::new(false);
    thread::scope(|scope| {
        // ANCHOR: fences
        scope.spawn(|| {
            message.store(42, Relaxed);
            // Pairs with the fence of the reader, if that has seen the flag.
            fence(Release);
            ready.store(true, Relaxed);
        });
        let reader = scope.spawn(|| {
            if !ready.load(Relaxed) {
                return "too early".to_owned();
            }
            fence(Acquire);
            message.load(Relaxed).to_string()
        });
        // ANCHOR_END: fences
        reader.join().unwrap()
    })
}
