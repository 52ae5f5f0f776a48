//! Judges `condition_timeout`: one limit for the whole wait, and what is there counts.

use interleavings::Checker;

use super::*;

const LIMIT: Duration = Duration::from_millis(1);

/// Looks at every interleaving. Who waits is to sleep.
fn check(body: impl Fn() + Send + Sync) {
    sleeps(the_goal_is_reached_in_time);
    sleepers().check(body);
}

fn sleeps(body: impl Fn() + Send + Sync) {
    sleepers().preemptions(0).check(body);
}

fn sleepers() -> Checker {
    Checker::new().allow_busy_waits(false)
}

/// Virtual time does not pass as long as anybody can run.
fn the_goal_is_reached_in_time() {
    let progress = Progress::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(LIMIT);
            progress.advance();
        });
        let start = Instant::now();
        let answer = progress.wait_for(1, LIMIT * 10);
        assert!(answer == Ok(1), "1 was done in time, the answer was {answer:?}");
        let time = start.elapsed();
        assert!(
            time < LIMIT * 2,
            "slept on when the goal was reached: after {LIMIT:?}, the wait took \
             {time:?}",
        );
    });
}

/// The work goes on, at 6 and 12 tenths of the limit, but never comes to the goal.
fn too_slow(limit: Duration) -> Duration {
    let progress = Progress::new();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let start = Instant::now();
            (progress.wait_for(9, limit), start.elapsed())
        });
        scope.spawn(|| {
            for _ in 0..2 {
                thread::sleep(limit * 6 / 10);
                progress.advance();
            }
        });
        let (answer, time) = waiter.join().unwrap();
        let right = matches!(answer, Err(0..=2));
        assert!(right, "at most 2 of 9 were done, and the answer was {answer:?}");
        assert!(time >= limit, "gave up too early: after {time:?} of {limit:?}");
        time
    })
}

/// Nobody else is there. The clock goes on only when nobody can run.
fn the_wait_is_as_long_as_the_limit() {
    let progress = Progress::new();
    for limit in [Duration::ZERO, LIMIT, LIMIT * 9] {
        let start = Instant::now();
        let answer = progress.wait_for(1, limit);
        let time = start.elapsed();
        assert!(answer == Err(0), "nothing was done, and the answer was {answer:?}");
        assert!(
            (limit..limit + LIMIT / 2).contains(&time),
            "the limit was {limit:?}, and `wait_for` waited for {time:?}",
        );
    }
}

#[test]
fn the_limit_is_kept() {
    sleeps(the_wait_is_as_long_as_the_limit);
}

#[test]
fn progress_does_not_extend_the_wait() {
    // Enough for a thread that looks every now and then to be noticed.
    let limit = LIMIT * 15;
    sleeps(|| {
        let time = too_slow(limit);
        // Only here, where nobody is slower than needed: a thread that is stopped on
        // its way into the wait sleeps longer, and cannot help it.
        assert!(
            time < limit * 15 / 10,
            "the time began anew at a wake-up: the limit was {limit:?}, the wait took \
             {time:?}",
        );
    });
    check(|| {
        too_slow(LIMIT);
    });
    real_threads::run(|| too_slow(Duration::from_millis(20)));
}

/// The waiter's time may be up when the goal is reached and the notification is not.
fn enough_at_the_last_moment(limit: Duration) {
    let progress = Progress::new();
    let start = Instant::now();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| progress.wait_for(1, limit));
        // The result is right without it; with it the waiter waits more often.
        thread::sleep(limit / 2);
        let mut done = progress.done.lock().unwrap();
        // From here on the waiter cannot return before it sees what is done.
        let in_time = start.elapsed() < limit;
        *done += 1;
        drop(done);
        progress.advanced.notify_all();
        let answer = waiter.join().unwrap();
        assert!(
            answer == Ok(1) || !in_time,
            "a time-out, although the goal was reached: `wait_for(1)` returned \
             {answer:?}, and 1 was done when it looked",
        );
    });
}

#[test]
fn what_is_done_counts() {
    check(|| enough_at_the_last_moment(LIMIT));
    real_threads::run(|| enough_at_the_last_moment(Duration::from_millis(20)));
}

/// Two threads wait for two others, for different goals.
fn two_wait_for_two(limit: Duration) {
    let progress = Progress::new();
    let answers = thread::scope(|scope| {
        let progress = &progress;
        let waiters =
            [1, 2].map(|goal| scope.spawn(move || progress.wait_for(goal, limit)));
        for _ in 0..2 {
            scope.spawn(|| progress.advance());
        }
        waiters.map(|waiter| waiter.join().unwrap())
    });
    for (goal, answer) in [1, 2].into_iter().zip(answers) {
        // The time of a thread may be up before anybody else has run.
        match answer {
            Ok(done) => assert!(
                done >= goal && done <= 2,
                "`wait_for({goal})` returned {answer:?}, and that is not so",
            ),
            Err(done) => assert!(
                done < goal,
                "a time-out, although the goal was reached: `wait_for({goal})` returned \
                 {answer:?}",
            ),
        }
    }
}

/// More was done than anybody waited for.
fn past_the_goal() {
    let progress = Progress::new();
    for _ in 0..3 {
        progress.advance();
    }
    for goal in [0, 2, 3] {
        let answer = progress.wait_for(goal, LIMIT);
        assert!(
            answer == Ok(3),
            "3 were done when `wait_for({goal})` looked, and it returned {answer:?}",
        );
    }
    let answer = progress.wait_for(9, LIMIT);
    assert!(
        answer == Err(3),
        "3 were done when `wait_for(9)` gave up, and it returned {answer:?}",
    );
}

#[test]
fn the_answer_is_what_is_done() {
    interleavings::check(past_the_goal);
    real_threads::run(past_the_goal);
}

#[test]
fn the_answer_says_what_was_done() {
    check(|| two_wait_for_two(LIMIT));
    real_threads::run(|| two_wait_for_two(Duration::from_secs(5)));
}

#[test]
fn who_is_in_time_does_not_wait_for_the_end() {
    sleeps(the_goal_is_reached_in_time);
    real_threads::run(|| {
        let progress = Progress::new();
        progress.advance();
        assert!(progress.wait_for(1, Duration::ZERO) == Ok(1), "1 was done before");
    });
}
