use std::sync::Mutex;

fn main() {
    let accounts = Mutex::new(vec![100, 100]);
    let guard = accounts.lock().unwrap();
    let first = &guard[0];
    drop(guard);
    assert_eq!(*first, 100);
}
