//! crossprocess against what others have: all sides of a comparison in one run.
//!
//! Run:    cargo run --release --manifest-path crates/crossprocess/bench/Cargo.toml [-- PART]
//! Parts:  locks, queues, pools, starts, deaths; all of them without a part
//! Expect: tables in Markdown; `results.md` is one such run

mod deaths;
mod fork;
mod iceoryx2;
mod locks;
mod pools;
mod pthread;
mod python;
mod queues;
mod table;

use std::process::ExitCode;

use common::println;
use crossprocess::process::child_role;

fn main() -> ExitCode {
    if let Some(role) = child_role() {
        return role
            .on(&locks::HAMMER, locks::hammer)
            .on(&locks::PONG, locks::pong)
            .on(&queues::RECEIVER, queues::receiver)
            .on(&queues::SENDER, queues::sender)
            .on(&pools::NOTHING, |()| {})
            .on(&deaths::VICTIM, deaths::victim)
            .work(&pools::DOUBLE, |()| Ok(()), |(), number: u64| number * 2)
            .finish();
    }
    let part = std::env::args().nth(1);
    match run(part.as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(part: Option<&str>) -> anyhow::Result<()> {
    println!("# crossprocess and others\n\n{}{}\n", common::measure::machine(), load());
    println!(
        "Median of {} runs, with the shortest and the longest; the last",
        table::ROUNDS
    );
    println!("column says how much longer than crossprocess it takes.");
    type Part = (&'static str, fn() -> anyhow::Result<()>);
    let parts: [Part; 5] = [
        ("locks", locks::measure),
        ("queues", queues::measure),
        ("pools", pools::measure),
        ("starts", pools::measure_starts),
        ("deaths", deaths::tell),
    ];
    let mut chosen =
        parts.iter().filter(|(name, _)| part.is_none_or(|part| part == *name));
    chosen.try_for_each(|(_, run)| run())
}

/// How busy the machine is with other work, where the system tells.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    match text.split_whitespace().next() {
        Some(load) => format!(", load {load}"),
        None => String::new(),
    }
}
