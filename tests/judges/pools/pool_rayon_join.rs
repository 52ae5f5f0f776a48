//! Judges `pool_rayon_join` on rayon's real threads: parallel, cut off, stable.

use std::sync::{Mutex, OnceLock};

use super::*;

/// Only two threads that are at work at the same time get past here.
fn meet() {
    interleavings::rendezvous(2);
}

/// Sorts lists of all small sizes. An answer that calls itself for ever overflows its
/// stack, which ends the process: so this runs in a process of its own.
#[test]
#[ignore = "the other tests run it"]
fn a_process_of_its_own() {
    for cut_off in 1..=4 {
        for count in 0..=9 {
            real_threads::run(move || {
                merge_sort(&mut entries(count), cut_off, &|slice| by_rank(slice));
            });
        }
    }
}

/// Panics if the answer calls itself for ever.
fn comes_to_an_end() {
    static OUTPUT: OnceLock<String> = OnceLock::new();
    let output = OUTPUT.get_or_init(|| {
        let (_, module) = module_path!().split_once("::").unwrap_or_default();
        let program = std::env::current_exe().expect("a test knows its program");
        let output = std::process::Command::new(program)
            .arg(format!("{module}::a_process_of_its_own"))
            .args(["--exact", "--ignored", "--nocapture"])
            .output()
            .expect("a test can be started again");
        String::from_utf8_lossy(&output.stderr).into_owned()
    });
    assert!(
        !output.contains("overflowed its stack"),
        "`merge_sort` calls itself for ever: a slice of `cut_off` entries, or of fewer, \
         is not given to `sort`"
    );
}

fn on_two_threads<R: Send + 'static>(body: impl FnOnce() -> R + Send + 'static) -> R {
    comes_to_an_end();
    real_threads::run(|| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build();
        pool.expect("two threads can be started").install(body)
    })
}

/// Entries with few ranks, so that many are equal, numbered in their order.
fn entries(count: u32) -> Vec<Entry> {
    (0..count).map(|id| Entry { rank: id * 7 % 5, id }).collect()
}

fn by_rank(slice: &mut [Entry]) {
    slice.sort_by_key(|entry| entry.rank);
}

#[test]
fn a_merge_keeps_all_entries() {
    let [left, right] = real_threads::run(|| {
        let (few, many) = (entries(1), entries(5));
        [merge(&few, &many[1..]), merge(&many[1..], &few)]
    });
    for merged in [left, right] {
        let count = merged.len();
        assert!(count == 5, "1 entry and 4 entries were merged to {count}");
    }
}

#[test]
fn both_halves_are_sorted_at_the_same_time() {
    on_two_threads(|| {
        merge_sort(&mut entries(8), 4, &|slice| {
            meet();
            by_rank(slice);
        });
    });
}

#[test]
fn slices_are_cut_as_long_as_they_are_long() {
    let mut lengths = on_two_threads(|| {
        let lengths = Mutex::new(Vec::new());
        merge_sort(&mut entries(32), 8, &|slice| {
            lengths.lock().unwrap().push(slice.len());
            by_rank(slice);
        });
        lengths.into_inner().unwrap()
    });
    lengths.sort_unstable();
    let (shortest, longest) = (lengths.first().copied(), lengths.last().copied());
    assert!(shortest.is_some(), "`sort` was never called");
    assert!(
        longest <= Some(8),
        "`sort` was given a slice of {} entries where 8 are the most",
        longest.unwrap_or_default()
    );
    assert!(
        shortest >= Some(8),
        "a slice of 8 entries was cut on, although 8 may be sorted at once: {lengths:?}"
    );
    assert!(lengths == [8; 4], "32 entries were sorted in slices of {lengths:?}");
}

#[test]
fn equal_entries_stay_in_their_order() {
    for (count, cut_off) in [(0, 1), (1, 1), (2, 1), (3, 1), (13, 2), (100, 3)] {
        let mut sorted = entries(count);
        by_rank(&mut sorted);
        let result = on_two_threads(move || {
            let mut entries = entries(count);
            merge_sort(&mut entries, cut_off, &by_rank);
            entries
        });
        assert!(
            result.is_sorted_by_key(|entry| entry.rank),
            "{count} entries came out in a wrong order: {result:?}"
        );
        assert!(
            result == sorted,
            "entries of the same rank changed places: {result:?}"
        );
    }
}
