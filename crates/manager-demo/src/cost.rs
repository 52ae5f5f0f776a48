//! A request costs two trips between processes; what does it cost in Python?
//!
//! Measured here and now, in turn. Both send a request to another process and wait for
//! the answer. A client here has one channel for all its answers; a new one for each is
//! measured too, since it makes code simpler. An update is one request here, and two in
//! Python. In one process the same map behind a lock needs no trip at all: ask a
//! manager for things that are worth it.
//!
//! Run:     cargo run --release -p manager-demo -- cost
//! Expect:  times for a start, a get, a set and an update, here and in Python
//! Chapter: book/src/managers.md
//! Source:  Python's multiprocessing.managers

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Context, ensure};
use common::child::ChildGuard;
use common::measure::{duration, machine};
use common::{leash, println};

use crate::channel::keep_from_ctrl_c;
use crate::client::Client;
use crate::family::Manager;

/// How often each request is timed.
const TIMES: usize = 500;

/// What Python is asked to measure, too.
const WHAT: [&str; 4] = ["start", "get", "set", "update"];

/// Seconds for each of [`WHAT`].
type Figures = [f64; 4];

pub fn run() -> anyhow::Result<()> {
    println!("{}", machine());
    let (here, by_own_channel) = this_manager()?;
    let python = python().context("measure Python's Manager")?;
    let [get, set, update] = without_a_manager()?;

    println!(
        "\n{:<8} {:>14} {:>18} {:>22}",
        "", "this manager", "Python's Manager", "a Mutex, no manager"
    );
    let in_one_process = [None, Some(get), Some(set), Some(update)];
    for (index, what) in WHAT.into_iter().enumerate() {
        let told = |seconds: Option<f64>| seconds.map_or("-".to_owned(), duration);
        println!(
            "{what:<8} {:>14} {:>18} {:>22}",
            duration(here[index]),
            told(python.map(|python| python[index])),
            told(in_one_process[index])
        );
    }
    let what = "get, with a new channel for its answer:";
    println!("{what} {}", duration(by_own_channel));
    if python.is_none() {
        println!("no python3 was found, so there is nothing to compare with");
    }
    println!("\nok: every request was answered, and every update was counted");
    Ok(())
}

/// Also of a get with a channel of its own for the answer.
fn this_manager() -> anyhow::Result<(Figures, f64)> {
    let start = Instant::now();
    let manager = Manager::start_unrecorded()?;
    let client = Client::connect(&manager.door, "parent")?;
    client.set("count", 0)?;
    let started = start.elapsed().as_secs_f64();
    let get = median(|| Ok(client.get("count")?))?;
    let set = median(|| Ok(client.set("count", 0)?))?;
    let update = median(|| Ok(client.add("count", 1)?))?;
    let count = client.get("count")?;
    ensure!(usize::try_from(count) == Ok(TIMES), "the count is {count}");
    let by_own_channel = median(|| Ok(client.get_by_own_channel("count")?))?;
    Ok(([started, get, set, update], by_own_channel))
}

/// The same map behind a lock, in this process.
fn without_a_manager() -> anyhow::Result<[f64; 3]> {
    let map = Mutex::new(BTreeMap::from([("count".to_owned(), 0_i64)]));
    let get = median(|| Ok(map.lock().unwrap().get("count").copied()))?;
    let set = median(|| Ok(map.lock().unwrap().insert("count".to_owned(), 0)))?;
    let update = median(|| {
        *map.lock().unwrap().entry("count".to_owned()).or_insert(0) += 1;
        Ok(())
    })?;
    Ok([get, set, update])
}

/// The typical seconds of an action.
fn median<R>(mut action: impl FnMut() -> anyhow::Result<R>) -> anyhow::Result<f64> {
    let mut seconds = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let start = Instant::now();
        black_box(action()?);
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[TIMES / 2])
}

/// What Python's `Manager` takes; `None` where there is no Python.
fn python() -> anyhow::Result<Option<Figures>> {
    let mut command = Command::new("python3");
    command.args(["-c", include_str!("manager.py"), &TIMES.to_string()]);
    leash::put_on(&mut command).stdout(Stdio::piped());
    keep_from_ctrl_c(&mut command);
    let child = match ChildGuard::spawn(&mut command) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        started => started.context("start python3")?,
    };
    let stdout = child.take_stdout().context("a pipe")?;
    let text = io::read_to_string(stdout).context("hear python3")?;
    let status = child.wait().context("wait for python3")?;
    ensure!(status.success(), "python3 ended with {status}");
    let mut figures = [0.0; 4];
    ensure!(text.lines().count() == WHAT.len(), "python3 said {text:?}");
    for ((figure, line), what) in figures.iter_mut().zip(text.lines()).zip(WHAT) {
        let seconds =
            line.strip_prefix(what).with_context(|| format!("no `{what}`"))?;
        *figure = seconds.trim().parse().with_context(|| format!("read `{line}`"))?;
    }
    Ok(Some(figures))
}
