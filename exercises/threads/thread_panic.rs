//! Goal:   a job that panics costs its own result, and its message is kept.
//! Given:  jobs that return a number, or panic.
//! Change: the body of `run_all`.
//! Check:  cargo test --bin thread_panic
//! Read:   book/src/panics.md and std::thread::Result

use std::thread;

/// Something to do that may go wrong.
type Job = Box<dyn FnOnce() -> u32 + Send>;

/// Runs the jobs at the same time, each on a thread of its own.
///
/// Returns for each of them, in their order, its result or the text it panicked with.
/// A panic can carry any value; when that is no text, the text is "no message".
fn run_all(jobs: Vec<Job>) -> Vec<Result<u32, String>> {
    // TODO: run all jobs, and tell for each one how it ended.
    todo!("run the jobs, some of which panic")
}

fn main() {
    real_threads::end_if_stuck();
    let jobs: Vec<Job> = vec![
        Box::new(|| 6 * 7),
        Box::new(|| panic!("out of luck")),
        Box::new(|| panic!("{:?} is out of paper", thread::current().id())),
    ];
    for outcome in run_all(jobs) {
        println!("{outcome:?}");
    }
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn a_result_and_a_panic() {
        interleavings::check(|| {
            let jobs: Vec<Job> = vec![Box::new(|| 42), Box::new(|| panic!("no luck"))];
            assert_eq!(run_all(jobs), [Ok(42), Err("no luck".to_owned())]);
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/threads/thread_panic.rs"]
mod judge;
