//! Goal:   many readers or one writer; a writer that waits is not overtaken.
//! Given:  who is inside, how many writers wait, and how both leave.
//! Answer: a reader also waits for writers that only wait.
//! Check:  cargo test --bin condition_readers_writers_sol
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
        let mut inside = self.inside.lock().unwrap();
        // Without the second half readers that come and go could keep the door to
        // themselves: one of them would always be inside, and a writer wait for ever.
        while inside.is_writing || inside.waiting_writers > 0 {
            inside = self.readers_may.wait(inside).unwrap();
        }
        inside.readers += 1;
    }

    fn end_read(&self) {
        let mut inside = self.inside.lock().unwrap();
        inside.readers -= 1;
        self.writers_may.notify_one();
    }

    /// Comes in as a writer; sleeps while anybody is inside.
    fn begin_write(&self) {
        let mut inside = self.inside.lock().unwrap();
        inside.waiting_writers += 1;
        while inside.is_writing || inside.readers > 0 {
            inside = self.writers_may.wait(inside).unwrap();
        }
        // From here on `is_writing` keeps the readers out.
        inside.waiting_writers -= 1;
        inside.is_writing = true;
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
