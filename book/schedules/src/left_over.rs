//! Two workers serve two guests; who is logged in is a value of the thread.

use std::cell::RefCell;
use std::sync::Mutex;
use std::thread;

std::thread_local! {
    static USER: RefCell<String> = const { RefCell::new(String::new()) };
}

pub fn run() {
    let guests = Mutex::new(vec!["nobody", "Ann"]);
    thread::scope(|scope| {
        scope.spawn(|| work(&guests));
        scope.spawn(|| work(&guests));
    });
}

fn work(guests: &Mutex<Vec<&str>>) {
    loop {
        let guest = guests.lock().unwrap().pop();
        match guest {
            Some("Ann") => USER.set("Ann".to_owned()),
            Some(_) => assert_eq!(USER.take(), "", "who is this?"),
            None => break,
        }
    }
}
