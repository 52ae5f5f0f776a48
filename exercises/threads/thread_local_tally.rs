//! Goal:   each thread counts by itself, and reports once, when it is done.
//! Given:  a reader of texts that knows only a plain function to call for each word.
//! Change: the bodies of `saw_word` and `count_words`.
//! Check:  cargo test --bin thread_local_tally
//! Read:   book/src/thread-locals.md and std::thread::LocalKey

use std::cell::Cell;
use std::sync::Mutex;
use std::thread;

thread_local! {
    /// The words that the running thread has seen since its last report.
    static TALLY: Cell<u64> = const { Cell::new(0) };
}

/// Counts a word. It is a plain function: it cannot bring a counter along.
fn saw_word(_word: &str) {
    // TODO: count the word for the running thread.
    todo!("count the word")
}

/// Has `read` go through each of the texts, on a thread of its own for each and all at
/// the same time. Every thread adds what it has counted to `reports`, once.
fn count_words(texts: &[&str], read: fn(&str, fn(&str)), reports: &Mutex<Vec<u64>>) {
    // TODO: read each text on a thread that calls `saw_word` and reports once.
    todo!("read the texts, and report")
}

/// Calls `saw` for each word of the text.
fn read_words(text: &str, saw: fn(&str)) {
    println!("{:?} reads `{text}`", thread::current().id());
    text.split_whitespace().for_each(saw);
}

fn main() {
    real_threads::end_if_stuck();
    read_words("only main reads this", saw_word);
    let reports = Mutex::new(Vec::new());
    count_words(&["to be or not to be", "that is the question"], read_words, &reports);
    println!("reports: {:?}; main: {}", reports.lock().unwrap(), TALLY.get());
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn one_text_makes_one_report() {
        real_threads::run(|| {
            let reports = Mutex::new(Vec::new());
            count_words(&["three little words"], read_words, &reports);
            assert_eq!(reports.into_inner().unwrap(), [3]);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/threads/thread_local_tally.rs"]
mod judge;
