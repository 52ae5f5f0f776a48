//! `Builder` gives a thread a name and a stack, and makes a refusal an error.
//!
//! `thread::spawn` panics when the system refuses a thread; `Builder::spawn` returns the
//! error (Python raises RuntimeError). A stack is reserved at its full size but takes
//! memory only where it is touched. Too small a stack cannot be survived: the program
//! is aborted, so that run happens in a process of its own.
//! The system may cut the name: Linux keeps 15 bytes. A zero byte in it panics.
//!
//! Run:     cargo run -p thread-demo -- builder
//! Expect:  names, a deep recursion that fits and one that does not, a refusal
//! Chapter: book/src/thread-cost.md
//! Source:  std::thread::Builder, the Linux manual page pthread_setname_np(3)

use std::hint::black_box;
use std::io;
use std::thread;

use anyhow::{Context, ensure};
use common::{println, trial};

const MIB: usize = 1 << 20;

/// How deep `dig` goes, in bytes of stack.
const DEPTH: usize = 4 * MIB;

/// More than any machine has addresses for: half of all that a pointer can name.
const ABSURD_STACK: usize = 1 << (usize::BITS - 1);

pub fn run() -> anyhow::Result<()> {
    let name = "ocean thermometer";
    let (told, kernel) = in_thread(name, 2 * MIB, || {
        (thread::current().name().map(str::to_owned), name_in_kernel())
    })?;
    ensure!(told.as_deref() == Some(name), "the thread has lost its name");
    println!("built thread:   {told:?}");
    if let Some(kernel) = kernel {
        println!("  as Linux has it: {kernel:?}");
    }
    let unnamed = thread::spawn(|| thread::current().name().map(str::to_owned));
    let unnamed = unnamed.join().unwrap();
    println!("spawned thread: {unnamed:?}");
    ensure!(unnamed.is_none(), "thread::spawn gave a name");

    let calls = in_thread("digger", 16 * MIB, || dig(DEPTH))?;
    println!("\n16 MiB of stack: {calls} nested calls, 4 MiB deep, fit in");
    println!("2 MiB of stack, the same calls, in a process of its own:");
    let too_small = trial("stack-overflow")?;
    too_small.show();
    println!("  ended by {}", too_small.status);
    let overflowed = too_small.output.contains("overflowed its stack");
    ensure!(!too_small.status.success() && overflowed, "the calls fitted in");

    let refused = in_thread("giant", ABSURD_STACK, || ());
    let error = refused.err().context("the system granted the absurd stack")?;
    println!("\n2^{} bytes of stack: {error}", ABSURD_STACK.ilog2());
    println!("\nok: the refusal was an error, and the program went on");
    Ok(())
}

/// The recursion on too small a stack; ends this process.
pub fn stack_overflow() -> anyhow::Result<()> {
    in_thread("digger", 2 * MIB, || dig(DEPTH))?;
    Ok(())
}

/// Runs `work` in a thread with this name and at least this much stack, in bytes.
fn in_thread<T: Send + 'static>(
    name: &str,
    stack_size: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let builder = thread::Builder::new().name(name.to_owned()).stack_size(stack_size);
    Ok(builder.spawn(work)?.join().unwrap())
}

/// Calls itself until `depth` bytes of stack are in use; returns the number of calls.
fn dig(depth: usize) -> usize {
    let surface = 0_u8;
    dig_below(&raw const surface as usize, depth)
}

fn dig_below(surface: usize, depth: usize) -> usize {
    let page = black_box([0_u8; 4096]);
    if surface.abs_diff(page.as_ptr() as usize) >= depth {
        return 1;
    }
    let calls = 1 + dig_below(surface, depth);
    // Still in use after the call: the page stays, and the call does not become a loop.
    black_box(page);
    calls
}

/// The calling thread's name as Linux keeps it; another system is not asked.
fn name_in_kernel() -> Option<String> {
    let name = std::fs::read_to_string("/proc/thread-self/comm").ok()?;
    Some(name.trim_end().to_owned())
}
