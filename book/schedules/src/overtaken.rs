//! Two workers at one stage: an item overtakes the one before it.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

pub fn run() {
    let (pass_in, items) = mpsc::channel();
    let (pass_on, results) = mpsc::channel();
    let items = Mutex::new(items);
    thread::scope(|scope| {
        let worker_1 = scope.spawn(|| stage(&items, &pass_on));
        let worker_2 = scope.spawn(|| stage(&items, &pass_on));
        pass_in.send(1).unwrap();
        pass_in.send(2).unwrap();
        drop(pass_in);
        worker_1.join().unwrap();
        worker_2.join().unwrap();
    });
    let arrived: Vec<u32> = results.iter().take(2).collect();
    assert_eq!(arrived, [1, 2], "the second came first");
}

fn stage(items: &Mutex<Receiver<u32>>, pass_on: &Sender<u32>) {
    loop {
        let Ok(item) = items.lock().unwrap().recv() else { return };
        pass_on.send(item).unwrap();
    }
}
