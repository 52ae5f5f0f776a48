use std::rc::Rc;
use std::thread;

fn main() {
    let basket = Rc::new(vec!["bread", "milk"]);
    let copy = Rc::clone(&basket);
    let thread = thread::spawn(move || println!("{copy:?}"));
    println!("{basket:?}");
    thread.join().unwrap();
}
