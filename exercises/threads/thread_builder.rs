//! Goal:   a worker has a name and a large stack, and a refusal is an error.
//! Given:  the name, the size of the stack, and the work.
//! Change: the body of `start_worker`.
//! Check:  cargo test --bin thread_builder
//! Read:   book/src/threads.md and std::thread::Builder

use std::io;
use std::thread::{self, JoinHandle};

/// Starts `work` on a thread with this name and a stack of `stack_size` bytes.
///
/// # Errors
///
/// `InvalidInput` when the name contains a NUL byte, which no thread's name may;
/// else what the system says when it refuses the thread. Neither is a panic.
fn start_worker<T: Send + 'static>(
    name: &str,
    stack_size: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    // TODO: start the thread, or return the reason why it cannot be.
    todo!("start the worker")
}

/// Calls itself so often that 2 MiB of stack, the usual size, are not enough.
fn dig(depth: u64) -> u64 {
    let shaft = std::hint::black_box([depth; 32]);
    if depth == 0 { 0 } else { dig(depth - 1) + shaft[0].min(1) }
}

fn main() {
    real_threads::end_if_stuck();
    let mine = || {
        let depth = dig(20_000);
        println!("{:?} dug {depth} calls deep", thread::current().name());
    };
    match start_worker("miner", 64 << 20, mine) {
        Ok(miner) => miner.join().unwrap(),
        Err(error) => println!("no miner: {error}"),
    }
    match start_worker("giant", usize::MAX / 4, || println!("I fit in here?")) {
        Ok(giant) => giant.join().unwrap(),
        Err(error) => println!("no giant: {error}"),
    }
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_worker_returns_its_result() {
        real_threads::run(|| {
            let worker = start_worker("miner", 64 << 10, || 6 * 7).unwrap();
            assert_eq!(worker.join().unwrap(), 42);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/threads/thread_builder.rs"]
mod judge;
