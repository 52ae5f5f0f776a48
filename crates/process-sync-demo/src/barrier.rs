//! A barrier holds processes back until all have come; if one never can, it breaks.
//!
//! Three processes pass it together. Then one is late: the others give up after a while,
//! and the barrier is broken for all, until it is reset. Then one is killed on the way:
//! the others learn so, and who it was, long before their time is over. Python's
//! `multiprocessing.Barrier` hangs when a party is killed while it waits, even with a
//! time limit.
//!
//! Run:     cargo run -p process-sync-demo -- barrier
//! Expect:  a round that passes, two that are broken, and by whom, as lanes too
//! Chapter: book/src/process-conditions.md
//! Source:  src/barrier_workers.rs; crossprocess::Barrier; the twin is condition-demo's `barrier`

use std::time::Duration;

use anyhow::{Context, ensure};
use common::{println, timeline};
use crossprocess::{Barrier, Segment};

use crate::barrier_workers::{Answer, LIMIT, WORKERS, Workers, lane};

const PATIENCE: Duration = Duration::from_millis(40);

pub fn run() -> anyhow::Result<()> {
    let rounds = rounds().context("three workers and a barrier")?;
    for Round { what, answers } in &rounds {
        println!("{what}");
        for (number, answer) in answers {
            match answer {
                Ok(index) => {
                    lane(*number).says(format_args!("passes, as number {index}"));
                }
                Err(why) => lane(*number).says(why),
            }
        }
    }
    println!("");
    timeline::so_far().print();
    let [all, late, at_last, killed] = &rounds;
    let mut numbers: Vec<_> =
        all.answers.iter().map(|(_, passed)| passed.clone()).collect();
    numbers.sort_unstable();
    ensure!(numbers == [Ok(0), Ok(1), Ok(2)], "the three came as {numbers:?}");
    for round in [late, at_last, killed] {
        let passed = round.answers.iter().any(|(_, passed)| passed.is_ok());
        ensure!(!passed, "{}: somebody passed", round.what);
    }
    println!("\nok: all three pass or none does, and none is left waiting");
    Ok(())
}

struct Round {
    what: &'static str,
    answers: Vec<Answer>,
}

fn rounds() -> anyhow::Result<[Round; 4]> {
    let segment = Segment::create(1 << 16)?;
    let barrier = Barrier::create(&segment, "barrier", WORKERS)?;
    let mut workers = Workers::start(&segment)?;

    let all = workers.come(&[1, 2, 3], LIMIT)?;
    let late = workers.come(&[1, 2], PATIENCE)?;
    let at_last = workers.come(&[3], PATIENCE)?;
    barrier.reset()?;
    workers.send(&[1, 2], LIMIT)?;
    workers.kill(3)?;
    let killed = workers.answers(2)?;
    workers.end()?;
    Ok([
        Round { what: "all three come:", answers: all },
        Round { what: "worker 3 is late:", answers: late },
        Round { what: "it comes at last:", answers: at_last },
        Round {
            what: "reset, and worker 3 is killed before it comes:",
            answers: killed,
        },
    ])
}
