//! Goal:   a function is applied to all items by a fixed number of threads.
//! Given:  the items, the number of threads, and the function.
//! Answer: a chunk of neighbours for each thread; the chunks are joined in order.
//! Check:  cargo test --bin thread_map_sol
//! Read:   book/src/thread-cost.md and slice::chunks

use std::thread;

/// Calls `f` once for each item, and returns the results in the order of the items.
///
/// Starts `workers` threads at most: one that is done is not replaced by another one.
/// When the items can be shared out evenly, each worker has its share, and all work at
/// the same time. `workers` is at least 1; `items` may be empty.
fn parallel_map<T: Sync, R: Send>(
    items: &[T],
    workers: usize,
    f: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    // Rounded up, so that there are never more chunks than workers; rounded down, the
    // rest would be one more. `chunks` does not take 0, which comes from no items.
    let chunk_len = items.len().div_ceil(workers).max(1);
    let map_chunk = |chunk: &[T]| chunk.iter().map(&f).collect::<Vec<_>>();
    thread::scope(|scope| {
        let threads: Vec<_> = items
            .chunks(chunk_len)
            .map(|chunk| scope.spawn(move || map_chunk(chunk)))
            .collect();
        // In the order of the chunks, not of their ends. Threads that fetch the next
        // item from a shared counter do it too; they must sort by position in the end.
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn main() {
    real_threads::end_if_stuck();
    let numbers: Vec<u64> = (1..=8).collect();
    let squares = parallel_map(&numbers, 4, |number| {
        println!("{:?} squares {number}", thread::current().id());
        number * number
    });
    println!("{squares:?}");
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn two_threads_square_four_numbers() {
        interleavings::check(|| {
            let squares = parallel_map(&[1, 2, 3, 4], 2, |number| number * number);
            assert_eq!(squares, [1, 4, 9, 16]);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/threads/thread_map.rs"]
mod judge;
