//! Judges `lock_rwlock`: readers meet inside, and the first definition wins.

use std::thread;

use super::*;

/// Ends for the first of two threads when the second has come, too.
fn meet() {
    interleavings::rendezvous(2);
}

/// Two readers are inside at the same time, and neither keeps the other out.
fn readers_meet_inside() {
    let glossary = Glossary::new();
    glossary.define("lock", "a door");
    thread::scope(|scope| {
        let one = scope.spawn(|| glossary.look_up("lock", |_| meet()));
        let other = scope.spawn(|| glossary.look_up("lock", |_| meet()));
        one.join().unwrap();
        other.join().unwrap();
    });
}

/// A word that is known is defined again while a reader is inside.
fn a_known_word_is_only_read() {
    let glossary = Glossary::new();
    glossary.define("lock", "a door");
    thread::scope(|scope| {
        let reader = scope.spawn(|| glossary.look_up("lock", |_| meet()));
        let definer = scope.spawn(|| {
            let meaning = glossary.define("lock", "a curl");
            meet();
            meaning
        });
        reader.join().unwrap();
        let meaning = definer.join().unwrap();
        let kept = glossary.look_up("lock", |meaning| meaning == Some("a door"));
        assert!(kept, "a meaning was replaced by a later one");
        assert!(
            meaning == "a door",
            "`define` returned `{meaning}`, and the word means `a door`"
        );
    });
}

/// Two writers define one word, and each is told what it means from then on.
fn the_first_definition_wins() {
    let glossary = Glossary::new();
    let told = thread::scope(|scope| {
        let one = scope.spawn(|| glossary.define("lock", "a door"));
        let other = scope.spawn(|| glossary.define("lock", "a curl"));
        let early = scope.spawn(|| glossary.look_up("lock", |m| m.map(str::to_owned)));
        let early = early.join().unwrap();
        let told = [one.join().unwrap(), other.join().unwrap()];
        let early = early.unwrap_or_else(|| told[0].clone());
        [told, [early.clone(), early]].concat()
    });
    let last = glossary.look_up("lock", |meaning| meaning.unwrap_or("").to_owned());
    assert!(!last.is_empty(), "a word that was defined has no meaning");
    assert!(
        told.iter().all(|meaning| *meaning == last),
        "not all were told the same: a meaning was replaced by a later one, or `define` \
         returned its own: {told:?} were told, and the word means {last:?}",
    );
}

#[test]
fn readers_are_inside_at_the_same_time() {
    interleavings::check(readers_meet_inside);
    real_threads::run(readers_meet_inside);
}

#[test]
fn defining_a_known_word_keeps_no_reader_out() {
    interleavings::check(a_known_word_is_only_read);
    real_threads::run(a_known_word_is_only_read);
}

#[test]
fn a_meaning_stays() {
    interleavings::check(the_first_definition_wins);
    real_threads::run(the_first_definition_wins);
}
