//! Judges `thread_builder` on real threads: name, stack, and refusals.

use std::panic::{self, AssertUnwindSafe};

use super::*;

const MIB: usize = 1 << 20;

/// Starts a worker that must be refused.
fn refusal(name: &'static str, stack_size: usize) -> Option<io::Error> {
    // An untouched exercise stops here.
    let worker = start_worker("reader 0", MIB, || ()).expect("a worker can be started");
    worker.join().expect("the worker does nothing");
    let start = || start_worker(name, stack_size, || ());
    let outcome = panic::catch_unwind(AssertUnwindSafe(start));
    let result = outcome.unwrap_or_else(|_| {
        panic!("`start_worker` panicked where it should have returned an error")
    });
    result.err()
}

/// How far the stack of the running thread goes on below this call, where the system
/// tells.
fn stack_below() -> Option<usize> {
    let local = 0_u8;
    let address = (&raw const local).addr();
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    maps.lines().find_map(|line| {
        let (from, to) = line.split_once(' ')?.0.split_once('-')?;
        let from = usize::from_str_radix(from, 16).ok()?;
        let to = usize::from_str_radix(to, 16).ok()?;
        (from..to).contains(&address).then(|| address - from)
    })
}

#[test]
fn the_worker_has_its_name() {
    let (inside, outside) = real_threads::run(|| {
        let name = || thread::current().name().map(str::to_owned);
        let worker = start_worker("reader 1", MIB, name).unwrap();
        let outside = worker.thread().name().map(str::to_owned);
        (worker.join().unwrap(), outside)
    });
    let name = Some("reader 1".to_owned());
    assert!(inside == name, "the worker `reader 1` finds its name to be {inside:?}");
    assert!(outside == name, "the handle of `reader 1` names {outside:?}");
}

#[test]
fn the_worker_has_its_stack() {
    // More than the usual 2 MiB.
    let below = real_threads::run(|| {
        let worker = start_worker("reader 1", 32 * MIB, stack_below);
        worker.map(|worker| worker.join().unwrap())
    });
    let below = below.unwrap_or_else(|error| {
        panic!("a worker that asked for 32 MiB of stack was refused: {error}")
    });
    let Some(below) = below else { return };
    let mib = below.div_ceil(MIB);
    assert!(
        (31..=64).contains(&mib),
        "a worker that asked for 32 MiB of stack has {mib} MiB"
    );
}

#[test]
fn a_stack_larger_than_memory_is_an_error() {
    let error = real_threads::run(|| refusal("giant", usize::MAX / 4));
    assert!(error.is_some(), "a stack of {} bytes was granted", usize::MAX / 4);
}

#[test]
fn a_name_with_a_nul_byte_is_an_error() {
    let error = real_threads::run(|| refusal("reader\0", MIB));
    let kind = error.map(|error| error.kind());
    assert!(kind.is_some(), "a name with a NUL byte was taken");
    assert!(
        kind == Some(io::ErrorKind::InvalidInput),
        "a name with a NUL byte is refused as {kind:?}"
    );
}
