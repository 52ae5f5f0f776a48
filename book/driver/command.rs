//! Commands that a page shows and the program can run.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ffi::OsStr;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

/// Nothing on a page takes so long; it stops what hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// A command line of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// As the reader types it.
    text: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// `cargo run --release -p package -- arguments`
    Cargo {
        package: String,
        binary: Option<String>,
        release: bool,
        arguments: Vec<String>,
    },
    /// `python3 file arguments`
    Python { file: String, arguments: Vec<String> },
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; `None` when a signal or the time limit ended it.
    pub exit: Option<i32>,
    /// What it wrote to standard output and standard error, as it came.
    pub output: String,
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Command {
    /// Understands `cargo run [--release] -p NAME [--bin NAME] [-- …]` and `python3 FILE …`.
    ///
    /// # Errors
    ///
    /// Names the command if it is another one.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let rest = |from: usize| words.get(from..).unwrap_or_default().to_vec();
        let kind = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice()
        {
            ["cargo", "run", "-p", package, tail @ ..]
            | ["cargo", "run", "--release", "-p", package, tail @ ..] => {
                let (binary, tail) = match tail {
                    ["--bin", name, tail @ ..] => (Some((*name).to_owned()), tail),
                    _ => (None, tail),
                };
                let arguments = match tail {
                    [] => &[],
                    ["--", arguments @ ..] => arguments,
                    _ => bail!("`{text}`: arguments stand after `--`"),
                };
                let arguments =
                    arguments.iter().map(|word| (*word).to_owned()).collect();
                let release = words[2] == "--release";
                Kind::Cargo {
                    package: (*package).to_owned(),
                    binary,
                    release,
                    arguments,
                }
            }
            ["python3", file, ..] => {
                Kind::Python { file: (*file).to_owned(), arguments: rest(2) }
            }
            _ => bail!("`{text}` is neither `cargo run -p …` nor `python3 …`"),
        };
        Ok(Self { text: text.to_owned(), kind })
    }

    /// The package and the scene, or whatever else the first argument is.
    #[must_use]
    pub fn scene(&self) -> Option<(&str, Option<&str>)> {
        match &self.kind {
            Kind::Cargo { package, arguments, .. } => {
                Some((package, arguments.first().map(String::as_str)))
            }
            Kind::Python { .. } => None,
        }
    }

    /// The same without `--release`.
    #[must_use]
    pub fn for_development(&self) -> Self {
        let mut command = self.clone();
        if let Kind::Cargo { release, .. } = &mut command.kind {
            *release = false;
        }
        command
    }

    /// The Python file, if the command runs one.
    #[must_use]
    pub fn python(&self) -> Option<&str> {
        match &self.kind {
            Kind::Python { file, .. } => Some(file),
            Kind::Cargo { .. } => None,
        }
    }

    /// Whether the command's file or package is there.
    ///
    /// # Errors
    ///
    /// Names what is not.
    pub fn exists(&self, root: &Path) -> anyhow::Result<()> {
        let (what, found) = match &self.kind {
            Kind::Cargo { package, .. } => {
                let manifest =
                    |folder| root.join(folder).join(package).join("Cargo.toml");
                (
                    package,
                    ["", "crates", "book"].map(manifest).iter().any(|m| m.is_file()),
                )
            }
            Kind::Python { file, .. } => (file, root.join(file).is_file()),
        };
        ensure!(found, "`{}`: there is no `{what}`", self.text);
        Ok(())
    }

    /// Runs the command in `root`, with more arguments than the page shows.
    ///
    /// # Errors
    ///
    /// When the program cannot be built or started. That it fails is no error here.
    pub fn run(&self, root: &Path, more: &[&OsStr]) -> anyhow::Result<Ran> {
        let mut command = match &self.kind {
            Kind::Cargo { package, binary, release, arguments } => {
                let name = binary.as_ref().unwrap_or(package);
                let program = built(root, package, name, *release)?;
                let mut command = process::Command::new(program);
                command.args(arguments);
                command
            }
            Kind::Python { file, arguments } => {
                let mut command = process::Command::new("python3");
                command.arg(file).args(arguments);
                command
            }
        };
        command.args(more);
        let (reader, writer) = std::io::pipe()?;
        command
            .current_dir(root)
            .env("NO_COLOR", "1")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer);
        let child = command.spawn().with_context(|| format!("start `{self}`"))?;
        // Holds the writing ends: the pipe would not end while they are open.
        drop(command);
        finish(child, reader).with_context(|| format!("run `{self}`"))
    }
}

/// Reads until the child has ended, or ends it.
fn finish(mut child: Child, mut reader: std::io::PipeReader) -> anyhow::Result<Ran> {
    let (ended, end) = mpsc::channel();
    let reading = thread::spawn(move || {
        let mut output = Vec::new();
        let result = reader.read_to_end(&mut output);
        // Nobody listens any more once the limit has passed.
        let _ = ended.send(());
        result.map(|_| output)
    });
    if end.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
        child.kill()?;
        child.wait()?;
        bail!("no end within {} s", LIMIT.as_secs());
    }
    let exit = child.wait()?.code();
    let output = reading.join().expect("reading does not panic")?;
    let output = String::from_utf8(output).context("the output is not text")?;
    Ok(Ran { exit, output })
}

/// A package, a program of it, and whether it is optimised.
type Wanted = (String, String, bool);

/// Builds a program of the workspace, if this run has not done so, and returns where it
/// is. Cargo takes a while to find out that there is nothing to build.
fn built(
    root: &Path,
    package: &str,
    binary: &str,
    release: bool,
) -> anyhow::Result<PathBuf> {
    static BUILT: Mutex<BTreeMap<Wanted, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(match built.entry((package.to_owned(), binary.to_owned(), release)) {
        Entry::Occupied(found) => found.get().clone(),
        Entry::Vacant(place) => {
            place.insert(build(root, package, binary, release)?).clone()
        }
    })
}

fn build(
    root: &Path,
    package: &str,
    binary: &str,
    release: bool,
) -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = process::Command::new(cargo)
        .args(["build", "--quiet", "--message-format=json", "-p", package])
        .args(["--bin", binary])
        .args(release.then_some("--release"))
        .current_dir(root)
        .output()
        .context("start cargo")?;
    ensure!(
        output.status.success(),
        "failed to build `{package}`\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for line in String::from_utf8(output.stdout)?.lines() {
        let message: Value = serde_json::from_str(line)?;
        if message["target"]["name"] == binary
            && let Some(program) = message["executable"].as_str()
        {
            return Ok(program.into());
        }
    }
    bail!("`{package}` has no program `{binary}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_a_page_may_show() {
        let command = Command::parse("cargo run -p lock-demo -- race").unwrap();
        assert_eq!(command.scene(), Some(("lock-demo", Some("race"))));
        assert_eq!(Command::parse("python3 a.py").unwrap().python(), Some("a.py"));
        for wrong in ["ls", "cargo run", "cargo run -p a race", "cargo test"] {
            assert!(Command::parse(wrong).is_err(), "{wrong}");
        }
    }
}
