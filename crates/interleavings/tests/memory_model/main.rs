//! The checker's outcomes are those of the memory model: compared, program by program,
//! with what an independent reading of its axioms allows.
//!
//! [`program`] has the programs, [`axiomatic`] the axioms. Without `SeqCst` the two sets
//! are equal. With it the checker is equal to the axioms and one more, which makes
//! [`SeqCst::InOrderOfExecution`] of [`SeqCst::Cpp20`]: so it shows nothing that is
//! forbidden, and what it does not show is known.

mod axiomatic;
mod program;
mod relation;

use std::collections::BTreeSet;

use axiomatic::{SeqCst, outcomes};
use program::{Outcome, Program, Random};

/// Random programs of each kind, unless `MEMORY_MODEL_PROGRAMS` asks for more.
const PROGRAMS: usize = 2_000;

/// Steps of the largest of them, unless `MEMORY_MODEL_STEPS` asks for more: the time
/// that the checker takes for all interleavings grows fast with the steps.
const MOST_STEPS: usize = 6;

/// Named as in Sarkar, Sewell and others, "Understanding POWER multiprocessors", PLDI
/// 2011, and Lahav et al. (Z6.U). A `*` is every ordering that std takes there.
const SHAPES: &[(&str, &str)] = &[
    ("SB", "W x 1 *; R y * | W y 1 *; R x *"),
    ("MP", "W x 1 *; W y 1 * | R y *; R x *"),
    ("LB", "R x *; W y 1 * | R y *; W x 1 *"),
    ("2+2W", "W x 1 *; W y 2 * | W y 1 *; W x 2 *"),
    ("S", "W x 2 *; W y 1 * | R y *; W x 1 *"),
    ("R", "W x 1 *; W y 1 * | W y 2 *; R x *"),
    ("CoRR", "W x 1 * | R x *; R x *"),
    ("CoRW", "R x *; W x 1 * | W x 2 *"),
    ("CoWR", "W x 1 *; R x * | W x 2 *"),
    ("CoWW", "W x 1 *; W x 2 * | R x *; R x *"),
    ("CoRR2", "W x 1 | W x 2 | R x *; R x | R x; R x *"),
    ("WRC", "W x 1 * | R x *; W y 1 * | R y *; R x *"),
    ("RWC", "W x 1 * | R x *; R y * | W y 1 *; R x *"),
    ("ISA2", "W x 1; W y 1 * | R y *; W z 1 * | R z *; R x *"),
    ("W+RWC", "W x 1; W y 1 * | R y *; R z * | W z 1 *; R x *"),
    ("IRIW", "W x 1 * | W y 1 sc | R x *; R y * | R y acq; R x sc"),
    ("Z6.U", "W x 1 *; W y 1 rel | A y 1 sc; R y | W y 3 *; R x *"),
    ("SB+fences", "W x 1; F *; R y | W y 1; F *; R x"),
    ("MP+fences", "W x 1; F *; W y 1 | R y; F *; R x"),
    ("LB+fences", "R x; F *; W y 1 | R y; F *; W x 1"),
    ("2+2W+fences", "W x 1; F *; W y 2 | W y 1; F *; W x 2"),
    ("S+fences", "W x 2; F *; W y 1 | R y; F *; W x 1"),
    ("R+fences", "W x 1; F *; W y 1 | W y 2; F *; R x"),
    ("SB+fence+access", "W x 1; F *; R y | W y 1 *; R x *"),
    ("MP+fence+access", "W x 1; F *; W y 1 | R y *; R x *"),
    ("MP+access+fence", "W x 1 *; W y 1 * | R y; F *; R x"),
    ("RWC+fences", "W x 1 | R x; F *; R y | W y 1; F *; R x"),
    ("IRIW+fences", "W x 1 | W y 1 | R x; F *; R y | R y; F *; R x"),
    ("SB+updates", "S x 1 *; R y * | S y 1 *; R x *"),
    ("MP+updates", "W x 1 *; A y 1 * | A y 1 *; R x *"),
    ("2+2W+updates", "W x 1 *; S y 2 * | W y 1 *; S x 2 *"),
    ("release sequence", "W x 1; W y 1 * | A y 1 * | R y *; R x *"),
    ("ended by a store", "W x 1; W y 1 *; W y 2 * | R y *; R x *"),
    ("failed exchange", "W x 1 *; W y 1 * | R y *; C x 1 2 * *"),
    ("weak exchange", "W x 1 *; W y 1 * | R y *; V x 0 2 rlx *"),
    ("two exchanges", "C x 0 1 * * | C x 0 2 * *"),
    ("atomic updates", "A x 1 * | A x 2 * | R x *; W x 4"),
];

fn explored(program: &Program) -> BTreeSet<Outcome> {
    program.explored().into_iter().collect()
}

/// What the checker is meant to show.
fn meant(program: &Program) -> BTreeSet<Outcome> {
    outcomes(program, SeqCst::InOrderOfExecution)
}

