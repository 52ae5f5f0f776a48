//! Two threads add one, each in two steps; the reader decides who goes next.

use std::thread::{Builder, scope};

use crate::all_orders::Counter;

pub fn run(counter: &Counter) {
    scope(|scope| {
        let one = Builder::new().name("one".to_owned());
        one.spawn_scoped(scope, || add_one(counter)).unwrap();
        let two = Builder::new().name("two".to_owned());
        two.spawn_scoped(scope, || add_one(counter)).unwrap();
    });
}

fn add_one(counter: &Counter) {
    let seen = counter.load();
    counter.store(seen + 1);
}
