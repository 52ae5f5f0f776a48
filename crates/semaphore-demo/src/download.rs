//! The semaphore at work: read and hash real files, at most so many at once.
//!
//! Eight workers take turns at a pile of jobs, a few files each. A permit stands for
//! the right to read, so the disk never has more readers than permits. By default the
//! files are the downloaded sources of everything this workspace is built from, and
//! the workspace itself.
//!
//! Run:     `cargo run -p semaphore-demo -- download [DIR] [--permits N]`
//! Expect:  MB/s, a digest, and lanes in which at most N workers hold a permit
//! Chapter: book/src/permits.md
//! Source:  FIPS 180-4 for SHA-256

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::ensure;
use common::{Actor, println, timeline};
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};

use crate::semaphore::Semaphore;
use crate::sources::{self, Job};

const WORKERS: usize = 8;
const SHOWN_PROBLEMS: usize = 5;

#[derive(clap::Args)]
pub struct Options {
    /// Read the files below DIR instead of this workspace and its dependencies
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,

    /// Let at most N workers read at once
    #[arg(long, value_name = "N", default_value_t = 3)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    permits: u16,
}

// clap hands the options over.
#[expect(clippy::needless_pass_by_value)]
pub fn run(options: Options) -> anyhow::Result<()> {
    let permits = usize::from(options.permits);
    let found = sources::find(options.directory.as_deref())?;
    let (files, bytes) = (found.files, found.bytes);
    println!(
        "{files} files, {:.1} MB, {WORKERS} workers, {permits} permits",
        mb(bytes)
    );

    let start = Instant::now();
    let outcome = hash_all(found.jobs, permits, &progress_bar(bytes));
    let seconds = start.elapsed().as_secs_f64();

    let read = outcome.digests.len();
    let speed = mb(outcome.bytes) / seconds;
    println!("{read} files read in {seconds:.2} s, {speed:.0} MB/s");
    println!("SHA-256 of all digests by path: {}…\n", &outcome.digest()[..16]);
    timeline::so_far().print();
    println!();
    outcome.tell_problems(&found.problems);

    let peak = outcome.peak;
    ensure!(peak <= permits, "{peak} workers shared {permits} permits");
    let lost = files - read - outcome.problems.len();
    ensure!(lost == 0, "{lost} files were neither read nor reported");
    println!("ok: at most {peak} of {permits} permits were in use at once");
    Ok(())
}

struct Outcome {
    /// By path, so that the order of finishing does not matter.
    digests: BTreeMap<PathBuf, [u8; 32]>,
    bytes: u64,
    /// Files that could not be read, with the reason.
    problems: Vec<String>,
    /// The largest number of workers that held a permit at the same moment.
    peak: usize,
}

fn hash_all(jobs: Vec<Job>, permits: usize, progress: &ProgressBar) -> Outcome {
    let jobs = Mutex::new(jobs.into_iter());
    let semaphore = Semaphore::new(permits);
    let (reading, peak) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let outcome = Mutex::new((BTreeMap::new(), 0, Vec::new()));

    thread::scope(|scope| {
        for number in 1..=WORKERS {
            let me = Actor::new(format!("worker {number}"));
            let (jobs, semaphore, outcome) = (&jobs, &semaphore, &outcome);
            let (reading, peak) = (&reading, &peak);
            let work = move || {
                // A `let` ends the lock before the work; `while let` would keep it.
                let next_job = || jobs.lock().unwrap().next();
                while let Some(job) = next_job() {
                    let waiting = me.waits("a permit");
                    let permit = semaphore.acquire();
                    drop(waiting);
                    let holding = me.holds("a permit");
                    // Relaxed: the semaphore orders one holder before the next.
                    let now = reading.fetch_add(1, Ordering::Relaxed) + 1;
                    peak.fetch_max(now, Ordering::Relaxed);
                    let results: Vec<_> =
                        job.files.iter().map(|file| hash(file, progress)).collect();
                    reading.fetch_sub(1, Ordering::Relaxed);
                    drop(holding);
                    drop(permit);
                    // Without a permit again: nobody waits for us to file results.
                    collect(&mut outcome.lock().unwrap(), job, results);
                }
            };
            // A refused thread is no failure as long as one can work.
            if thread::Builder::new().spawn_scoped(scope, work).is_err() && number == 1
            {
                panic!("the system refuses the first thread");
            }
        }
    });
    progress.finish_and_clear();
    let (digests, bytes, problems) = outcome.into_inner().unwrap();
    Outcome { digests, bytes, problems, peak: peak.into_inner() }
}

type Collected = (BTreeMap<PathBuf, [u8; 32]>, u64, Vec<String>);

fn collect(into: &mut Collected, job: Job, results: Vec<io::Result<(u64, [u8; 32])>>) {
    for (file, result) in job.files.into_iter().zip(results) {
        match result {
            Ok((bytes, digest)) => {
                into.0.insert(file, digest);
                into.1 += bytes;
            }
            Err(error) => into.2.push(format!("{}: {error}", file.display())),
        }
    }
}

/// Length and digest of a file, read in pieces: it may be larger than memory.
fn hash(file: &Path, progress: &ProgressBar) -> io::Result<(u64, [u8; 32])> {
    let mut reader = File::open(file)?;
    let (mut hasher, mut length) = (Sha256::new(), 0);
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok((length, hasher.finalize().into()));
        }
        hasher.update(&buffer[..read]);
        length += read as u64;
        progress.inc(read as u64);
    }
}

impl Outcome {
    fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for digest in self.digests.values() {
            hasher.update(digest);
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Names what was skipped, the first few of it.
    fn tell_problems(&self, while_listing: &[String]) {
        let problems: Vec<_> = while_listing.iter().chain(&self.problems).collect();
        for problem in problems.iter().take(SHOWN_PROBLEMS) {
            println!("skipped {problem}");
        }
        if let Some(more) = problems.len().checked_sub(SHOWN_PROBLEMS + 1) {
            println!("skipped {} more", more + 1);
        }
    }
}

/// Shown on a terminal only.
fn progress_bar(bytes: u64) -> ProgressBar {
    let template = "{bar:40} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left";
    let style = ProgressStyle::with_template(template).expect("the template is valid");
    ProgressBar::new(bytes).with_style(style)
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_is_named_and_the_rest_is_hashed() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join("here");
        std::fs::write(&here, "abc").unwrap();
        let gone = folder.path().join("gone");
        let jobs = vec![Job { files: vec![gone.clone(), here.clone()] }];

        let outcome = hash_all(jobs, 2, &ProgressBar::hidden());

        // The example of FIPS 180-4 for the message "abc".
        let digest = outcome.digests[&here];
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
        let [problem] = &outcome.problems[..] else { panic!("one problem") };
        assert!(problem.starts_with(&gone.display().to_string()), "{problem}");
    }

    #[test]
    fn no_more_workers_read_than_there_are_permits() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = (0..50).map(|number| {
            let file = folder.path().join(number.to_string());
            std::fs::write(&file, vec![0; 10_000]).unwrap();
            Job { files: vec![file] }
        });
        let outcome = hash_all(jobs.collect(), 2, &ProgressBar::hidden());
        assert_eq!(outcome.digests.len(), 50);
        assert!(outcome.peak <= 2, "{} at once", outcome.peak);
    }
}
