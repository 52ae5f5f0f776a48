//! Small programs with a mistake, and the schedule that brings it out.
//!
//! Run: cargo run -p schedules -- lost-update

mod additions;
mod all_orders;
mod arrivals;
mod both_first;
mod cancelled_job;
mod counted_orders;
mod endless_scope;
mod full_circle;
mod half_an_update;
mod known_states;
mod latch_wakes_one;
mod late_answer;
mod late_cancel;
mod left_early;
mod left_over;
mod locked_twice;
mod lost_connection;
mod lost_notification;
mod lost_update;
mod made_twice;
mod message_passing;
mod missed_event;
mod missing_party;
mod not_joined;
mod one_pill;
mod open_queue;
mod outcomes;
mod overdrawn;
mod overtaken;
mod reused_barrier;
mod same_again;
mod spin_lock;
mod starved_pool;
mod stolen_permit;
mod store_buffering;
mod swapped_answers;
mod turns;
mod two_orders;
mod two_upgrades;
mod woken_too_early;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use common::println;
use interleavings::Checker;

use crate::outcomes::Results;

/// The programs by name.
const PROGRAMS: &[(&str, fn())] = &[
    ("not-joined", not_joined::run),
    ("endless-scope", endless_scope::run),
    ("missing-party", missing_party::run),
    ("woken-too-early", woken_too_early::run),
    ("left-over", left_over::run),
    ("lost-update", lost_update::run),
    ("two-orders", two_orders::run),
    ("stolen-permit", stolen_permit::run),
    ("lost-notification", lost_notification::run),
    ("overdrawn", overdrawn::run),
    ("locked-twice", locked_twice::run),
    ("two-upgrades", two_upgrades::run),
    ("made-twice", made_twice::run),
    ("half-an-update", half_an_update::run),
    ("same-again", same_again::run),
    ("message-passing", message_passing::run),
    ("spin-lock", spin_lock::run),
    ("lost-connection", lost_connection::run),
    ("missed-event", missed_event::run),
    ("reused-barrier", reused_barrier::run),
    ("latch-wakes-one", latch_wakes_one::run),
    ("cancelled-job", cancelled_job::run),
    ("swapped-answers", swapped_answers::run),
    ("full-circle", full_circle::run),
    ("one-pill", one_pill::run),
    ("overtaken", overtaken::run),
    ("left-early", left_early::run),
    ("open-queue", open_queue::run),
    ("late-cancel", late_cancel::run),
    ("starved-pool", starved_pool::run),
];

/// Programs of which the checker prints a table, of every result or of every order.
const OUTCOMES: &[(&str, Results)] = &[
    ("additions-outcomes", additions::results),
    ("message-passing-outcomes", message_passing::results),
    ("store-buffering-outcomes", store_buffering::results),
    ("counted-orders", counted_orders::results),
    ("known-states", known_states::results),
    ("late-answer", late_answer::results),
    ("both-first", both_first::results),
    ("arrivals-outcomes", arrivals::results),
    ("overtaken-outcomes", overtaken::results),
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
    let with_outcomes = OUTCOMES.iter().map(|(name, _)| *name);
    let names = PROGRAMS.iter().map(|(name, _)| *name).chain(with_outcomes);
    let names = names.chain([TURNS]).collect::<Vec<_>>().join(", ");
    let (name, file) = match arguments {
        [name] => (name, None),
        [name, option, file] if option == "--trace" => (name, Some(file)),
        _ => bail!("which of {names}? `--trace FILE` writes the schedule down"),
    };
    if let Some((_, results)) = OUTCOMES.iter().find(|(known, _)| known == name) {
        ensure!(file.is_none(), "`{name}` has many schedules, and no trace");
        results()?.iter().for_each(|line| println!("{line}"));
        return Ok(());
    }
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
