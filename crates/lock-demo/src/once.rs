//! A value can be made once for all threads, by whoever needs it first.
//!
//! Four threads ask for a table of primes at the same moment. One of them makes it, the
//! others wait for it and get the same one. With `if empty { fill }` two could find it
//! empty, as in Python two threads may run a `functools.cache`d function twice. An
//! initialiser that panics leaves a `OnceLock` empty, and a `LazyLock` useless for good.
//!
//! Run:     cargo run -p lock-demo -- once
//! Expect:  one of four threads at work, one table; three panics on standard error
//! Chapter: book/src/once.md
//! Source:  std::sync::OnceLock, std::sync::LazyLock

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Barrier, LazyLock, OnceLock};
use std::thread;

use anyhow::ensure;
use common::{Actor, println, timeline};

const THREADS: usize = 4;
const LIMIT: usize = 200_000;

static TABLES_MADE: AtomicU32 = AtomicU32::new(0);
static PRIMES: OnceLock<Vec<usize>> = OnceLock::new();

/// As `PRIMES`, with its initialiser beside it: there is no other way to make it.
static SQUARES: LazyLock<Vec<u64>> =
    LazyLock::new(|| (0..1000).map(|n| n * n).collect());

pub fn run() -> anyhow::Result<()> {
    let all_ask = Barrier::new(THREADS);
    let threads: Vec<Actor> =
        (1..=THREADS).map(|number| Actor::new(format!("thread {number}"))).collect();
    let tables: Vec<&'static [usize]> = thread::scope(|scope| {
        // ANCHOR: ask
        let ask = |me: Actor| {
            all_ask.wait();
            let _waiting = me.waits("the primes");
            PRIMES.get_or_init(|| make_primes(me)).as_slice()
        };
        // ANCHOR_END: ask
        let asking: Vec<_> =
            threads.into_iter().map(|me| scope.spawn(move || ask(me))).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    timeline::so_far().print();
    // Relaxed: joining the threads has ordered their additions before this.
    let made = TABLES_MADE.load(Ordering::Relaxed);
    let shared = tables.iter().all(|table| std::ptr::eq(*table, tables[0]));
    println!("{THREADS} threads asked at once, {made} made {} primes", tables[0].len());
    ensure!(made == 1 && shared, "{made} tables were made");

    let late = PRIMES.set(vec![2, 3, 5]);
    ensure!(late.is_err(), "a full OnceLock was set again");
    println!("setting it again gives the value back: {late:?}");
    println!("a LazyLock brings its initialiser along: 12 * 12 = {}", SQUARES[12]);

    let retried: OnceLock<u32> = OnceLock::new();
    let failed = panics(|| retried.get_or_init(|| panic!("no network")))?;
    ensure!(failed, "the panic of an initialiser did not reach the caller");
    let value = retried.get_or_init(|| 7);
    println!("after a panic the next one may fill a OnceLock: {value}");
    let lazy: LazyLock<u32> = LazyLock::new(|| panic!("no network"));
    let failed = [panics(|| *lazy)?, panics(|| *lazy)?];
    ensure!(failed == [true, true], "a LazyLock came to life after a panic");
    println!("a LazyLock has one initialiser, and panics for ever after");
    println!("\nok: made once, and all {THREADS} threads got the same one");
    Ok(())
}

/// All primes below [`LIMIT`], by the sieve of Eratosthenes.
fn make_primes(me: Actor) -> Vec<usize> {
    let _working = me.works("the primes");
    TABLES_MADE.fetch_add(1, Ordering::Relaxed);
    let mut is_prime = vec![true; LIMIT];
    let mut primes = Vec::new();
    for number in 2..LIMIT {
        if is_prime[number] {
            primes.push(number);
            (number * number..LIMIT)
                .step_by(number)
                .for_each(|it| is_prime[it] = false);
        }
    }
    primes
}

/// Runs `ask` in a thread of its own; says whether that panicked.
fn panics<T: Send>(ask: impl FnOnce() -> T + Send) -> io::Result<bool> {
    thread::scope(|scope| {
        let asker = thread::Builder::new().name("asker".into());
        Ok(asker.spawn_scoped(scope, ask)?.join().is_err())
    })
}
