//! Judges `thread_join_timeout`: in time, no earlier than it may, and nothing lost.

use std::panic::{self, AssertUnwindSafe};
use std::time::Instant;

use super::*;

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(10);

/// The work waits until the first wait for it has ended.
fn time_is_up_before_the_result_is_there() {
    let (go, gate) = mpsc::channel();
    let mut task = Task::start(move || gate.recv().map(|()| 42));
    match task.join_timeout(SHORT) {
        Err(same) => task = same,
        Ok(result) => panic!("{result:?} was returned before there was a result"),
    }
    let _ = go.send(());
    let result = loop {
        match task.join_timeout(SHORT) {
            Ok(result) => break result,
            Err(same) => task = same,
        }
    };
    assert!(result == Ok(42), "the result was {result:?} in place of 42");
}

fn a_result_in_time_is_returned_at_once() {
    let start = Instant::now();
    let result = Task::start(|| 42).join_timeout(LONG).ok();
    let waited = start.elapsed();
    assert!(result == Some(42), "a result that came in time was not returned");
    assert!(waited < LONG, "the whole time was waited, although the result was there");
}

/// The clock goes on only when nobody can run, so the wait takes as long as it must.
fn the_wait_is_as_long_as_the_limit() {
    for limit in [SHORT, LONG] {
        let (go, gate) = mpsc::channel();
        let task = Task::start(move || gate.recv().is_ok());
        let start = Instant::now();
        let Err(task) = task.join_timeout(limit) else {
            panic!("a result was returned before there was one")
        };
        let waited = start.elapsed();
        assert!(
            (limit..limit + SHORT / 2).contains(&waited),
            "the limit was {limit:?}, and `join_timeout` waited for {waited:?}"
        );
        let _ = go.send(());
        let _ = task.join_timeout(LONG);
    }
}

/// What the caller is told of a thread that has panicked, and whether it waited long.
fn told_of_a_panic() -> (Option<String>, bool) {
    // An untouched exercise stops here.
    let lucky = Task::start(|| ()).join_timeout(LONG).is_ok();
    assert!(lucky, "a result that came in time was not returned");
    let start = Instant::now();
    let unlucky = Task::<()>::start(|| panic!("out of luck"));
    let wait = AssertUnwindSafe(|| unlucky.join_timeout(LONG));
    let told = match panic::catch_unwind(wait) {
        Err(payload) => match payload.downcast::<&str>() {
            Ok(text) => Some((*text).to_owned()),
            Err(payload) => payload.downcast().ok().map(|text| *text),
        },
        Ok(Ok(())) => None,
        Ok(Err(same)) => {
            let _ = same.thread.join();
            None
        }
    };
    (told, start.elapsed() >= LONG)
}

fn it_was_that_panic((told, late): (Option<String>, bool)) {
    let Some(told) = told else {
        panic!("the work panicked, and the caller was not told")
    };
    assert!(told == "out of luck", "the panic `out of luck` arrived as {told:?}");
    assert!(!late, "the whole time was waited, although the thread had panicked");
}

/// Without a budget no time-out comes early.
fn on_time() -> interleavings::Checker {
    interleavings::Checker::new().preemptions(0)
}

#[test]
fn the_task_comes_back_when_the_time_is_up() {
    let sleepers = interleavings::Checker::new().allow_busy_waits(false);
    sleepers.check(time_is_up_before_the_result_is_there);
    real_threads::run(time_is_up_before_the_result_is_there);
}

#[test]
fn the_limit_is_kept() {
    on_time().check(the_wait_is_as_long_as_the_limit);
}

#[test]
fn a_result_is_not_waited_for_any_longer() {
    on_time().check(a_result_in_time_is_returned_at_once);
    real_threads::run(a_result_in_time_is_returned_at_once);
}

#[test]
fn a_panic_is_passed_on() {
    real_threads::sentences_first();
    // It panics in every interleaving, so what comes of it is collected, and judged then.
    for told in on_time().outcomes(told_of_a_panic).into_set() {
        it_was_that_panic(told);
    }
    it_was_that_panic(real_threads::run(told_of_a_panic));
}
