//! Goal:   many readers or one writer; a writer that waits is not overtaken.
//! Given:  who is inside, how many writers wait, and how both leave.
//! Change: the bodies of `begin_read` and `begin_write`.
//! Check:  cargo test --bin condition_readers_writers
//! Read:   book/src/conditions.md and std::sync::RwLock

use std::sync::{Condvar, Mutex};
use std::thread;

#[derive(Debug, Default)]
struct Inside {
    readers: usize,
    is_writing: bool,
    /// Writers that have come and are not inside yet.
    waiting_writers: usize,
}

struct Door {
    inside: Mutex<Inside>,
    readers_may: Condvar,
    writers_may: Condvar,
}

impl Door {
    fn new() -> Self {
        let inside = Mutex::new(Inside::default());
        Self { inside, readers_may: Condvar::new(), writers_may: Condvar::new() }
    }

    /// Comes in as a reader; sleeps while a writer is inside or waits.
    fn begin_read(&self) {
        // TODO: come in when no writer is inside or waits.
        todo!("let a reader in")
    }

    fn end_read(&self) {
        let mut inside = self.inside.lock().unwrap();
        inside.readers -= 1;
        self.writers_may.notify_one();
    }

    /// Comes in as a writer; sleeps while anybody is inside.
    fn begin_write(&self) {
        // TODO: let it be seen that a writer waits, and come in when nobody is inside.
        todo!("let a writer in")
    }

    fn end_write(&self) {
        let mut inside = self.inside.lock().unwrap();
        inside.is_writing = false;
        if inside.waiting_writers > 0 {
            self.writers_may.notify_one();
        } else {
            self.readers_may.notify_all();
        }
    }
}

fn main() {
    real_threads::end_if_stuck();
    let door = Door::new();
    thread::scope(|scope| {
        scope.spawn(|| (door.begin_read(), door.end_read()));
        door.begin_write();
        door.end_write();
    });
    println!("a reader and a writer came and went: {:?}", door.inside.lock().unwrap());
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn two_readers_and_then_a_writer() {
        interleavings::check(|| {
            let door = Door::new();
            door.begin_read();
            door.begin_read();
            door.end_read();
            door.end_read();
            door.begin_write();
            door.end_write();
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/conditions/condition_readers_writers.rs"]
mod judge;
