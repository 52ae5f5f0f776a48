//! Measures the objects on this machine: uncontended, and between two processes.
//!
//! Run: cargo run --release -p crossprocess --example measure

use std::hint::black_box;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crossprocess::pool::{PoolOptions, Work};
use crossprocess::process::{Entry, child_role};
use crossprocess::{
    ByteQueue, Condition, Error, Latch, Lock, RwLock, Segment, Semaphore, Value,
};

/// Each figure is the median of so many runs, with the shortest and the longest.
const RUNS: usize = 15;

const HAMMER: Entry<u64> = Entry::new("hammer");
const SINK: Entry<u64> = Entry::new("sink");
const PONG: Entry<u64> = Entry::new("pong");
const NOTHING: Entry<()> = Entry::new("nothing");
const DOUBLE: Work<(), u64, u64> = Work::new("double");

fn main() -> ExitCode {
    if let Some(role) = child_role() {
        return role
            .on(&HAMMER, hammer)
            .on(&SINK, sink)
            .on(&PONG, pong)
            .on(&NOTHING, |()| {})
            .work(&DOUBLE, |()| Ok(()), |(), n| n * 2)
            .finish();
    }
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), Error> {
    let segment = Segment::create(8 << 20)?;
    alone(&segment)?;
    together()?;
    queues()?;
    pools()?;
    starts()
}

fn alone(segment: &Segment) -> Result<(), Error> {
    const ROUNDS: u32 = 50_000;
    let mutex = Mutex::new(0_u64);
    let ns = |work: &dyn Fn()| {
        times(|| {
            let begun = Instant::now();
            (0..ROUNDS).for_each(|_| work());
            begun.elapsed() / ROUNDS
        })
    };
    let lock = Lock::create(segment, "lock", 0_u64)?;
    let rwlock = RwLock::create(segment, "rwlock", 0_u64)?;
    let semaphore = Semaphore::create(segment, "semaphore", 1)?;
    let value = Value::create(segment, "value", 0_u64)?;
    let unit = Lock::create(segment, "unit", ())?;
    say("std Mutex, += 1", &ns(&|| *black_box(&mutex).lock().unwrap() += 1));
    say("Lock<()>", &ns(&|| drop(black_box(&unit).lock().unwrap())));
    say("Lock<u64>, += 1", &ns(&|| *black_box(&lock).lock().unwrap() += 1));
    say("RwLock<u64>, read", &ns(&|| drop(black_box(&rwlock).read().unwrap())));
    say("Semaphore", &ns(&|| drop(black_box(&semaphore).acquire().unwrap())));
    say("Value<u64>, += 1", &ns(&|| black_box(&value).update(|n| *n += 1).unwrap()));
    Ok(())
}

fn hammer(rounds: u64) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let lock = Lock::<u64>::open(&segment, "lock")?;
    let latch = Latch::open(&segment, "ready")?;
    latch.count_down();
    latch.wait()?;
    for _ in 0..rounds {
        *lock.lock()? += 1;
    }
    Ok(())
}

fn together() -> Result<(), Error> {
    const ROUNDS: u64 = 1_000_000;
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..RUNS {
        let segment = Segment::create(1 << 16)?;
        let lock = Lock::create(&segment, "lock", 0_u64)?;
        let latch = Latch::create(&segment, "ready", 2)?;
        let mut child = HAMMER.with(&ROUNDS)?.segment(&segment).spawn()?;
        latch.count_down();
        latch.wait()?;
        let begun = Instant::now();
        for _ in 0..ROUNDS {
            *lock.lock()? += 1;
        }
        child.wait()?;
        times.push(begun.elapsed() / (2 * ROUNDS as u32));
        assert_eq!(*lock.lock()?, 2 * ROUNDS);
    }
    times.sort_unstable();
    say("Lock<u64>, += 1, two processes", &times);

    const TURNS: u64 = 20_000;
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..RUNS {
        let segment = Segment::create(1 << 16)?;
        let turn = Lock::create(&segment, "turn", 0_u64)?;
        let changed = Condition::create(&segment, "changed")?;
        let mut child = PONG.with(&TURNS)?.segment(&segment).spawn()?;
        drop(changed.wait_while(turn.lock()?, |turn| *turn == 0)?);
        let begun = Instant::now();
        for round in 0..TURNS {
            let mut turn = changed.wait_while(turn.lock()?, |n| *n != 2 * round + 1)?;
            *turn += 1;
            drop(turn);
            changed.notify_one();
        }
        times.push(begun.elapsed() / TURNS as u32);
        child.wait()?;
    }
    times.sort_unstable();
    say("Condition, there and back", &times);
    Ok(())
}

