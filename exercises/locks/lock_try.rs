//! Goal:   whoever finds the lock taken does other work first, and waits only then.
//! Given:  a total behind a mutex, and a slow reader that holds it for long.
//! Change: the body of `add`.
//! Check:  cargo test --bin lock_try
//! Read:   book/src/locks.md and std::sync::Mutex::try_lock

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

/// A piece of work that has nothing to do with the total.
type Chore<'a> = Box<dyn FnOnce() + Send + 'a>;

struct Total {
    value: Mutex<u64>,
}

impl Total {
    fn new() -> Self {
        Self { value: Mutex::new(0) }
    }

    /// Lets `reader` look, and keeps everybody else out as long as it looks.
    fn inspect<R>(&self, reader: impl FnOnce(u64) -> R) -> R {
        let value = self.value.lock().unwrap();
        reader(*value)
    }

    /// Adds `amount` once and does all `chores` in their order. While another thread
    /// has the total, it does one chore and tries again; it waits when none is left,
    /// and sleeps then. It does no chore while it has the total itself.
    fn add(&self, amount: u64, chores: Vec<Chore<'_>>) {
        // TODO: do chores as long as the total is taken, add, and do the other chores.
        todo!("add {amount} and do {} chores", chores.len())
    }
}

fn main() {
    real_threads::end_if_stuck();
    let total = Total::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            total.inspect(|value| {
                println!("the reader sees {value}");
                // The reader takes its time; nothing depends on how much.
                thread::sleep(Duration::from_millis(50));
                println!("the reader has seen enough");
            });
        });
        scope.spawn(|| {
            let chore = || println!("a chore is done");
            total.add(5, vec![Box::new(chore), Box::new(chore)]);
        });
    });
    println!("the total is {}", total.inspect(|value| value));
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_free_total_is_raised_and_the_chores_are_done() {
        interleavings::check(|| {
            let (total, done) = (Total::new(), Mutex::new(0));
            total.add(5, vec![Box::new(|| *done.lock().unwrap() += 1)]);
            assert_eq!(total.inspect(|value| value), 5);
            assert_eq!(*done.lock().unwrap(), 1);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/locks/lock_try.rs"]
mod judge;
