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

/// A default check must end within this time, in a development build.
const PATIENCE: Duration = Duration::from_secs(1);

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
                if !coverage.complete {
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
            // One preemption: without pruning, two take minutes on some programs.
            let limits = Checker::new().preemptions(2).max_interleavings(200_000);
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
