use std::thread;

fn main() {
    let basket = vec!["bread", "milk"];
    let thread = thread::spawn(|| println!("{basket:?}"));
    thread.join().unwrap();
}
