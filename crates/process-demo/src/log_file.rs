//! A file to which several processes append, and what a whole line of it says.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek};
use std::process::Stdio;

use anyhow::Context;
use tempfile::NamedTempFile;

/// A log without a name: it is gone with the last process that has it open.
pub struct LogFile {
    file: File,
}

impl LogFile {
    pub fn new() -> anyhow::Result<Self> {
        let named = NamedTempFile::new().context("make a temporary file")?;
        let file = OpenOptions::new().read(true).append(true).open(named.path());
        let file = file.with_context(|| format!("open {}", named.path().display()))?;
        named.close().context("take the name from the temporary file")?;
        Ok(Self { file })
    }

    /// The log as a child's standard error.
    pub fn for_a_child(&self) -> anyhow::Result<Stdio> {
        Ok(self.file.try_clone().context("pass on the log")?.into())
    }

    /// All that has been written so far.
    pub fn text(&self) -> anyhow::Result<String> {
        let mut file = &self.file;
        let mut text = String::new();
        file.rewind().context("rewind the log")?;
        file.read_to_string(&mut text).context("read the log")?;
        Ok(text)
    }
}

/// A line of the log, when it is a whole one.
pub struct Entry {
    pub worker: usize,
    pub job: usize,
}

impl Entry {
    pub fn read(line: &str) -> anyhow::Result<Self> {
        let entry = || {
            let (level, rest) = line.trim_start().split_once(" worker{number=")?;
            let (number, rest) = rest.split_once(" pid=")?;
            let (_, job) = rest.split_once("}: done job=")?;
            let known = ["INFO", "WARN"].contains(&level);
            known.then_some(Self {
                worker: number.parse().ok()?,
                job: job.parse().ok()?,
            })
        };
        entry().with_context(|| format!("not a whole line: {line:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_or_two_in_one_are_not_whole() {
        let line = " INFO worker{number=2 pid=17}: done job=3";
        let entry = Entry::read(line).unwrap();
        assert_eq!((entry.worker, entry.job), (2, 3));
        for wrong in [&line[..20], &line[3..], &format!("{line}{line}"), ""] {
            assert!(Entry::read(wrong).is_err(), "{wrong:?}");
        }
    }
}
