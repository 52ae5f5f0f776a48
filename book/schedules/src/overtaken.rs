//! Two workers at one stage: an item overtakes the one before it.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use crate::outcomes::{self, Table};

pub fn run() {
    assert_eq!(pass_through(2), [1, 2], "the second came first");
}

/// In which orders two items can come out of a stage.
pub fn results() -> Table {
    let orders = |workers| {
        outcomes::all(|| {
            let arrived = pass_through(workers);
            format!("{} {}", arrived[0], arrived[1])
        })
    };
    let rows = [("one worker".into(), orders(1)?), ("two workers".into(), orders(2)?)];
    outcomes::table(&["1 2".into(), "2 1".into()], &rows)
}

/// Two items, in the order in which they come out of a stage with so many workers.
fn pass_through(workers: usize) -> Vec<u32> {
    let (feed, items) = mpsc::channel();
    let (pass, results) = mpsc::channel();
    let items = Mutex::new(items);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| stage(&items, &pass));
        }
        feed.send(1).unwrap();
        feed.send(2).unwrap();
        drop(feed);
    });
    results.iter().take(2).collect()
}

fn stage(items: &Mutex<Receiver<u32>>, pass: &Sender<u32>) {
    loop {
        let Ok(item) = items.lock().unwrap().recv() else { return };
        pass.send(item).unwrap();
    }
}
