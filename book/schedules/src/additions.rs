//! Three ways to add one to an atomic, and what two threads can leave there.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use crate::outcomes::{self, Table};

type AddOne = fn(&AtomicU32);

/// What 0 can become when two threads add one.
pub fn results() -> Table {
    let ways: [(&str, AddOne); 4] = [
        ("load, store", load_then_store),
        ("compare_exchange, once", exchange_once),
        ("compare_exchange, loop", exchange_in_a_loop),
        ("fetch_add", |counter| {
            counter.fetch_add(1, Relaxed);
        }),
    ];
    let mut rows = Vec::new();
    for (name, add_one) in ways {
        let left = outcomes::all(|| {
            let counter = AtomicU32::new(0);
            thread::scope(|scope| {
                scope.spawn(|| add_one(&counter));
                scope.spawn(|| add_one(&counter));
            });
            counter.into_inner()
        });
        rows.push((name.to_owned(), left?));
    }
    outcomes::table(&[1, 2], &rows)
}

fn load_then_store(counter: &AtomicU32) {
    let seen = counter.load(Relaxed);
    counter.store(seen + 1, Relaxed);
}

fn exchange_once(counter: &AtomicU32) {
    let seen = counter.load(Relaxed);
    let _ = counter.compare_exchange(seen, seen + 1, Relaxed, Relaxed);
}

fn exchange_in_a_loop(counter: &AtomicU32) {
    let mut seen = counter.load(Relaxed);
    while let Err(now) = counter.compare_exchange(seen, seen + 1, Relaxed, Relaxed) {
        seen = now;
    }
}
