use std::cell::Cell;
use std::thread;

fn main() {
    let visitors = Cell::new(0);
    thread::scope(|scope| {
        scope.spawn(|| visitors.set(visitors.get() + 1));
        visitors.set(visitors.get() + 1);
    });
}
