//! Makes one module of every solution and of every wrong answer.
//!
//! A wrong answer is an edit of the solution, kept in `wrong_answers/<topic>.toml`. All
//! those of a topic are compiled together, into the test `answers-<topic>`, each with the
//! judge of its exercise; the test `wrong_answers` then runs them one by one.
//!
//! `COURSE_TOPIC=locks` leaves the other topics out, `COURSE_AUTHOR=1` takes the untouched
//! exercises in as wrong answers, too.

#![expect(clippy::disallowed_macros, reason = "cargo reads what a build script prints")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

/// The exercises in their order, as rustlings reads them.
#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    exercises: Vec<Exercise>,
}

#[derive(Deserialize)]
struct Exercise {
    name: String,
    dir: String,
}

/// A wrong answer; the other fields are for people.
#[derive(Deserialize)]
struct WrongAnswer {
    name: String,
    #[serde(default)]
    edits: Vec<Edit>,
    /// Both or neither, for the answers that are a single edit.
    replace: Option<String>,
    with: Option<String>,
}

#[derive(Deserialize)]
struct Edit {
    replace: String,
    with: String,
}

fn main() -> anyhow::Result<()> {
    let tests = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let workspace = tests.parent().context("`tests` lies in the workspace")?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let info = workspace.join("info.toml");
    for path in [&info, &workspace.join("solutions"), &tests.join("wrong_answers")] {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    println!("cargo::rerun-if-env-changed=COURSE_AUTHOR");
    println!("cargo::rerun-if-env-changed=COURSE_TOPIC");
    let topic = std::env::var("COURSE_TOPIC").ok();

    let info: Info = toml::from_str(&read(&info)?).context("parse info.toml")?;
    let mut modules: BTreeMap<&str, String> = BTreeMap::new();
    let mut wrong_answers = BTreeMap::new();
    for Exercise { name, dir } in &info.exercises {
        let modules = modules.entry(dir).or_default();
        if topic.as_ref().is_some_and(|topic| topic != dir) {
            continue;
        }
        let file = format!("{dir}/{name}.rs");
        let solution = read(&workspace.join("solutions").join(&file))?;
        let answers = match wrong_answers.entry(dir) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => {
                new.insert(wrong_answers_of(&tests, dir)?)
            }
        };

        writeln!(modules, "mod {name} {{")?;
        let mut add = |answer: &str, text: &str| -> anyhow::Result<()> {
            let module = out.join(format!("{name}.{answer}.rs"));
            fs::write(&module, with_judge(text, &tests, &file)?)?;
            writeln!(modules, "    #[path = {module:?}]\n    mod {answer};")?;
            Ok(())
        };
        add("solution", &solution)?;
        // A reader's own file may not even compile, so only authors judge the stub.
        if std::env::var_os("COURSE_AUTHOR").is_some() {
            let exercise = workspace.join("exercises").join(&file);
            println!("cargo::rerun-if-changed={}", exercise.display());
            add("untouched_stub", &read(&exercise)?)?;
        }
        for answer in answers.remove(name).unwrap_or_default() {
            let text = apply(&solution, &answer).with_context(|| {
                format!("wrong answer `{}` of `{name}`", answer.name)
            })?;
            add(&answer.name, &text)?;
        }
        writeln!(modules, "}}")?;
    }
    for (topic, answers) in wrong_answers {
        if let Some(name) = answers.keys().next() {
            bail!("wrong_answers/{topic}.toml: no exercise `{name}` in info.toml");
        }
    }
    for (topic, modules) in modules {
        fs::write(out.join(topic).with_extension("rs"), modules)?;
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

/// The wrong answers of a topic, by exercise.
fn wrong_answers_of(
    tests: &Path,
    topic: &str,
) -> anyhow::Result<BTreeMap<String, Vec<WrongAnswer>>> {
    let file = tests.join("wrong_answers").join(topic).with_extension("toml");
    toml::from_str(&read(&file)?).with_context(|| format!("parse {}", file.display()))
}

fn apply(solution: &str, answer: &WrongAnswer) -> anyhow::Result<String> {
    let mut text = solution.to_owned();
    let single = answer.replace.as_ref().zip(answer.with.as_ref());
    let edits =
        answer.edits.iter().map(|edit| (&edit.replace, &edit.with)).chain(single);
    let mut edited = false;
    for (replace, with) in edits {
        let found = text.matches(replace.as_str()).count();
        ensure!(found == 1, "the text to replace occurs {found} times:\n{replace}");
        text = text.replacen(replace.as_str(), with, 1);
        edited = true;
    }
    ensure!(edited, "there is nothing to replace");
    Ok(text)
}

/// The path to the judge is relative to the answer's file, which is elsewhere now.
fn with_judge(answer: &str, tests: &Path, file: &str) -> anyhow::Result<String> {
    let judge = format!("../../tests/judges/{file}");
    ensure!(answer.matches(&judge).count() == 1, "{file} does not include its judge");
    // A slash serves everywhere, and needs no escape in a string.
    let tests = tests.to_string_lossy().replace('\\', "/");
    Ok(answer.replace(&judge, &format!("{tests}/judges/{file}")))
}
