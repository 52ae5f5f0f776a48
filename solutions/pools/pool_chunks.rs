//! Goal:   the items are handed out in chunks, neither too few nor too many.
//! Given:  a pool of rayon, the items, and the work on a chunk of them.
//! Answer: some chunks for each worker, however many items there are.
//! Check:  cargo test --bin pool_chunks_sol
//! Read:   book/src/pools.md and rayon::slice::ParallelSlice::par_chunks

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::ThreadPool;
use rayon::prelude::*;

/// Calls `work` on the pool's threads, for chunks that together are all of the items.
///
/// To hand out a chunk costs something, so there are at most 32 chunks a worker. The
/// items differ: the last ones may cost far more than the first. So that nobody is idle
/// while one worker is at its last chunk, there are at least 4 chunks a worker, as long
/// as there are items enough. A chunk is never empty.
fn in_chunks(pool: &ThreadPool, items: &[u64], work: impl Fn(&[u64]) + Send + Sync) {
    // Twelve are between the two limits, whichever way the division is rounded. With
    // one chunk a worker, whoever has the last one works when the others are done. With
    // one item a chunk, the workers are busy with fetching.
    let chunks = 12 * pool.current_num_threads();
    // No items make a length of 0, which `par_chunks` does not take.
    let chunk_len = items.len().div_ceil(chunks).max(1);
    pool.install(|| items.par_chunks(chunk_len).for_each(&work));
}

fn main() {
    real_threads::end_if_stuck();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build();
    let pool = pool.expect("two threads can be started");
    let items: Vec<u64> = (0..1_000_000_u64).into_par_iter().map(|n| n * n).collect();
    let chunks = [const { AtomicUsize::new(0) }; 2];
    in_chunks(&pool, &items, |chunk| {
        let worker = rayon::current_thread_index().expect("a thread of the pool");
        chunks[worker].fetch_add(1, Ordering::Relaxed);
        std::hint::black_box(chunk.iter().map(|item| item.isqrt()).sum::<u64>());
    });
    println!("chunks a worker: {chunks:?}");
}

#[cfg(test)]
mod example {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn all_items_are_worked_on() {
        real_threads::run(|| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
            let seen = Mutex::new(Vec::<u64>::new());
            in_chunks(&pool, &[1, 2, 3], |chunk| seen.lock().unwrap().extend(chunk));
            let mut seen = seen.into_inner().unwrap();
            seen.sort_unstable();
            assert_eq!(seen, [1, 2, 3]);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/pools/pool_chunks.rs"]
mod judge;
