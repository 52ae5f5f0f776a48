//! A worker that leaves when it finds no task, although one is still to come.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

pub fn run() {
    let tasks = Mutex::new(vec![Task::Large]);
    let growing = AtomicUsize::new(1);
    thread::scope(|scope| {
        let worker_1 = scope.spawn(|| work(&tasks, &growing));
        let worker_2 = scope.spawn(|| work(&tasks, &growing));
        worker_1.join().unwrap();
        worker_2.join().unwrap();
    });
}

#[derive(Debug)]
enum Task {
    /// Makes two small ones.
    Large,
    Small,
}

/// `growing` is the number of tasks that may still make new ones.
fn work(tasks: &Mutex<Vec<Task>>, growing: &AtomicUsize) {
    loop {
        let Some(task) = tasks.lock().unwrap().pop() else { break };
        if matches!(task, Task::Large) {
            let mut tasks = tasks.lock().unwrap();
            tasks.extend([Task::Small, Task::Small]);
            growing.fetch_sub(1, Ordering::SeqCst);
        }
    }
    assert_eq!(growing.load(Ordering::SeqCst), 0, "it leaves, and new tasks come");
}
