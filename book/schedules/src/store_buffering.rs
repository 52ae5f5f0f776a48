//! Two threads come, then look for the other: can both see nobody?

use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, fence};
use std::thread;

use crate::outcomes::{self, Table};

/// Who can have seen the other, for several orderings.
pub fn results() -> Table {
    let said = |seen: (bool, bool)| match seen {
        (true, true) => "both",
        (true, false) => "Ann",
        (false, true) => "Ben",
        (false, false) => "nobody",
    };
    let mut rows = Vec::new();
    for (store, load) in [(Relaxed, Relaxed), (Release, Acquire), (SeqCst, SeqCst)] {
        let name = format!("store {store:?}, load {load:?}");
        rows.push((name, outcomes::all(|| said(meet(store, load, || {})))?));
    }
    let fenced = || said(meet(Relaxed, Relaxed, || fence(SeqCst)));
    rows.push(("all Relaxed, two SeqCst fences".to_owned(), outcomes::all(fenced)?));
    outcomes::table(&["both", "Ann", "Ben", "nobody"], &rows)
}

/// Returns whether Ann has seen Ben, and Ben Ann.
fn meet(store: Ordering, load: Ordering, between: fn()) -> (bool, bool) {
    let (ann, ben) = (AtomicBool::new(false), AtomicBool::new(false));
    let come_and_look = |own: &AtomicBool, other: &AtomicBool| {
        own.store(true, store);
        between();
        other.load(load)
    };
    thread::scope(|scope| {
        let ann_saw = scope.spawn(|| come_and_look(&ann, &ben));
        let ben_saw = scope.spawn(|| come_and_look(&ben, &ann));
        (ann_saw.join().unwrap(), ben_saw.join().unwrap())
    })
}
