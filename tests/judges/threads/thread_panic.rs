//! Judges `thread_panic`: one panic costs one result, and its text is kept.

use std::panic::{self, AssertUnwindSafe};

use super::*;

/// How the jobs ended, or the text with which `run_all` itself panicked.
fn outcomes_of(jobs: Vec<Job>) -> Result<Vec<Result<u32, String>>, String> {
    // An untouched exercise stops here.
    let nothing = run_all(Vec::new());
    assert!(nothing.is_empty(), "no jobs have made {} outcomes", nothing.len());
    panic::catch_unwind(AssertUnwindSafe(|| run_all(jobs))).map_err(|payload| {
        payload.downcast_ref::<String>().map_or_else(String::new, String::clone)
    })
}

fn four_jobs() -> Vec<Job> {
    vec![
        Box::new(|| 1),
        Box::new(|| panic!("out of luck")),
        // With a text that is known when it is compiled, this would be the same.
        Box::new(|| panic!("out of {}", String::from("paper"))),
        Box::new(|| 4),
    ]
}

fn each_job_has_its_outcome(outcomes: &Result<Vec<Result<u32, String>>, String>) {
    let outcomes = unless_lost(outcomes);
    let count = outcomes.len();
    assert!(count == 4, "of 4 jobs {count} came back with an outcome");
    let results: Vec<_> = outcomes.iter().map(|o| o.clone().ok()).collect();
    assert!(
        results == [Some(1), None, None, Some(4)],
        "a result was lost, or is not in its place: {outcomes:?}"
    );
    let text = |n: usize| outcomes[n].clone().unwrap_err();
    let (plain, formatted) = (text(1), text(2));
    assert!(
        plain == "out of luck",
        "the text of a plain panic was lost: `out of luck` became `{plain}`"
    );
    assert!(
        formatted == "out of paper",
        "the text of a formatted panic was lost: `out of paper` became `{formatted}`"
    );
}

fn one_job_without_text() -> Vec<Job> {
    vec![Box::new(|| panic::panic_any(7))]
}

fn it_has_no_message(outcomes: &Result<Vec<Result<u32, String>>, String>) {
    let outcomes = unless_lost(outcomes);
    let right = [Err("no message".to_owned())];
    assert!(*outcomes == right, "a panic with a number became {outcomes:?}");
}

fn unless_lost(
    outcomes: &Result<Vec<Result<u32, String>>, String>,
) -> &Vec<Result<u32, String>> {
    outcomes.as_ref().unwrap_or_else(|text| {
        panic!(
            "the panic of one job went on in `run_all`: all results are lost ({text})"
        )
    })
}

fn two_jobs_run_at_once() {
    let job = || -> Job {
        Box::new(|| {
            meet();
            panic!("out of luck")
        })
    };
    drop(run_all(vec![job(), job()]));
}

/// Only two threads that are at work at the same time get past here.
fn meet() {
    interleavings::rendezvous(2);
}

// The jobs panic in every interleaving, so the outcomes are collected, and judged then.

#[test]
fn a_panic_costs_one_result() {
    real_threads::sentences_first();
    for outcomes in interleavings::outcomes(|| outcomes_of(four_jobs())).into_set() {
        each_job_has_its_outcome(&outcomes);
    }
    each_job_has_its_outcome(&real_threads::run(|| outcomes_of(four_jobs())));
}

#[test]
fn a_panic_without_text_is_told_too() {
    real_threads::sentences_first();
    let run = || outcomes_of(one_job_without_text());
    for outcomes in interleavings::outcomes(run).into_set() {
        it_has_no_message(&outcomes);
    }
    it_has_no_message(&real_threads::run(run));
}

#[test]
fn the_jobs_run_at_the_same_time() {
    interleavings::check(two_jobs_run_at_once);
    real_threads::run(two_jobs_run_at_once);
}
