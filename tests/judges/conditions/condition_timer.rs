//! Judges `condition_timer`: either the job runs or the cancel was in time.

use std::sync::atomic::{AtomicUsize, Ordering};

use interleavings::Checker;

use super::*;

const DELAY: Duration = Duration::from_millis(1);
/// Long enough for a thread that looks every now and then to be noticed.
const SOON: Duration = Duration::from_millis(100);

/// Looks at every interleaving. Who waits is to sleep.
fn check(body: impl Fn() + Send + Sync) {
    sleepers().check(body);
}

fn sleeps(body: impl Fn() + Send + Sync) {
    sleepers().preemptions(0).check(body);
}

fn sleepers() -> Checker {
    Checker::new().allow_busy_waits(false)
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

/// Nobody is preempted here and virtual time passes only when nobody can run.
fn the_time_has_come(delay: Duration) {
    let start = Instant::now();
    let (timer, runs) = started(delay);
    timer.wait();
    let time = start.elapsed();
    let runs = runs.load(Ordering::SeqCst);
    assert!(runs == 1, "nobody cancelled, and the job ran {runs} times");
    assert!(
        time < delay * 11 / 10,
        "the job ran too late: after {time:?}, and the delay is {delay:?}"
    );
}

#[test]
fn the_job_runs_when_its_time_has_come() {
    real_threads::sentences_first();
    let coverage = Checker::new().preemptions(0).check(|| the_time_has_come(SOON));
    // One wait and its end are a dozen steps, as long as the delay may be.
    assert!(
        coverage.most_steps < 60,
        "the timer's thread wakes up again and again before the delay is over",
    );
    // Who looks more rarely is noticed here: that makes too many steps.
    sleeps(|| the_time_has_come(Duration::from_secs(24 * 3600)));
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
        let (timer, _) = started(SOON);
        let start = Instant::now();
        thread::sleep(SOON / 10);
        assert!(timer.cancel(), "cancelled at a tenth of the delay, and too late");
        let time = start.elapsed();
        assert!(
            time < SOON * 11 / 100,
            "`cancel` waited for the delay: called after {:?}, it returned after \
             {time:?}, and the delay is {SOON:?}",
            SOON / 10,
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
