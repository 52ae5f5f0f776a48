use std::thread;

fn main() {
    thread::scope(|scope| {
        let basket = vec!["bread", "milk"];
        scope.spawn(|| println!("{basket:?}"));
    });
}
