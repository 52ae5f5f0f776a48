//! Goal:   many readers look things up at the same time, and a writer is alone.
//! Given:  a glossary behind a reader-writer lock.
//! Answer: reading takes the read lock; the write lock comes after it, not within it.
//! Check:  cargo test --bin lock_rwlock_sol
//! Read:   book/src/rwlock.md and std::sync::RwLock

use std::collections::BTreeMap;
use std::sync::RwLock;
use std::thread;

/// What each word means. A word that has a meaning keeps it.
struct Glossary {
    meanings: RwLock<BTreeMap<String, String>>,
}

impl Glossary {
    fn new() -> Self {
        Self { meanings: RwLock::new(BTreeMap::new()) }
    }

    /// Shows the meaning of `word` to `reader`. Many readers may be inside at once.
    fn look_up<R>(&self, word: &str, reader: impl FnOnce(Option<&str>) -> R) -> R {
        let meanings = self.meanings.read().unwrap();
        reader(meanings.get(word).map(String::as_str))
    }

    /// Gives `word` a meaning unless it has one, and returns the one it has now.
    /// A word that has a meaning is only read, so readers may be inside meanwhile.
    fn define(&self, word: &str, meaning: &str) -> String {
        // `cloned` ends the borrow, and the guard goes at the end of the statement. A
        // thread that asks for `write` while it holds `read` waits for itself.
        let known = self.meanings.read().unwrap().get(word).cloned();
        if let Some(known) = known {
            return known;
        }
        // Between the two locks another writer may have defined the word: `entry`
        // looks again.
        let mut meanings = self.meanings.write().unwrap();
        meanings.entry(word.to_owned()).or_insert_with(|| meaning.to_owned()).clone()
    }
}

fn main() {
    real_threads::end_if_stuck();
    let glossary = Glossary::new();
    thread::scope(|scope| {
        for meaning in ["a right to enter", "a piece of paper"] {
            let glossary = &glossary;
            scope.spawn(move || glossary.define("permit", meaning));
        }
    });
    for word in ["permit", "guard"] {
        let meaning = glossary.look_up(word, |meaning| meaning.map(str::to_owned));
        println!("{word}: {}", meaning.as_deref().unwrap_or("not in the glossary"));
    }
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_word_keeps_its_meaning() {
        interleavings::check(|| {
            let glossary = Glossary::new();
            assert_eq!(glossary.define("race", "a contest"), "a contest");
            assert_eq!(glossary.define("race", "a people"), "a contest");
            glossary.look_up("race", |race| assert_eq!(race, Some("a contest")));
            glossary.look_up("lock", |lock| assert_eq!(lock, None));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/locks/lock_rwlock.rs"]
mod judge;
