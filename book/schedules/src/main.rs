//! Small programs with a mistake, and the schedule that brings it out.
//!
//! Run: cargo run -p schedules -- lost-update

mod all_orders;
mod lost_notification;
mod lost_update;
mod stolen_permit;
mod turns;
mod two_orders;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, bail};
use common::println;
use interleavings::Checker;

/// The programs by name.
const PROGRAMS: &[(&str, fn())] = &[
    ("lost-update", lost_update::run),
    ("two-orders", two_orders::run),
    ("stolen-permit", stolen_permit::run),
    ("lost-notification", lost_notification::run),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match explain(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// The program in which the reader chooses who runs.
const TURNS: &str = "turns";

/// Prints what the checker finds; `--trace FILE` writes it down for the book's player.
fn explain(arguments: &[String]) -> anyhow::Result<()> {
    let names: Vec<&str> = PROGRAMS.iter().map(|(name, _)| *name).collect();
    let names = format!("{}, {TURNS}", names.join(", "));
    let (name, file) = match arguments {
        [name] => (name, None),
        [name, option, file] if option == "--trace" => (name, Some(file)),
        _ => bail!("which of {names}? `--trace FILE` writes the schedule down"),
    };
    let trace = if name == TURNS {
        let (lines, trace) = all_orders::explain()?;
        lines.iter().for_each(|line| println!("{line}"));
        trace.to_string()
    } else {
        let program = PROGRAMS.iter().find(|(known, _)| known == name);
        let (_, program) =
            program.with_context(|| format!("no `{name}`; known: {names}"))?;
        // With wake-ups for no reason, such a wake-up would be what is found first.
        // These programs go wrong without.
        let found = Checker::new().spurious(false).explore(program);
        let failure = found.err().with_context(|| format!("`{name}` is right"))?;
        println!("{}", failure.to_string().trim_end());
        failure.trace().to_json()
    };
    if let Some(file) = file {
        fs::write(file, trace + "\n")
            .with_context(|| format!("failed to write `{file}`"))?;
    }
    Ok(())
}
