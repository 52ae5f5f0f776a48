//! Every mistake of the corpus is found and named, and every repaired twin passes.
// libtest shows what is printed when a test fails.
#![allow(clippy::disallowed_macros)]

mod programs;

/// What the programs call std.
mod imp {
    pub use interleavings::{hint, sync, thread};
}

use std::time::{Duration, Instant};

use interleavings::Checker;
use programs::{CORPUS, Program};

/// A watchdog for a loaded machine; `bench` measures how far below a second it is.
const PATIENCE: Duration = Duration::from_secs(15);

/// Executions that a default check of such a program takes at most.
const MOST_EXECUTIONS: u64 = 5_000;

fn in_time(program: &Program, started: Instant) -> Option<String> {
    let took = started.elapsed();
    (took > PATIENCE).then(|| format!("{}: took {took:?}", program.name))
}

#[test]
fn every_mistake_is_found_and_named() {
    let mut wrong = Vec::new();
    for program in CORPUS {
        let started = Instant::now();
        match Checker::new().explore(|| (program.run)(true)) {
            Ok(coverage) => wrong.push(format!("{}: passes {coverage}", program.name)),
            Err(failure) => {
                if !program.kinds.contains(&failure.kind()) {
                    wrong.push(format!("{}: {failure}", program.name));
                }
                println!(
                    "{:32} {:>6} interleavings, {:?}: {}",
                    program.name,
                    failure.coverage().interleavings,
                    started.elapsed(),
                    failure.sentence()
                );
            }
        }
        wrong.extend(in_time(program, started));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(CORPUS.len() >= 40);
}

#[test]
fn every_repaired_twin_passes() {
    let mut wrong = Vec::new();
    for program in CORPUS {
        let started = Instant::now();
        match Checker::new().explore(|| (program.run)(false)) {
            Ok(coverage) => {
                println!("{:32} {coverage}, {:?}", program.name, started.elapsed());
                let executions = coverage.interleavings + coverage.pruned;
                if !coverage.complete || executions > MOST_EXECUTIONS {
                    wrong.push(format!("{}: {coverage}", program.name));
                }
            }
            Err(failure) => wrong.push(format!("{}: {failure}", program.name)),
        }
        wrong.extend(in_time(program, started));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pruning_loses_no_behaviour() {
    let mut compared = 0;
    for program in CORPUS {
        for broken in [true, false] {
            let limits = Checker::new().max_interleavings(30_000);
            let body = || (program.run)(broken);
            let (pruned, _) = limits.clone().behaviours(body);
            let (all, coverage) = limits.clone().pruning(false).behaviours(body);
            if !coverage.complete {
                println!("{} ({broken}): {coverage}", program.name);
                continue;
            }
            compared += 1;
            assert_eq!(pruned, all, "{} ({broken})", program.name);
        }
    }
    assert!(compared > CORPUS.len(), "only {compared} compared");
}