/// A smaller program that `fails` as well, and no step of it can go.
fn shrunk(mut program: Program, fails: impl Fn(&Program) -> bool) -> Program {
    loop {
        let smaller = program.with_a_step_less().find(|smaller| fails(smaller));
        match smaller {
            Some(smaller) => program = smaller,
            None => return program,
        }
    }
}

/// Compares the two, and shows the smallest program at hand for which they differ.
fn compare(program: &Program) {
    if explored(program) == meant(program) {
        return;
    }
    let smallest =
        shrunk(program.clone(), |smaller| explored(smaller) != meant(smaller));
    let (shown, meant) = (explored(&smallest), meant(&smallest));
    panic!(
        "{smallest}\n  not shown: {:?}\n  forbidden: {:?}\n  found in {program}",
        meant.difference(&shown).collect::<Vec<_>>(),
        shown.difference(&meant).collect::<Vec<_>>(),
    );
}

fn random_programs(seed: u64, seq_cst: bool) -> impl Iterator<Item = Program> {
    let wanted = |name, otherwise| match std::env::var(name) {
        Ok(number) => number.parse().expect("a number in the environment"),
        Err(_) => otherwise,
    };
    let steps = wanted("MEMORY_MODEL_STEPS", MOST_STEPS);
    let mut random = Random(seed);
    (0..wanted("MEMORY_MODEL_PROGRAMS", PROGRAMS))
        .map(move |_| Program::random(&mut random, steps, seq_cst))
}

#[test]
fn every_shape_with_every_ordering() {
    for (name, text) in SHAPES {
        for program in Program::all(text) {
            assert_eq!(Program::one(&program.to_string()), program, "{name}");
            compare(&program);
        }
    }
}

#[test]
fn random_programs_without_seq_cst() {
    for program in random_programs(1, false) {
        compare(&program);
        // Nothing but `SeqCst` is in question between the three.
        assert_eq!(meant(&program), outcomes(&program, SeqCst::Rc11), "{program}");
    }
}

#[test]
fn random_programs_with_seq_cst() {
    for program in random_programs(2, true) {
        compare(&program);
        let allowed = outcomes(&program, SeqCst::Cpp20);
        assert!(meant(&program).is_subset(&allowed), "{program}");
        assert!(allowed.is_subset(&outcomes(&program, SeqCst::Rc11)), "{program}");
    }
}

/// Whether the outcome is allowed by RC11, allowed by C++20, and shown.
fn verdicts(text: &str, outcome: &[u32]) -> [bool; 3] {
    let program = Program::one(text);
    [
        outcomes(&program, SeqCst::Rc11).contains(outcome),
        outcomes(&program, SeqCst::Cpp20).contains(outcome),
        explored(&program).contains(outcome),
    ]
}

#[test]
fn the_judge_says_what_its_authors_say() {
    // Lahav et al., section 1: after each pair of accesses a `SeqCst` fence.
    let sb = "W x 1; F sc; R y | W y 1; F sc; R x";
    assert_eq!(verdicts(sb, &[0, 0, 1, 1, 0]), [false; 3]);
    assert_eq!(verdicts(&sb.replace("sc", "ar"), &[0, 0, 1, 1, 0]), [true; 3]);
    // Section 2.1, figure 1 (Z6.U), which C++11 forbade and POWER does.
    let z6u = "W x 1 sc; W y 1 rel | A y 1 sc; R y | W y 3 sc; R x sc";
    assert_eq!(verdicts(z6u, &[1, 3, 0, 1, 3, 0]), [true, true, false]);
    // Section 2.3: no value out of thin air, at the price of load buffering.
    let lb = "R x; W y 1 | R y; W x 1";
    assert_eq!(verdicts(lb, &[1, 1, 1, 1, 0]), [false; 3]);
    // P0668R5: between `SeqCst` loads C++20 also counts what they read from weaker
    // stores. RC11 does not.
    let iriw = "W x 1 | W y 1 | R x sc; R y sc | R y sc; R x sc";
    assert_eq!(verdicts(iriw, &[1, 0, 1, 0, 1, 1, 0]), [true, false, false]);
}

#[test]
fn what_comes_before_a_weaker_load_in_the_order_of_seq_cst_is_not_shown() {
    let shown = |text: &str, outcome: &[u32]| {
        let [rc11, cpp20, shown] = verdicts(text, outcome);
        assert!(rc11 && cpp20, "{text}");
        shown
    };
    // The flag is seen and the data are not, although both are `SeqCst` where stored.
    assert!(!shown("W x 1 sc; W y 1 sc | R y rlx; R x sc", &[1, 0, 1, 1, 0]));
    // With a weaker load of the data as well, it is shown.
    assert!(shown("W x 1 sc; W y 1 sc | R y rlx; R x rlx", &[1, 0, 1, 1, 0]));
}
