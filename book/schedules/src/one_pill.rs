//! One message that means "stop", for two consumers.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::thread;

pub fn run() {
    let (put, queue) = mpsc::channel();
    let jobs = Mutex::new(queue);
    thread::scope(|scope| {
        let consumer_1 = scope.spawn(|| consume(&jobs));
        let consumer_2 = scope.spawn(|| consume(&jobs));
        put.send(Some(1)).unwrap();
        put.send(None).unwrap();
        consumer_1.join().unwrap();
        consumer_2.join().unwrap();
    });
}

/// Works until `None` comes.
fn consume(jobs: &Mutex<Receiver<Option<u32>>>) {
    loop {
        let job = jobs.lock().unwrap().recv().unwrap();
        if job.is_none() {
            return;
        }
    }
}
