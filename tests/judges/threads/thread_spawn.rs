//! Judges `thread_spawn`: everybody at once, everybody there, in order.

use super::*;

fn names() -> Vec<String> {
    ["Ada", "Barbara", "Edsger"].map(String::from).to_vec()
}

fn everybody_is_greeted_at_once() {
    let greetings = greet_all(names(), |name| {
        interleavings::rendezvous(3);
        format!("hello, {name}")
    });
    assert!(
        greetings.len() == 3,
        "only {} of 3 names were greeted when `greet_all` returned",
        greetings.len()
    );
}

fn the_greetings_are_in_order() {
    let greetings = greet_all(names(), str::to_owned);
    assert!(
        greetings.len() == 3,
        "only {} of 3 names were greeted when `greet_all` returned",
        greetings.len()
    );
    assert!(
        greetings == names(),
        "the greetings are not in the order of the names: {greetings:?}"
    );
}

/// More than anybody would start in one go, if not all of them.
const CROWD: usize = 12;

fn a_crowd_is_greeted_at_once() {
    let names = (0..CROWD).map(|number| format!("guest {number}")).collect();
    let greetings = greet_all(names, |name| {
        interleavings::rendezvous(CROWD);
        name.to_owned()
    });
    let count = greetings.len();
    assert!(count == CROWD, "{count} of {CROWD} names were greeted");
}

#[test]
fn a_crowd_has_as_many_threads() {
    // One order is enough: whoever waits for some before the rest meets nobody in any.
    let one = interleavings::Checker::new().preemptions(0).max_interleavings(1);
    one.samples(0).check(a_crowd_is_greeted_at_once);
}

#[test]
fn each_name_has_a_thread_of_its_own() {
    real_threads::sentences_first();
    let coverage = interleavings::check(everybody_is_greeted_at_once);
    let threads = coverage.threads_started;
    assert!(threads == 3, "names: 3, threads started: {threads}");
    real_threads::run(everybody_is_greeted_at_once);
}

#[test]
fn greetings_come_in_the_order_of_names() {
    interleavings::check(the_greetings_are_in_order);
    real_threads::run(the_greetings_are_in_order);
}

#[test]
fn nobody_is_no_problem() {
    let greetings = real_threads::run(|| greet_all(Vec::new(), str::to_owned));
    assert!(greetings.is_empty(), "nobody was to be greeted: {greetings:?}");
}
