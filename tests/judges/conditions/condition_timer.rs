//! Judges `condition_timer`: either the job runs or the cancel was in time.

use std::sync::atomic::{AtomicUsize, Ordering};

use interleavings::Checker;

use super::*;

const DELAY: Duration = Duration::from_millis(1);

/// Looks at every interleaving; first at those without a preemption, where a thread that
/// does not sleep while it waits is noticed at once.
fn check(body: impl Fn() + Send + Sync) {
    sleeps(&body);
    interleavings::check(body);
}

fn sleeps(body: impl Fn() + Send + Sync) {
    let coverage = Checker::new().preemptions(0).max_steps(10_000).check(body);
    assert!(
        coverage.busy_waits.is_empty(),
        "a waiting thread looks again and again, at {}, where it should sleep",
        coverage.busy_waits[0],
    );
}

/// A timer whose job counts its runs and looks at the time.
fn started(delay: Duration) -> (Timer, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let timer = Timer::start(delay, {
        let runs = Arc::clone(&runs);
        move || {
            let time = start.elapsed();
            assert!(
                time >= delay,
                "the job ran too early: after {time:?} of {delay:?}"
            );
            runs.fetch_add(1, Ordering::SeqCst);
        }
    });
    (timer, runs)
}

fn wait_for_the_job() {
    let (timer, runs) = started(DELAY);
    timer.wait();
    let runs = runs.load(Ordering::SeqCst);
    assert!(runs == 1, "nobody cancelled, and the job ran {runs} times");
}

#[test]
fn the_job_runs_once() {
    check(wait_for_the_job);
    real_threads::run(wait_for_the_job);
}

/// The cancel comes after a while: before the job, with it or after it.
fn cancel_the_job(after: Duration) {
    let (timer, runs) = started(DELAY);
    thread::sleep(after);
    let in_time = timer.cancel();
    let runs = runs.load(Ordering::SeqCst);
    assert!(!in_time || runs == 0, "`cancel` returned `true`, and the job ran");
    assert!(in_time || runs == 1, "`cancel` returned `false`, and the job did not run");
}

#[test]
fn a_cancelled_job_does_not_run() {
    for after in [Duration::ZERO, DELAY, DELAY * 2] {
        sleeps(|| cancel_the_job(after));
        check(|| cancel_the_job(after));
        real_threads::run(move || cancel_the_job(after));
    }
}

/// Nobody is preempted here and virtual time passes only when nobody can run.
#[test]
fn cancel_does_not_wait_for_the_delay() {
    sleeps(|| {
        let (timer, _) = started(DELAY * 10);
        let start = Instant::now();
        thread::sleep(DELAY);
        assert!(timer.cancel(), "cancelled at a tenth of the delay, and too late");
        let time = start.elapsed();
        assert!(
            time < DELAY * 2,
            "`cancel` waited for the delay: it took {time:?}, the delay is {:?}",
            DELAY * 10,
        );
    });
}

/// Where the job and its canceller wait for each other.
fn meet() {
    interleavings::rendezvous(2);
}

#[test]
fn cancel_waits_for_a_job_that_has_begun() {
    let body = || {
        let ended = Arc::new(AtomicUsize::new(0));
        let timer = Timer::start(Duration::ZERO, {
            let ended = Arc::clone(&ended);
            move || {
                meet();
                ended.fetch_add(1, Ordering::SeqCst);
            }
        });
        meet();
        assert!(!timer.cancel(), "the job had begun, and `cancel` returned `true`");
        let ended = ended.load(Ordering::SeqCst);
        assert!(ended == 1, "`cancel` returned before the job had ended");
    };
    check(body);
    real_threads::run(body);
}
