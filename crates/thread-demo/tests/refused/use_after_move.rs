use std::thread;

fn main() {
    let basket = vec!["bread", "milk"];
    let thread = thread::spawn(move || println!("{basket:?}"));
    println!("{basket:?}");
    thread.join().unwrap();
}
