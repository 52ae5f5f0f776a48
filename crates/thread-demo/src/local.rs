//! A thread-local value exists once in each thread that asks for it.
//!
//! Its initialiser runs at a thread's first use, its `Drop` at that thread's end (the
//! main thread's may not run at all). In Python an attribute that main has set is
//! missing in other threads; here each thread starts with the initialiser.
//! The trap is the same in both: a thread that serves one job after another, as those
//! of a pool do, keeps the value of the job before.
//!
//! Run:     cargo run -p thread-demo -- local
//! Expect:  three workers with counts of their own, and a value left over from a job
//! Chapter: book/src/thread-locals.md
//! Source:  std::thread::LocalKey

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use anyhow::ensure;
use common::println;

// ANCHOR: values
thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
    static NOTEBOOK: Notebook = Notebook::open();
    static USER: RefCell<String> = const { RefCell::new(String::new()) };
}
// ANCHOR_END: values

static OPENED: AtomicUsize = AtomicUsize::new(0);
static CLOSED: AtomicUsize = AtomicUsize::new(0);

/// Counts how often it is made and dropped.
struct Notebook;

impl Notebook {
    fn open() -> Self {
        // Relaxed, here and below: main reads only after it has joined the thread.
        OPENED.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Notebook {
    fn drop(&mut self) {
        CLOSED.fetch_add(1, Ordering::Relaxed);
    }
}

pub fn run() -> anyhow::Result<()> {
    each_counts_for_itself()?;

    let opened = OPENED.load(Ordering::Relaxed);
    let closed = CLOSED.load(Ordering::Relaxed);
    println!(
        "values made at first use: {opened}, dropped by the time of join: {closed}"
    );
    ensure!((opened, closed) == (3, 3), "not one value a worker");

    println!("\nOne thread serves Ann, then a guest without a name:");
    left_over()?;
    println!("\nok: three threads had a value each, two jobs of one thread shared one");
    Ok(())
}

fn each_counts_for_itself() -> anyhow::Result<()> {
    COUNT.set(100);
    println!("main sets its count to {}", COUNT.get());
    for steps in 1..=3 {
        let worker = thread::spawn(move || {
            let first = COUNT.get();
            for _ in 0..steps {
                COUNT.set(COUNT.get() + 1);
                // Made at the first use only.
                NOTEBOOK.with(|_notebook| ());
            }
            (first, COUNT.get())
        });
        let (first, last) = worker.join().unwrap();
        println!("worker {steps} finds {first} and counts to {last}");
        ensure!((first, last) == (0, steps), "worker {steps} saw a count not its own");
    }
    println!("main still has {}", COUNT.get());
    ensure!(COUNT.get() == 100, "a worker changed main's count");
    Ok(())
}

fn left_over() -> anyhow::Result<()> {
    let greetings = serve(&["Ann", ""], |name| {
        USER.with_borrow_mut(|user| user.push_str(name));
        format!("hello {}", USER.with_borrow(String::clone))
    });
    println!("  the value stays in the thread: {greetings:?}");
    ensure!(greetings == ["hello Ann", "hello Ann"], "nothing was left over");
    let greetings = serve(&["Ann", ""], |name| {
        USER.with_borrow_mut(|user| user.push_str(name));
        format!("hello {}", USER.take())
    });
    println!("  each job takes it out:         {greetings:?}");
    ensure!(greetings == ["hello Ann", "hello "], "the guest was taken for Ann");
    Ok(())
}

/// Lets a single thread do a job for each of the names.
fn serve(names: &[&str], job: fn(&str) -> String) -> Vec<String> {
    let (jobs, queue) = mpsc::channel::<String>();
    let worker = thread::spawn(move || queue.iter().map(|name| job(&name)).collect());
    for name in names {
        jobs.send((*name).to_owned()).expect("the worker reads until we hang up");
    }
    drop(jobs);
    worker.join().unwrap()
}
