//! A stack that threads can wait for: the newest item comes out first.
//!
//! Right where the newest matters, such as the last picture of a camera, and where
//! work makes more work: the walk through a tree goes down first instead of keeping a
//! whole level in the queue. What is at the bottom may wait for ever.
//!
//! Run:     cargo run -p queue-demo -- lifo
//! Expect:  items in reverse, then the same walk with a queue of 729 and of 13
//! Chapter: book/src/queues.md
//! Source:  Python's queue.LifoQueue; D. E. Knuth, TAOCP 1, section 2.2.1

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use common::measure::duration;
use common::println;

use crate::blocking_queue::{BlockingQueue, FifoQueue, LifoQueue, PutError};
use crate::store::Store;

const CAPACITY: NonZeroUsize = NonZeroUsize::new(3).unwrap();
const PATIENCE: Duration = Duration::from_millis(10);
/// The tree: so many levels below the root, so many children of each node above.
const DEPTH: u32 = 6;
const CHILDREN: usize = 3;

pub fn run() -> anyhow::Result<()> {
    newest_first()?;

    println!("\na walk through a tree of {} nodes:", nodes());
    let wide = longest_queue(&FifoQueue::unbounded())?;
    println!("first in, first out: at most {wide:3} nodes wait");
    let deep = longest_queue(&LifoQueue::unbounded())?;
    println!("last in, first out:  at most {deep:3} nodes wait");
    ensure!(wide == CHILDREN.pow(DEPTH), "a level has {} nodes", CHILDREN.pow(DEPTH));
    ensure!(deep < wide);
    println!("ok: the newest came first, and the walk went down before it went on");
    Ok(())
}

fn newest_first() -> anyhow::Result<()> {
    let queue = LifoQueue::bounded(CAPACITY);
    thread::scope(|scope| {
        // Whether it waits already when the first item comes is the scheduler's choice.
        let taker = scope.spawn(|| queue.take());
        queue.put("early")?;
        let taken = taker.join().expect("taking does not panic")?;
        println!("another thread took {taken:?}, waiting for it if need be");
        ensure!(taken == "early");

        for item in ["bottom", "middle", "top"] {
            queue.try_put(item)?;
        }
        let refused = queue.put_timeout("too many", PATIENCE);
        ensure!(refused == Err(PutError::Full("too many")), "{refused:?}");
        let patience = duration(PATIENCE.as_secs_f64());
        println!(
            "a fourth item for a stack of {CAPACITY}: still full after {patience}"
        );
        let taken: Vec<_> = std::iter::from_fn(|| queue.try_take().ok()).collect();
        println!("out of the stack: {}", taken.join(", "));
        ensure!(taken == ["top", "middle", "bottom"], "{taken:?}");
        Ok(())
    })
}

/// Walks through the tree; a node is told by how many levels are below it.
fn longest_queue<S: Store<Item = u32>>(
    queue: &BlockingQueue<S>,
) -> anyhow::Result<usize> {
    let (mut longest, mut seen) = (0, 0);
    queue.put(DEPTH)?;
    // Alone in here, so an empty queue does mean the end; in `joinable` it does not.
    while let Ok(below) = queue.try_take() {
        seen += 1;
        for _ in 0..CHILDREN * usize::from(below > 0) {
            queue.put(below - 1)?;
        }
        longest = longest.max(queue.len());
    }
    ensure!(seen == nodes(), "the walk saw {seen} of {} nodes", nodes());
    Ok(longest)
}

fn nodes() -> usize {
    (0..=DEPTH).map(|level| CHILDREN.pow(level)).sum()
}
