//! Random programs of locks, condition variables and channels: the checker finds what a
//! machine finds that knows no reduction, and the cache of states loses nothing.

mod machine;
mod program;

use interleavings::Checker;
use program::Program;

/// Unless `RANDOM_PROGRAMS` asks for more.
const PROGRAMS: usize = 1_500;

/// Numbers that are the same on every machine (Steele, Lea and Flood, OOPSLA 2014).
fn below(state: &mut u64, end: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) % end as u64) as usize
}

fn programs(mut seed: u64) -> impl Iterator<Item = Program> {
    let wanted = std::env::var("RANDOM_PROGRAMS").ok();
    let programs =
        wanted.map_or(PROGRAMS, |n| n.parse().expect("a number of programs"));
    (0..programs).map(move |_| Program::random(&mut |end| below(&mut seed, end)))
}

/// Panics with the smallest program at hand for which `wrong` says something.
fn expect_none(mut program: Program, wrong: impl Fn(&Program) -> Option<String>) {
    if wrong(&program).is_none() {
        return;
    }
    loop {
        let smaller = program.smaller().find(|smaller| wrong(smaller).is_some());
        match smaller {
            Some(smaller) => program = smaller,
            None => break,
        }
    }
    panic!("{program:?}\n{}", wrong(&program).unwrap_or_default());
}

/// Programs that can block whose executions are looked at: the stacks of every one
/// that blocks are given up.
const BLOCKED: usize = 20;

#[test]
fn every_outcome_and_every_deadlock_is_found_and_no_other() {
    let all = || Checker::new().preemptions(usize::MAX).spurious(false);
    let (mut blocked, mut several) = (0, 0);
    for program in programs(1) {
        let right = machine::outcomes(&program);
        blocked += usize::from(right.contains(&None));
        several += usize::from(right.len() > 2);
        if right.contains(&None) && blocked > BLOCKED {
            continue;
        }
        expect_none(program, |program| {
            let (found, right) = (program.explored(all()), machine::outcomes(program));
            (found != right).then(|| format!("found {found:?}\nright {right:?}"))
        });
    }
    // Else the programs would not be worth comparing.
    assert!(blocked > BLOCKED && several > 50, "{blocked} block, {several} vary");
}

#[test]
fn the_cache_of_states_loses_nothing_within_a_bound() {
    let mut blocked = 0;
    for program in programs(2) {
        blocked += usize::from(machine::outcomes(&program).contains(&None));
        if machine::outcomes(&program).contains(&None) && blocked > BLOCKED {
            continue;
        }
        expect_none(program, |program| {
            for preemptions in [0, 1, 2] {
                let bound = Checker::new().preemptions(preemptions).samples(0);
                let cached = program.explored(bound.clone());
                let all = program.explored(bound.pruning(false));
                if cached != all {
                    return Some(format!("{preemptions}: {cached:?}\nnot {all:?}"));
                }
            }
            None
        });
    }
}
