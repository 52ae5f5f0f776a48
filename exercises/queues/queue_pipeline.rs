//! Goal:   three stages work at the same time, and the pipeline ends by itself.
//! Given:  what each stage does: a source, a conversion, a sink.
//! Change: the body of `run_pipeline`.
//! Check:  cargo test --bin queue_pipeline
//! Read:   book/src/pipelines.md and std::sync::mpsc

use std::sync::mpsc;
use std::thread;

/// Passes every item of `source` through `convert` to `sink`, in order.
///
/// Each of the three runs on a thread of its own: while the sink takes one item, the
/// conversion may work on the next and the source fetch the one after that. Returns
/// when the sink has had the last item.
fn run_pipeline(
    source: impl Iterator<Item = u64> + Send,
    convert: impl Fn(u64) -> u64 + Send,
    sink: impl FnMut(u64) + Send,
) {
    // TODO: three threads and two channels between them.
    todo!("connect the source, the conversion and the sink")
}

fn main() {
    real_threads::end_if_stuck();
    let mut squares = Vec::new();
    run_pipeline(1..=5, |number| number * number, |square| squares.push(square));
    println!("the squares of 1 to 5: {squares:?}");
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn it_squares() {
        interleavings::check(|| {
            let mut squares = Vec::new();
            run_pipeline(2..=3, |number| number * number, |n| squares.push(n));
            assert_eq!(squares, [4, 9]);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/queues/queue_pipeline.rs"]
mod judge;
