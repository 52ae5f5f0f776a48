//! Finds what there is to judge: the demos of the workspace and their scenes.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;

use anyhow::{Context, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

/// The folder with the workspace's `Cargo.toml`.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("`tests` lies in the workspace")
}

/// A demo that has been built.
#[derive(Debug)]
pub struct Demo {
    /// The name of its package.
    pub name: String,
    /// Its program.
    pub program: PathBuf,
    /// The scenes that run by default, in order.
    pub scenes: Vec<String>,
    /// The scenes that go wrong on purpose.
    pub wrong: Vec<String>,
}

/// Builds all demos, once, and asks each for its scenes.
///
/// # Panics
///
/// When a demo cannot be built or does not answer: then there is nothing to test.
pub fn demos() -> &'static [Demo] {
    static DEMOS: OnceLock<Vec<Demo>> = OnceLock::new();
    DEMOS.get_or_init(|| {
        build(&demo_names())
            .unwrap_or_else(|error| panic!("build the demos: {error:#}"))
    })
}

/// The names of all demo packages, sorted.
///
/// # Panics
///
/// When the folder of the crates cannot be read.
#[must_use]
pub fn demo_names() -> Vec<String> {
    let crates =
        fs::read_dir(workspace().join("crates")).expect("`crates` can be read");
    let names = crates.map(|entry| entry.expect("`crates` can be read").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| name.ends_with("-demo")).collect();
    names.sort();
    names
}

fn build(names: &[String]) -> anyhow::Result<Vec<Demo>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--bins", "--message-format=json"]);
    cargo.args(names.iter().flat_map(|name| ["-p", name])).current_dir(workspace());
    let output = cargo.output().context("start cargo")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let mut demos = Vec::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let message: Value = serde_json::from_str(line)?;
        let name = message["target"]["name"].as_str().unwrap_or_default();
        if let Some(program) = message["executable"].as_str()
            && names.iter().any(|known| known == name)
        {
            demos.push(Demo::ask(name, program.into())?);
        }
    }
    ensure!(demos.len() == names.len(), "{} of {} demos", demos.len(), names.len());
    Ok(demos)
}

impl Demo {
    fn ask(name: &str, program: PathBuf) -> anyhow::Result<Self> {
        let output = Command::new(&program).arg("--list").output()?;
        ensure!(output.status.success(), "{name} --list: {}", output.status);
        let list = String::from_utf8(output.stdout)?;
        let mut parts = list.split("\n\n").map(|part| {
            let names = part.lines().map(|line| line.split_whitespace().next());
            names.map(|name| name.unwrap_or_default().to_owned()).collect::<Vec<_>>()
        });
        let scenes = parts.next().unwrap_or_default();
        // The second part has a heading.
        let wrong = parts.next().unwrap_or_default().into_iter().skip(1).collect();
        ensure!(!scenes.is_empty(), "{name} has no scenes");
        Ok(Self { name: name.to_owned(), program, scenes, wrong })
    }
}

/// A test that fails with the whole chain of an error's causes.
pub fn trial(
    name: impl Into<String>,
    test: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
) -> Trial {
    Trial::test(name, move || {
        test().map_err(|error| Failed::from(format!("{error:#}")))
    })
}

/// The command line of a test that runs demos. These wait most of their time, so four run
/// at once on each core unless the command line says otherwise.
#[must_use]
pub fn arguments() -> Arguments {
    let mut arguments = Arguments::from_args();
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    arguments.test_threads.get_or_insert(4 * cores);
    arguments
}

/// How often each scene and each answer is to run: `COURSE_RUNS`, by default once.
///
/// # Errors
///
/// When the variable is not a number above 0.
pub fn runs() -> anyhow::Result<usize> {
    let Ok(runs) = std::env::var("COURSE_RUNS") else { return Ok(1) };
    let number: NonZeroUsize =
        runs.parse().with_context(|| format!("read COURSE_RUNS=`{runs}`"))?;
    Ok(number.get())
}
