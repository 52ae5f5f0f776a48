//! A counter for many threads: behind one lock, behind a lock for each, without any.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

/// What the threads share; `add` is called by the thread of that number.
pub trait Counter: Sync {
    fn add(&self, thread: usize);
    fn total(&self) -> u64;
}

impl Counter for Mutex<u64> {
    fn add(&self, _: usize) {
        *self.lock().unwrap() += 1;
    }

    fn total(&self) -> u64 {
        *self.lock().unwrap()
    }
}

/// A lock for each thread, each in cache lines of its own.
pub struct Sharded(Vec<CachePadded<Mutex<u64>>>);

impl Sharded {
    pub fn new(threads: usize) -> Self {
        Self((0..threads).map(|_| CachePadded::default()).collect())
    }
}

impl Counter for Sharded {
    fn add(&self, thread: usize) {
        *self.0[thread].lock().unwrap() += 1;
    }

    fn total(&self) -> u64 {
        self.0.iter().map(|shard| *shard.lock().unwrap()).sum()
    }
}

impl Counter for AtomicU64 {
    fn add(&self, _: usize) {
        // Relaxed: the count alone is shared, and `join` orders it before `total`.
        self.fetch_add(1, Ordering::Relaxed);
    }

    fn total(&self) -> u64 {
        self.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_counts_to_six(counter: &impl Counter) {
        std::thread::scope(|scope| {
            for thread in 0..3 {
                scope.spawn(move || (0..=thread).for_each(|_| counter.add(thread)));
            }
        });
        assert_eq!(counter.total(), 1 + 2 + 3);
    }

    #[test]
    fn every_kind_sums_up_what_all_threads_added() {
        assert_counts_to_six(&Mutex::new(0));
        assert_counts_to_six(&Sharded::new(3));
        assert_counts_to_six(&AtomicU64::new(0));
    }

    #[test]
    fn shards_lie_in_cache_lines_of_their_own() {
        let Sharded(shards) = Sharded::new(2);
        let [first, second] = [0, 1].map(|shard| (&raw const *shards[shard]).addr());
        assert!(first.abs_diff(second) >= 64, "{first:x} and {second:x}");
    }
}