fn pong(turns: u64) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let turn = Lock::<u64>::open(&segment, "turn")?;
    let changed = Condition::open(&segment, "changed")?;
    for round in 0..turns {
        let mut turn = changed.wait_while(turn.lock()?, |n| *n != 2 * round)?;
        *turn += 1;
        drop(turn);
        changed.notify_one();
    }
    Ok(())
}

fn sink(count: u64) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let queue = ByteQueue::open(&segment, "queue")?;
    let ready = Latch::open(&segment, "ready")?;
    let done = Latch::open(&segment, "done")?;
    ready.count_down();
    let mut message = Vec::new();
    for _ in 0..count {
        queue.recv_into(&mut message)?;
    }
    done.count_down();
    Ok(())
}

fn queues() -> Result<(), Error> {
    for (size, count) in
        [(8, 1_000_000), (1 << 10, 300_000), (64 << 10, 8_000), (1 << 20, 500)]
    {
        let capacity = (4 * size).max(1 << 18);
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..RUNS {
            let segment = Segment::create(2 * capacity + (1 << 16))?;
            let queue = ByteQueue::create(&segment, "queue", capacity)?;
            let ready = Latch::create(&segment, "ready", 1)?;
            let done = Latch::create(&segment, "done", 1)?;
            let mut child = SINK.with(&count)?.segment(&segment).spawn()?;
            let message = vec![7; size];
            ready.wait()?;
            let begun = Instant::now();
            for _ in 0..count {
                queue.send(&message)?;
            }
            done.wait()?;
            times.push(begun.elapsed() / count as u32);
            child.wait()?;
        }
        rates(&format!("queue, {size} bytes"), &mut times);
        rates(&format!("pipe to a thread, {size} bytes"), &mut pipe(size, count));
    }
    Ok(())
}

/// The same messages, with their length before them, through a pipe of std.
fn pipe(size: usize, count: u64) -> Vec<Duration> {
    times(|| {
        let (mut receiver, mut sender) = std::io::pipe().expect("a pipe");
        let message = vec![7; size];
        let begun = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut message = Vec::new();
                for _ in 0..count {
                    let mut len = [0; 8];
                    receiver.read_exact(&mut len).expect("the length");
                    message.resize(u64::from_le_bytes(len) as usize, 0);
                    receiver.read_exact(&mut message).expect("the message");
                }
            });
            for _ in 0..count {
                sender.write_all(&(size as u64).to_le_bytes()).expect("the length");
                sender.write_all(&message).expect("the message");
            }
        });
        begun.elapsed() / count as u32
    })
}

fn rates(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let (low, mid, high) = (times[0], times[RUNS / 2], times[RUNS - 1]);
    let rate = |time: Duration| 1e-3 / time.as_secs_f64();
    eprintln!(
        "{:<32} {:>10.1} thousand a second ({:.1}..{:.1})",
        what,
        rate(mid),
        rate(high),
        rate(low)
    );
}

fn pools() -> Result<(), Error> {
    const JOBS: u64 = 20_000;
    for chunk in [1, 64] {
        let mut pool = PoolOptions::new().chunk(chunk).start(&DOUBLE, 2, &())?;
        let time = times(|| {
            let begun = Instant::now();
            assert!(pool.map(0..JOBS).all(|result| result.is_ok()));
            begun.elapsed() / JOBS as u32
        });
        say(&format!("pool of 2, a job, chunks of {chunk}"), &time);
    }
    Ok(())
}

fn starts() -> Result<(), Error> {
    let exe = std::env::current_exe().expect("this executable");
    let plain = times(|| {
        let begun = Instant::now();
        let mut command = std::process::Command::new(&exe);
        command.env("CROSSPROCESS_ROLE", "nothing").env("CROSSPROCESS_PAYLOAD", "");
        assert!(command.status().expect("start").success());
        begun.elapsed()
    });
    let ours = times(|| {
        let begun = Instant::now();
        let mut child = NOTHING.with(&()).expect("entry").spawn().expect("start");
        assert!(child.wait().expect("wait").success());
        begun.elapsed()
    });
    say("start and end, Command", &plain);
    say("start and end, Entry", &ours);
    Ok(())
}

/// The times of all runs, shortest first.
fn times(mut run: impl FnMut() -> Duration) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..RUNS).map(|_| run()).collect();
    times.sort_unstable();
    times
}

/// A busy machine shows in the difference between the shortest and the median.
fn say(what: &str, times: &[Duration]) {
    let ns = |time: Duration| time.as_secs_f64() * 1e9;
    let (low, mid, high) = (times[0], times[times.len() / 2], times[times.len() - 1]);
    eprintln!("{what:<32} {:>10.1} ns ({:.1}..{:.1})", ns(mid), ns(low), ns(high));
}
