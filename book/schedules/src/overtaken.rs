//! Two workers at one stage: an item overtakes the one before it.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

pub fn run() {
    let (feed, items) = mpsc::channel();
    let (pass, results) = mpsc::channel();
    let items = Mutex::new(items);
    thread::scope(|scope| {
        let worker_1 = scope.spawn(|| stage(&items, &pass));
        let worker_2 = scope.spawn(|| stage(&items, &pass));
        feed.send(1).unwrap();
        feed.send(2).unwrap();
        drop(feed);
        worker_1.join().unwrap();
        worker_2.join().unwrap();
    });
    let arrived: Vec<u32> = results.iter().take(2).collect();
    assert_eq!(arrived, [1, 2], "the second came first");
}

fn stage(items: &Mutex<Receiver<u32>>, pass: &Sender<u32>) {
    loop {
        let Ok(item) = items.lock().unwrap().recv() else { return };
        pass.send(item).unwrap();
    }
}
