//! Goal:   a merge sort whose halves are sorted in parallel, as long as that pays.
//! Given:  entries to be sorted by rank, and a way to sort a short slice at once.
//! Change: the bodies of `merge` and `merge_sort`.
//! Check:  cargo test --bin pool_rayon_join
//! Read:   book/src/pools.md and rayon::join

/// Sorted by `rank` alone; `id` tells apart what has the same rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    rank: u32,
    id: u32,
}

/// Merges two sorted slices into one sorted list.
///
/// It is stable: of entries with the same rank, those of `left` come first.
fn merge(left: &[Entry], right: &[Entry]) -> Vec<Entry> {
    // TODO: merge the two, without changing places of equals.
    todo!("merge the two slices")
}

/// Sorts by rank; entries with the same rank stay in their order.
///
/// A slice of at most `cut_off` entries (at least 1) is given to `sort`, which is stable.
/// A longer one is cut in the middle, and its halves are sorted at the same time.
fn merge_sort(
    entries: &mut [Entry],
    cut_off: usize,
    sort: &(dyn Fn(&mut [Entry]) + Sync),
) {
    // TODO: sort short slices with `sort`, and long ones as two halves in parallel.
    todo!("sort the entries")
}

fn main() {
    real_threads::end_if_stuck();
    let [a, b, c] = [(1, 0), (3, 1), (2, 2)].map(|(rank, id)| Entry { rank, id });
    println!("merged: {:?}", merge(&[a, b], &[c]));
    let entry = |id: u32| Entry { rank: id.wrapping_mul(0x9e37_79b1) >> 16, id };
    let mut entries: Vec<Entry> = (0..100_000).map(entry).collect();
    merge_sort(&mut entries, 1000, &|slice| slice.sort_by_key(|entry| entry.rank));
    println!("sorted: {}", entries.is_sorted_by_key(|entry| entry.rank));
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn four_entries_are_sorted() {
        real_threads::run(|| {
            let mut entries = [3, 1, 2, 1].map(|rank| Entry { rank, id: 0 });
            merge_sort(&mut entries, 2, &|slice| slice.sort_by_key(|e| e.rank));
            assert_eq!(entries.map(|entry| entry.rank), [1, 1, 2, 3]);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/pools/pool_rayon_join.rs"]
mod judge;
