//! Goal:   everybody is greeted at the same time, each on a thread of its own.
//! Given:  the names, and a function that greets one of them.
//! Change: the body of `greet_all`.
//! Check:  cargo test --bin thread_spawn
//! Read:   book/src/threads.md and std::thread::spawn

use std::thread;

/// Calls `greet` for each of the names, on a thread of its own.
///
/// All of them are greeted at the same time. The greetings are returned in the order
/// of the names, whoever was done first, and no thread is left running.
fn greet_all(names: Vec<String>, greet: fn(&str) -> String) -> Vec<String> {
    // TODO: greet everybody at the same time, and keep the greetings in order.
    todo!("greet everybody, each on a thread of its own")
}

fn greet(name: &str) -> String {
    format!("hello, {name}, from {:?}", thread::current().id())
}

fn main() {
    real_threads::end_if_stuck();
    let names = ["Ada", "Barbara", "Edsger", "Tony"].map(String::from);
    for greeting in greet_all(names.to_vec(), greet) {
        println!("{greeting}");
    }
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn one_name_is_greeted() {
        interleavings::check(|| {
            let names = vec!["Ada".to_owned()];
            let greetings = greet_all(names, |name| format!("hello, {name}"));
            assert_eq!(greetings, ["hello, Ada"]);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/threads/thread_spawn.rs"]
mod judge;
