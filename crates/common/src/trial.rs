//! A version that goes wrong on purpose, run where it can do no harm.

use std::io::Read;
use std::process::{ExitStatus, Stdio};
use std::thread;

use anyhow::Context;

use crate::child::{self, ChildGuard};

/// How a scene that ran in a process of its own ended.
#[derive(Debug)]
pub struct Trial {
    /// How the process ended.
    pub status: ExitStatus,
    /// All it printed, standard output first.
    pub output: String,
}

impl Trial {
    /// Prints what the process printed, set off from the scene's own lines.
    pub fn show(&self) {
        for line in self.output.lines() {
            let line = format!("  | {line}");
            crate::println!("{}", line.trim_end());
        }
    }
}

/// Runs the scene `name` of this very program in a child process and waits for its end.
///
/// For scenes that hang, abort or exit: the watchdog of the child ends a hang, and the
/// caller's other threads never notice.
///
/// # Errors
///
/// When the process cannot be started or its output cannot be read.
pub fn trial(name: &str) -> anyhow::Result<Trial> {
    let mut command = child::role(name).context("find this program's own file")?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child =
        ChildGuard::spawn(&mut command).with_context(|| format!("start {name}"))?;

    let read = |stream: Option<&mut dyn Read>| -> anyhow::Result<String> {
        let mut bytes = Vec::new();
        let stream = stream.context("the stream was piped")?;
        stream.read_to_end(&mut bytes).with_context(|| format!("read from {name}"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let mut stdout = child.take_stdout();
    let mut stderr = child.take_stderr();
    // Both at once: a child that fills one pipe while we read the other would block.
    let (stdout, stderr) = thread::scope(|scope| {
        let stderr = scope.spawn(|| read(stderr.as_mut().map(|s| s as &mut dyn Read)));
        let stdout = read(stdout.as_mut().map(|s| s as &mut dyn Read));
        (stdout, stderr.join().expect("reading does not panic"))
    });
    let status = child.wait().with_context(|| format!("wait for {name}"))?;
    Ok(Trial { status, output: stdout? + &stderr? })
}
