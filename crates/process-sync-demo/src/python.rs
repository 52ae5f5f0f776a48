//! The same killings, done to Python's `multiprocessing` by `python/killed.py`.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use common::Span;
use common::measure::duration;
use crossprocess::Error;
use crossprocess::process::Spawn;

use crate::killing::lane;

const SCRIPT: &str = include_str!("../python/killed.py");

/// Who has not gone on by then hangs. Those who do go on need a millisecond or two.
const PATIENCE: Duration = Duration::from_millis(600);
/// For Python to start, and to kill the victims.
const START: Duration = Duration::from_secs(5);

/// What became of the survivors.
pub struct Python {
    /// Of Python: "3.11.7".
    pub version: String,
    cases: BTreeMap<String, Survivor>,
}

enum Survivor {
    /// It tries to use the object, since then.
    Tries(Instant, Span),
    GoesOn(String),
    Hangs,
}

impl Python {
    /// What became of one survivor, in a few words.
    pub fn outcome(&self, case: &str) -> String {
        match self.cases.get(case) {
            None => "did not start".to_owned(),
            Some(Survivor::GoesOn(how)) => how.clone(),
            Some(_) => format!("hangs, ended after {} ms", PATIENCE.as_millis()),
        }
    }

    /// How many survivors were left hanging.
    pub fn hangs(&self) -> usize {
        let hangs = |survivor: &&Survivor| matches!(survivor, Survivor::Hangs);
        self.cases.values().filter(hangs).count()
    }

    /// Plays the `count` cases of a scene, all at the same time; `None` without Python.
    pub fn play(scene: &str, count: usize) -> anyhow::Result<Option<Self>> {
        let spawn = Spawn::program("python3").configure(|command| {
            // Its input ends when this process does, and then so do all of Python's.
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
            // Deaf to the reader's settings; to fork is what it is for, so no warnings.
            command.args(["-I", "-B", "-W", "ignore", "-c", SCRIPT, scene])
        });
        let mut python = match spawn.spawn() {
            Err(Error::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                return Ok(None);
            }
            python => python?,
        };
        let stdout = python.take_stdout().context("standard output was piped")?;
        let (sender, lines) = mpsc::channel();
        let reader = thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // Nobody receives any more when all is known.
                let _ = sender.send(line);
            }
        });
        let mut played = Self { version: String::new(), cases: BTreeMap::new() };
        let started = Instant::now();
        while let Some(wait) = played.longest_wait(started, count) {
            match lines.recv_timeout(wait) {
                Ok(line) => played.hear(&line),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        // The whole process group, so that nobody is left who could keep the pipe open.
        python.kill()?;
        python.wait()?;
        reader.join().expect("reading does not panic");
        Ok(Some(played))
    }

    /// Notes who hangs by now. Returns how long there is something to wait for at most.
    fn longest_wait(&mut self, started: Instant, count: usize) -> Option<Duration> {
        let mut longest = None;
        for (case, survivor) in &mut self.cases {
            if let Survivor::Tries(since, _) = survivor {
                let left = PATIENCE.saturating_sub(since.elapsed());
                longest = longest.max(Some(left));
                if left.is_zero()
                    && let Survivor::Tries(_, waiting) =
                        std::mem::replace(survivor, Survivor::Hangs)
                {
                    lane(case, "Python").dies("hangs, ended");
                    std::mem::forget(waiting);
                }
            }
        }
        let not_started = START.saturating_sub(started.elapsed());
        if self.cases.len() < count && !not_started.is_zero() {
            longest = longest.max(Some(not_started));
        }
        longest
    }

    fn hear(&mut self, line: &str) {
        let words: Vec<_> = line.split('|').collect();
        match words[..] {
            ["Python", version] => self.version = version.to_owned(),
            [case, "tries"] => {
                let span = lane(case, "Python").waits("what is left");
                let tries = Survivor::Tries(Instant::now(), span);
                self.cases.insert(case.to_owned(), tries);
            }
            [case, milliseconds, got] => {
                let time =
                    duration(milliseconds.parse::<f64>().unwrap_or(0.0) / 1000.0);
                let how = format!("{time:>6}: {got}");
                self.cases.insert(case.to_owned(), Survivor::GoesOn(how));
            }
            _ => {}
        }
    }
}
