//! Judges `queue_stealing` on real threads: each job once, nobody leaves early.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::Duration;

use super::*;

const JOBS: usize = 200;

/// Far longer than all jobs of a test take.
const LONG: Duration = Duration::from_secs(4);

/// An answer that never ends is waited for once, not in each of the tests.
static HANGS: AtomicBool = AtomicBool::new(false);

/// Runs the answer, and waits for its end.
fn run_to_the_end(job: Job, workers: usize) {
    assert!(
        !HANGS.load(Ordering::Relaxed),
        "`run` does not return: see the other test"
    );
    let (done, ended) = mpsc::channel();
    let runner = thread::spawn(move || {
        run(job, workers);
        let _ = done.send(());
    });
    match ended.recv_timeout(LONG) {
        Err(mpsc::RecvTimeoutError::Timeout) => {
            HANGS.store(true, Ordering::Relaxed);
            panic!(
                "`run` has not returned after {LONG:?}: somebody still looks for a job, \
                 or runs one"
            )
        }
        _ => runner.join().unwrap(),
    }
}

/// Two jobs that are done at the same time, if two workers are there.
#[derive(Default)]
struct Pair {
    /// How many have begun.
    begun: Mutex<usize>,
    other: Condvar,
}

impl Pair {
    fn push_both(self: &Arc<Self>, queue: &Queue) {
        for _ in 0..2 {
            let pair = Arc::clone(self);
            queue.push(Box::new(move |_| pair.meet()));
        }
    }

    /// Waits for the other one; the test looks at whether it came.
    fn meet(&self) {
        let mut begun = self.begun.lock().unwrap();
        *begun += 1;
        self.other.notify_all();
        let alone = |begun: &mut usize| *begun < 2;
        let (mut begun, end) =
            self.other.wait_timeout_while(begun, LONG / 4, alone).unwrap();
        // The other one must not believe that this one is still here.
        *begun -= usize::from(end.timed_out());
    }

    fn have_met(&self) -> bool {
        *self.begun.lock().unwrap() == 2
    }
}

/// A job that makes two, which make two each, and so on.
fn branch(number: usize, runs: Arc<Vec<AtomicUsize>>) -> Job {
    Box::new(move |queue| {
        runs[number].fetch_add(1, Ordering::Relaxed);
        for child in [2 * number + 1, 2 * number + 2] {
            if child < JOBS {
                queue.push(branch(child, Arc::clone(&runs)));
            }
        }
    })
}

#[test]
fn every_job_runs_once() {
    real_threads::run(|| {
        for _ in 0..20 {
            let runs: Arc<Vec<_>> =
                Arc::new((0..JOBS).map(|_| AtomicUsize::new(0)).collect());
            run_to_the_end(branch(0, Arc::clone(&runs)), 3);
            for (number, runs) in runs.iter().enumerate() {
                let runs = runs.load(Ordering::Relaxed);
                assert!(runs > 0, "`run` returned before job {number} had been run");
                assert!(runs == 1, "job {number} ran {runs} times");
            }
        }
    });
}

/// The jobs of one worker's queue are done by two workers at the same time.
#[test]
fn an_idle_worker_steals() {
    real_threads::run(|| {
        let pair = Arc::new(Pair::default());
        let theirs = Arc::clone(&pair);
        run_to_the_end(Box::new(move |queue| theirs.push_both(queue)), 2);
        assert!(
            pair.have_met(),
            "one worker had two jobs in its queue, and did them one after another: the \
             other one did not steal"
        );
    });
}

/// A worker that finds nothing waits for the jobs of one that is still busy.
#[test]
fn nobody_leaves_while_a_job_is_running() {
    real_threads::run(|| {
        let pair = Arc::new(Pair::default());
        let theirs = Arc::clone(&pair);
        let first = move |queue: &Queue| {
            // Time for the other worker to look, find nothing, and make its mistake.
            thread::sleep(Duration::from_millis(300));
            theirs.push_both(queue);
        };
        run_to_the_end(Box::new(first), 2);
        assert!(
            pair.have_met(),
            "a worker left while a job was running: the two jobs that this one brought \
             were done one after another by the worker that was still there"
        );
    });
}

/// The newest own job comes first: what is in the cache is used again.
#[test]
fn a_worker_looks_at_home_first() {
    real_threads::run(|| {
        let order = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&order);
        let first = move |queue: &Queue| {
            for number in 1..=3 {
                let order = Arc::clone(&seen);
                queue.push(Box::new(move |_| order.lock().unwrap().push(number)));
            }
        };
        run_to_the_end(Box::new(first), 1);
        let order = order.lock().unwrap();
        assert!(
            *order == [3, 2, 1],
            "a worker took the oldest of its own jobs: {order:?}"
        );
    });
}
