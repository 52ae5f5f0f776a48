//! Goal:   many readers look things up at the same time, and a writer is alone.
//! Given:  a glossary behind a reader-writer lock.
//! Change: the bodies of `look_up` and `define`.
//! Check:  cargo test --bin lock_rwlock
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
        // TODO: let `reader` see the meaning, and other readers at the same time.
        todo!("show the meaning of {word}")
    }

    /// Gives `word` a meaning unless it has one, and returns the one it has now.
    /// A word that has a meaning is only read, so readers may be inside meanwhile.
    fn define(&self, word: &str, meaning: &str) -> String {
        // TODO: read if the word is there, write if it is not; the first one wins.
        todo!("let {word} mean {meaning}, if it means nothing yet")
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
