//! Goal:   everybody is greeted at the same time, each on a thread of its own.
//! Given:  the names, and a function that greets one of them.
//! Answer: all threads are started before the first is joined, and joined in order.
//! Check:  cargo test --bin thread_spawn_sol
//! Read:   book/src/threads.md and std::thread::spawn

use std::thread;

/// Calls `greet` for each of the names, on a thread of its own.
///
/// All of them are greeted at the same time. The greetings are returned in the order
/// of the names, whoever was done first, and no thread is left running.
fn greet_all(names: Vec<String>, greet: fn(&str) -> String) -> Vec<String> {
    // An iterator is lazy: without this `collect`, each thread would be started when
    // the line below asks for it, and joined before the next one starts.
    let threads: Vec<_> =
        names.into_iter().map(|name| thread::spawn(move || greet(&name))).collect();
    // Joining in the order of starting puts the greetings in order. It does not matter
    // which thread ends first: `join` returns at once for those that have ended.
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
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
