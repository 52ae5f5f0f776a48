//! Judges `queue_reply`: everybody gets the own answer, nobody waits for one that does
//! not come.

use std::time::Duration;

use super::*;

fn with_server<R>(at_most: usize, ask: impl FnOnce(&Client) -> R) -> R {
    let (requests, queue) = mpsc::channel();
    let server = thread::spawn(move || serve(&queue, at_most));
    let result = ask(&Client { requests });
    server.join().unwrap();
    result
}

fn two_callers() {
    with_server(4, |client| {
        thread::scope(|scope| {
            for number in [3, 5] {
                let client = client.clone();
                scope.spawn(move || {
                    for _ in 0..2 {
                        let square = client.ask(number).expect("the server answers");
                        assert!(
                            square == number * number,
                            "asked for {number} squared, got the answer {square} of \
                             another question"
                        );
                    }
                });
            }
        });
    });
}

/// The server answers one of two, and drops the other question, asked or not.
fn one_answer_for_two_callers() {
    let answers = with_server(1, |client| {
        thread::scope(|scope| {
            let callers = [3, 5].map(|number| {
                let client = client.clone();
                scope.spawn(move || client.ask(number))
            });
            callers.map(|caller| caller.join().unwrap())
        })
    });
    let answered = answers.iter().flatten().count();
    assert!(
        answered == 1,
        "the server answered one question, the callers got {answered}"
    );
}

fn a_server_that_has_gone() {
    let (requests, queue) = mpsc::channel();
    drop(queue);
    let answer = Client { requests }.ask(3);
    assert!(answer.is_none(), "the server had gone, and still answered {answer:?}");
}

#[test]
fn everybody_gets_the_own_answer() {
    interleavings::check(two_callers);
    real_threads::run(two_callers);
}

/// The clock goes on only when nobody can run, so who does not sleep is found out.
fn a_server_that_takes_an_hour() {
    let (requests, queue) = mpsc::channel();
    let server = thread::spawn(move || {
        thread::sleep(Duration::from_secs(3600));
        serve(&queue, 1);
    });
    let answer = Client { requests }.ask(3);
    server.join().unwrap();
    assert!(answer == Some(9), "3 squared is 9, and the answer was {answer:?}");
}

#[test]
fn who_waits_for_the_answer_sleeps() {
    let sleepers = interleavings::Checker::new().allow_busy_waits(false);
    sleepers.check(a_server_that_takes_an_hour);
}

#[test]
fn nobody_waits_for_a_server_that_stops() {
    interleavings::check(one_answer_for_two_callers);
    real_threads::run(one_answer_for_two_callers);
}

#[test]
fn nobody_asks_a_server_that_has_gone() {
    interleavings::check(a_server_that_has_gone);
}
