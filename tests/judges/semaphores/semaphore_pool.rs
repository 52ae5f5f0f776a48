//! Judges `semaphore_pool`: one connection a job, jobs together, nothing kept.

use std::ptr;
use std::time::Duration;

use interleavings::Checker;

use super::*;

/// Looks at every interleaving. Who waits is to sleep.
fn check(body: impl Fn() + Send + Sync) {
    sleeps(a_job_takes_long);
    sleepers().check(body);
}

fn sleeps(body: impl Fn() + Send + Sync) {
    sleepers().preemptions(0).check(body);
}

fn sleepers() -> Checker {
    Checker::new().allow_busy_waits(false)
}

/// Virtual time does not pass as long as anybody can run.
fn a_job_takes_long() {
    let pool = Pool::new(1);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                pool.run(|connection| {
                    thread::sleep(Duration::from_secs(1));
                    connection.send("1")
                })
            });
        }
    });
}

/// Which connection a job got, by its place in the pool.
fn place(pool: &Pool, lent: &Connection) -> usize {
    let place = pool.connections.iter().position(|it| ptr::eq(it, lent));
    place.expect("a connection that is not from the pool was lent")
}

/// Three jobs, of which one fails, on so many connections.
fn three_jobs(connections: usize) {
    let pool = Pool::new(connections);
    let users: Vec<_> = (0..connections).map(|_| AtomicUsize::new(0)).collect();
    thread::scope(|scope| {
        for request in ["1", "2", "three"] {
            let (pool, users) = (&pool, &users);
            scope.spawn(move || {
                let answer = pool.run(|connection| {
                    let place = place(pool, connection);
                    let now = users[place].fetch_add(1, Ordering::SeqCst) + 1;
                    assert!(now == 1, "one connection was lent to {now} jobs at once");
                    let answer = connection.send(request);
                    users[place].fetch_sub(1, Ordering::SeqCst);
                    answer
                });
                let right = match request.parse() {
                    Ok(number) => answer == Ok(number),
                    Err(_) => answer.is_err(),
                };
                assert!(right, "the job for `{request}` got the answer {answer:?}");
            });
        }
    });
    all_are_back(&pool);
}

fn all_are_back(pool: &Pool) {
    let idle = pool.idle.lock().unwrap().len();
    let all = pool.connections.len();
    assert!(
        idle >= all,
        "a connection did not come back: {idle} of {all} are idle when no job runs",
    );
    assert!(idle == all, "a connection came back twice: {idle} of {all} are idle");
}

#[test]
fn each_job_has_its_own_connection() {
    check(|| three_jobs(1));
    check(|| three_jobs(2));
    real_threads::run(|| three_jobs(2));
}

#[test]
fn a_connection_comes_back_from_a_job_that_fails() {
    let body = || {
        let pool = Pool::new(2);
        let answer = pool.run(|connection| connection.send("two"));
        assert!(answer.is_err(), "the job failed, and the answer was {answer:?}");
        all_are_back(&pool);
    };
    check(body);
    real_threads::run(body);
}

fn two_jobs_together() {
    let pool = Pool::new(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                pool.run(|connection| {
                    interleavings::rendezvous(2);
                    connection.send("2")
                })
            });
        }
    });
}

#[test]
fn two_connections_serve_two_jobs_at_once() {
    check(two_jobs_together);
    real_threads::run(two_jobs_together);
}

/// Two jobs wait from the beginning, and two connections come back.
fn two_wait_for_two() {
    let pool = Pool::new(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                pool.run(|first| {
                    // Both have one of the two now. The jobs that wait come in between.
                    interleavings::rendezvous(2);
                    first.send("1")
                })
            });
        }
        for _ in 0..2 {
            scope.spawn(|| pool.run(|second| second.send("2")));
        }
    });
    all_are_back(&pool);
}

#[test]
fn each_connection_lets_one_go_on() {
    sleeps(two_wait_for_two);
    Checker::new().preemptions(1).check(two_wait_for_two);
    real_threads::run(two_wait_for_two);
}
