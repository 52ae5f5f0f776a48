//! Judges `thread_local_tally` on real threads: a report a thread, of its own words.

use super::*;

/// Two threads read; the caller has seen two words of its own before.
fn reports() -> (Vec<u64>, u64) {
    real_threads::run(|| {
        TALLY.set(2);
        let reports = Mutex::new(Vec::new());
        count_words(&["one two three", "four"], read_together, &reports);
        let mut reports = reports.into_inner().unwrap();
        reports.sort_unstable();
        (reports, TALLY.get())
    })
}

/// Ends when both texts are read, so that nobody reports before.
fn read_together(text: &str, saw: fn(&str)) {
    text.split_whitespace().for_each(saw);
    interleavings::rendezvous(2);
}

#[test]
fn each_thread_reports_what_it_has_counted() {
    let (reports, mains) = reports();
    let sum: u64 = reports.iter().sum();
    let count = reports.len();
    assert!(
        count == 2,
        "two threads read a text each, and the reports are {reports:?}"
    );
    assert!(sum == 4, "the texts have 4 words, and {sum} were reported");
    assert!(
        reports == [1, 3],
        "a thread reported what another had counted: 3 words and 1 became {reports:?}"
    );
    assert!(mains == 2, "the caller had counted 2 words itself, and has {mains} now");
}

#[test]
fn a_word_is_counted_for_the_running_thread() {
    let tallies = real_threads::run(|| {
        saw_word("one");
        saw_word("two");
        let other = thread::spawn(|| TALLY.get()).join().unwrap();
        [TALLY.get(), other]
    });
    assert!(
        tallies == [2, 0],
        "`saw_word` was called twice on one thread, and `TALLY` is {} there and {} on \
         another",
        tallies[0],
        tallies[1]
    );
}
