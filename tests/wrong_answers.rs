//! Runs every solution and every wrong answer, each in a process of its own.
//!
//! A solution must pass. A wrong answer must be rejected in time, and with the sentence
//! that names its mistake. A table of all of them is written for the book.
//!
//! `COURSE_RUNS=100` runs each of them a hundred times, `COURSE_TOPIC=locks` those of one
//! topic; `COURSE_AUTHOR=1` takes the untouched exercises for wrong answers, too.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use course_tests::{runs, workspace};
use libtest_mimic::{Arguments, Failed, Trial};
use serde::{Deserialize, Serialize};

/// A judge on real threads gives up after 10 s; this stops one that does not.
const LIMIT: Duration = Duration::from_secs(60);

/// One row of `wrong_answers/<topic>.toml`.
#[derive(Clone, Deserialize)]
struct WrongAnswer {
    name: String,
    /// What it does.
    wrong: String,
    /// Why one writes it.
    tempting: String,
    /// What one sees.
    symptom: String,
    /// Part of the verdict that must come.
    verdict: String,
}

#[derive(Deserialize)]
struct Info {
    exercises: Vec<Exercise>,
}

#[derive(Deserialize)]
struct Exercise {
    name: String,
    dir: String,
}

/// One row of the table for the book.
#[derive(Serialize)]
struct Row {
    exercise: String,
    answer: String,
    wrong: String,
    tempting: String,
    symptom: String,
    /// What the judge said.
    verdict: String,
    milliseconds: u128,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    match trials() {
        Ok((trials, rows)) => {
            let conclusion = libtest_mimic::run(&arguments, trials);
            if let Err(error) =
                write_table(&rows.lock().expect("a trial returns errors"))
            {
                eprintln!("error: {error:#}");
                return ExitCode::FAILURE;
            }
            conclusion.exit_code()
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

type Rows = Arc<Mutex<BTreeMap<(usize, String), Row>>>;

fn trials() -> anyhow::Result<(Vec<Trial>, Rows)> {
    let answers = build_answers()?;
    let info: Info = read_toml(&workspace().join("info.toml"))?;
    let mut topics: BTreeMap<String, BTreeMap<String, Vec<WrongAnswer>>> =
        BTreeMap::new();
    let rows = Rows::default();
    let mut trials = Vec::new();
    let topic = std::env::var("COURSE_TOPIC").ok();
    for (place, Exercise { name, dir }) in info.exercises.into_iter().enumerate() {
        if topic.as_ref().is_some_and(|topic| *topic != dir) {
            continue;
        }
        if !topics.contains_key(&dir) {
            let file = workspace().join("tests/wrong_answers").join(&dir);
            topics.insert(dir.clone(), read_toml(&file.with_extension("toml"))?);
        }
        let (program, exercise) = (answers.clone(), name.clone());
        trials.push(Trial::test(format!("{name} solution passes"), move || {
            passes(&program, &exercise)
                .map_err(|error| Failed::from(format!("{error:#}")))
        }));
        let mut wrong = topics[&dir].get(&name).cloned().unwrap_or_default();
        let enough = wrong.len();
        if std::env::var_os("COURSE_AUTHOR").is_some() {
            wrong.push(untouched_stub());
        }
        trials.push(Trial::test(format!("{name} has wrong answers"), move || {
            if enough < 3 {
                Err(Failed::from(format!("only {enough}")))
            } else {
                Ok(())
            }
        }));
        for answer in wrong {
            let (program, exercise, rows) =
                (answers.clone(), name.clone(), Arc::clone(&rows));
            let title = format!("{name} rejects {}", answer.name);
            trials.push(Trial::test(title, move || {
                let row = is_rejected(&program, &exercise, &answer)
                    .map_err(|error| Failed::from(format!("{error:#}")))?;
                let mut rows = rows.lock().expect("a trial returns errors");
                rows.insert((place, row.answer.clone()), row);
                Ok(())
            }));
        }
    }
    Ok((trials, rows))
}

fn untouched_stub() -> WrongAnswer {
    WrongAnswer {
        name: "untouched_stub".into(),
        wrong: "nothing is done yet".into(),
        tempting: "every exercise begins like this".into(),
        symptom: "the program says what is missing".into(),
        verdict: "not yet implemented".into(),
    }
}

fn read_toml<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = fs::read_to_string(path);
    let text = text.with_context(|| format!("read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("parse {}", path.display()))
}

/// Builds the test `answers` and returns its program.
fn build_answers() -> anyhow::Result<PathBuf> {
    let output = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "-p", "course-tests", "--test", "answers"])
        .args(["--no-run", "--message-format=json"])
        .current_dir(workspace())
        .output()
        .context("start cargo")?;
    for line in String::from_utf8(output.stdout)?.lines() {
        let message: serde_json::Value = serde_json::from_str(line)?;
        if let Some(text) = message["message"]["rendered"].as_str()
            && message["message"]["level"] == "error"
        {
            anyhow::bail!("an answer does not compile:\n{text}");
        }
        if message["target"]["name"] == "answers"
            && let Some(program) = message["executable"].as_str()
        {
            return Ok(program.into());
        }
    }
    anyhow::bail!("build the answers:\n{}", String::from_utf8_lossy(&output.stderr))
}

struct Judged {
    passed: bool,
    text: String,
    time: Duration,
}

/// Runs the judge of one answer.
fn judge(program: &Path, exercise: &str, answer: &str) -> anyhow::Result<Judged> {
    let start = Instant::now();
    let output = assert_cmd::Command::new(program)
        .arg(format!("{exercise}::{answer}::"))
        .current_dir(workspace())
        .env_remove("RUST_BACKTRACE")
        .timeout(LIMIT)
        .output()?;
    let time = start.elapsed();
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text += &String::from_utf8_lossy(&output.stderr);
    ensure!(time < LIMIT, "`{answer}` was not judged within {LIMIT:?}:\n{text}");
    ensure!(!text.contains("running 0 tests"), "`{answer}` has no judge");
    Ok(Judged { passed: output.status.success(), text, time })
}

fn passes(program: &Path, exercise: &str) -> anyhow::Result<()> {
    for number in 1..=runs()? {
        let Judged { passed, text, .. } = judge(program, exercise, "solution")?;
        ensure!(passed, "the solution is rejected, run {number}:\n{text}");
    }
    Ok(())
}

fn is_rejected(
    program: &Path,
    exercise: &str,
    answer: &WrongAnswer,
) -> anyhow::Result<Row> {
    let mut last = None;
    for number in 1..=runs()? {
        let judged = judge(program, exercise, &answer.name)?;
        ensure!(!judged.passed, "a wrong answer passes, run {number}");
        let (text, verdict) = (&judged.text, &answer.verdict);
        let said = paragraph_with(text, verdict)
            .with_context(|| format!("the verdict `{verdict}` is not in:\n{text}"))?;
        last = Some((said, judged.time));
    }
    let (verdict, time) = last.context("COURSE_RUNS is 0")?;
    Ok(Row {
        exercise: exercise.to_owned(),
        answer: answer.name.clone(),
        wrong: answer.wrong.clone(),
        tempting: answer.tempting.clone(),
        symptom: answer.symptom.clone(),
        verdict,
        milliseconds: time.as_millis(),
    })
}

/// The paragraph in which `words` occur, as one line: a sentence may be wrapped.
fn paragraph_with(text: &str, words: &str) -> Option<String> {
    text.split("\n\n").find_map(|paragraph| {
        let lines = paragraph.lines().filter(|line| !line.starts_with("----"));
        let line = lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
        line.contains(words).then_some(line)
    })
}

/// Writes the table as data and as text, under `target`.
fn write_table(rows: &BTreeMap<(usize, String), Row>) -> anyhow::Result<()> {
    let folder = workspace().join("target/wrong-answers");
    fs::create_dir_all(&folder)?;
    let rows: Vec<_> = rows.values().collect();
    fs::write(folder.join("table.json"), serde_json::to_string_pretty(&rows)?)?;
    let mut text =
        String::from("| Exercise | Wrong answer | Verdict | ms |\n|---|---|---|---|\n");
    for row in rows {
        let verdict = row.verdict.replace('|', "\\|");
        let Row { exercise, answer, milliseconds, .. } = row;
        writeln!(text, "| `{exercise}` | `{answer}` | {verdict} | {milliseconds} |")?;
    }
    fs::write(folder.join("table.md"), text).context("write the table of wrong answers")
}
