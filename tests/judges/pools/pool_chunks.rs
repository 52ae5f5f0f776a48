//! Judges `pool_chunks` on rayon's real threads, by counting chunks and their items.

use std::ops::Range;
use std::sync::Mutex;

use super::*;

const WORKERS: usize = 4;

fn pool(workers: usize) -> ThreadPool {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(workers);
    let pool = pool.thread_name(|number| format!("worker {number}"));
    pool.build().expect("a few threads can be started")
}

/// Panics on a thread that is none of [`pool`].
fn in_the_pool() {
    let name = std::thread::current().name().map(str::to_owned);
    let own = name.is_some_and(|name| name.starts_with("worker "));
    assert!(own, "a chunk was not worked on by the pool that was given");
}

/// The chunks of so many items, in the order of the items.
fn chunks_of(count: usize) -> Vec<Range<usize>> {
    chunks_for(WORKERS, count)
}

fn chunks_for(workers: usize, count: usize) -> Vec<Range<usize>> {
    real_threads::run(move || {
        let items: Vec<u64> = (0..count as u64).collect();
        let chunks = Mutex::new(Vec::new());
        in_chunks(&pool(workers), &items, |chunk| {
            in_the_pool();
            assert!(!chunk.is_empty(), "a chunk of {count} items was empty");
            let start = chunk[0] as usize;
            chunks.lock().unwrap().push(start..start + chunk.len());
        });
        let mut chunks = chunks.into_inner().unwrap();
        chunks.sort_unstable_by_key(|chunk| chunk.start);
        chunks
    })
}

/// The part that the busiest worker does, in percent of an equal share, when the cost
/// of an item grows with its number and each worker takes the next chunk when it is
/// done with one. It is computed, not measured.
fn percent_of_the_busiest(chunks: &[Range<usize>]) -> usize {
    let cost = |chunk: &Range<usize>| chunk.clone().sum::<usize>();
    let mut workers = [0; WORKERS];
    for chunk in chunks {
        let first_done = workers.iter_mut().min().expect("there are workers");
        *first_done += cost(chunk);
    }
    let busiest = workers.into_iter().max().expect("there are workers");
    100 * WORKERS * busiest / chunks.iter().map(cost).sum::<usize>().max(1)
}

#[test]
fn every_item_is_in_one_chunk() {
    for count in [0, 1, 3, 5, 49, 1003] {
        let mut next = 0;
        for chunk in chunks_of(count) {
            assert!(
                chunk.start == next,
                "items between {next} and {} of {count} were left out or came twice",
                chunk.start
            );
            next = chunk.end;
        }
        assert!(
            next == count,
            "of {count} items the last {} did not come",
            count - next
        );
    }
}

/// The limits are for each worker, so they move with the size of the pool; and they hold
/// for few items, as long as there is one for each chunk.
#[test]
fn the_limits_are_for_each_worker() {
    for (workers, count) in [(4, 17), (2, 9), (4, 33), (2, 400), (16, 4000)] {
        let number = chunks_for(workers, count).len();
        let (least, most) = (4 * workers, 32 * workers);
        assert!(
            (least..=most).contains(&number),
            "items {count}, workers {workers}, chunks {number}: {least} to {most} are allowed"
        );
    }
}

#[test]
fn nobody_is_idle() {
    for count in [400, 40_000] {
        let chunks = chunks_of(count);
        let busiest = percent_of_the_busiest(&chunks);
        let number = chunks.len();
        assert!(
            number >= 4 * WORKERS,
            "items {count}, workers {WORKERS}, chunks {number}: when the last \
             items cost most, the busiest worker has {busiest} % of its share to do"
        );
        assert!(
            busiest <= 130,
            "the {number} chunks of {count} items differ so much that the busiest \
             worker may have {busiest} % of its share to do"
        );
    }
}

#[test]
fn the_overhead_is_small() {
    for count in [400, 40_000] {
        let number = chunks_of(count).len();
        assert!(
            number <= 32 * WORKERS,
            "{count} items became {number} chunks for {WORKERS} workers: they are busy \
             with fetching chunks"
        );
    }
}

#[test]
fn all_workers_are_at_work() {
    // With fewer chunks they cannot be, and `nobody_is_idle` says so.
    if chunks_of(400).len() < WORKERS {
        return;
    }
    real_threads::run(|| {
        let items = [7; 400];
        let begun = AtomicUsize::new(0);
        in_chunks(&pool(WORKERS), &items, |_| {
            in_the_pool();
            if begun.fetch_add(1, Ordering::SeqCst) < WORKERS {
                interleavings::rendezvous(WORKERS);
            }
        });
    });
}
