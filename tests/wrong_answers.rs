//! Runs every solution and every wrong answer, each in a process of its own.
//!
//! A solution must pass. A wrong answer must be rejected in time, and with the sentence
//! that names its mistake. The book shows a recorded verdict on each of them.
//!
//! `COURSE_RUNS=100` runs each of them a hundred times, `COURSE_TOPIC=locks` those of one
//! topic; `COURSE_AUTHOR=1` takes the untouched exercises for wrong answers, too;
//! `COURSE_UPDATE=1` records the verdicts anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use book::exercises::{self, Exercise, WrongAnswer};
use book::verdicts::{self, Verdict, Verdicts};
use course_tests::{runs, trial, workspace};
use libtest_mimic::{Arguments, Trial};

/// A judge on real threads gives up after 10 s; this stops one that does not.
const LIMIT: Duration = Duration::from_secs(60);

/// What the trials found, by exercise and answer.
type Found = Arc<Mutex<BTreeMap<(String, String), Verdict>>>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    match trials() {
        Ok((trials, found)) => {
            let conclusion = libtest_mimic::run(&arguments, trials);
            if is_update()
                && let Err(error) = record(&found)
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

fn trials() -> anyhow::Result<(Vec<Trial>, Found)> {
    let topic = std::env::var("COURSE_TOPIC").ok();
    let mut exercises = exercises::all(workspace())?;
    exercises.retain(|exercise| topic.as_ref().is_none_or(|dir| *dir == exercise.dir));
    let programs = build_answers(&exercises)?;
    let recorded = recorded(programs.keys())?;
    let found = Found::default();
    let mut trials = Vec::new();
    for exercise in exercises {
        let recorded = &recorded[&exercise.dir];
        let program = &programs[&exercise.dir];
        let wrong = exercise.wrong_answers;
        let (name, enough) = (exercise.name.clone(), wrong.len());
        trials.push(trial(format!("{name} has wrong answers"), move || {
            ensure!(enough >= 3, "only {enough}");
            Ok(())
        }));
        let (own, solution) = (program.clone(), name.clone());
        let passes = move || passes(&own, &solution);
        trials.push(trial(format!("{name} solution passes"), passes));
        if std::env::var_os("COURSE_AUTHOR").is_some() {
            let program = program.clone();
            trials.push(trial(
                format!("{name} rejects the untouched stub"),
                move || {
                    is_rejected(
                        &program,
                        &name,
                        "untouched_stub",
                        "not yet implemented",
                    )?;
                    Ok(())
                },
            ));
        }
        for answer in wrong {
            let (program, name) = (program.clone(), exercise.name.clone());
            let (found, recorded) = (Arc::clone(&found), Arc::clone(recorded));
            trials.push(trial(format!("{name} rejects {}", answer.name), move || {
                let verdict =
                    is_rejected(&program, &name, &answer.name, &answer.verdict)?;
                if !is_update() {
                    is_recorded(&recorded, &name, &answer)?;
                }
                let mut found = found.lock().expect("a trial returns errors");
                found.insert((name, answer.name), verdict);
                Ok(())
            }));
        }
    }
    Ok((trials, found))
}

/// Builds the answers and returns the program of each topic.
fn build_answers(exercises: &[Exercise]) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let topics: BTreeSet<&str> =
        exercises.iter().map(|exercise| exercise.dir.as_str()).collect();
    let output = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "-p", "course-tests"])
        .args(topics.iter().map(|topic| format!("--test=answers-{topic}")))
        .args(["--no-run", "--message-format=json"])
        .current_dir(workspace())
        .output()
        .context("start cargo")?;
    let mut programs = BTreeMap::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let message: serde_json::Value = serde_json::from_str(line)?;
        if let Some(text) = message["message"]["rendered"].as_str()
            && message["message"]["level"] == "error"
        {
            bail!("an answer does not compile:\n{text}");
        }
        if let Some(target) = message["target"]["name"].as_str()
            && let Some(topic) = target.strip_prefix("answers-")
            && let Some(program) = message["executable"].as_str()
        {
            programs.insert(topic.to_owned(), program.into());
        }
    }
    ensure!(
        programs.len() == topics.len(),
        "build the answers:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(programs)
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
        .env_remove("COLUMNS")
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
    answer: &str,
    verdict: &str,
) -> anyhow::Result<Verdict> {
    let mut last = None;
    for number in 1..=runs()? {
        let judged = judge(program, exercise, answer)?;
        ensure!(!judged.passed, "a wrong answer passes, run {number}");
        let story = story_with(&judged.text, verdict).with_context(|| {
            format!("the verdict `{verdict}` is not in:\n{}", judged.text)
        })?;
        last = Some((story, judged.time));
    }
    let (story, time) = last.context("COURSE_RUNS is 0")?;
    Ok(Verdict {
        exercise: exercise.to_owned(),
        answer: answer.to_owned(),
        milliseconds: time.as_millis(),
        story,
    })
}

/// What the first failing test printed whose sentences have these words.
fn story_with(text: &str, words: &str) -> Option<String> {
    let stories = text.split("\n---- ").skip(1);
    let stories = stories.filter_map(|story| Some(story.split_once(" ----\n")?.1));
    let mut stories = stories.filter(|story| one_line(story).contains(words));
    let story = stories.next()?.split("\n\n\n").next()?;
    // Where the story is kept on this machine is of no use on another one.
    let kept = story.lines().filter(|line| {
        let told = ["as a page: ", "once more: ", "note: run with"];
        !told.iter().any(|start| line.starts_with(start))
    });
    let workspace = format!("{}/", workspace().display());
    let answer = regex::Regex::new(r"target/debug/build/[^/]+/out/([a-z_0-9]+)\.")
        .expect("the expression is valid");
    let kept = kept.collect::<Vec<_>>().join("\n").replace(&workspace, "");
    Some(answer.replace_all(&kept, "$1/").trim().to_owned())
}

/// The text with one space in place of each line end: a sentence may be wrapped.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the verdicts are to be recorded anew.
fn is_update() -> bool {
    std::env::var_os("COURSE_UPDATE").is_some()
}

/// What the book has of each topic; nothing where it is to be recorded for the first time.
fn recorded<'a>(
    topics: impl Iterator<Item = &'a String>,
) -> anyhow::Result<BTreeMap<String, Arc<Verdicts>>> {
    let of_topic = |topic: &String| {
        let verdicts = match verdicts::of_topic(workspace(), topic) {
            Err(_) if is_update() => Verdicts::default(),
            verdicts => verdicts?,
        };
        Ok((topic.clone(), Arc::new(verdicts)))
    };
    topics.map(of_topic).collect()
}

/// Checks that the book's verdict says the same.
fn is_recorded(
    recorded: &Verdicts,
    exercise: &str,
    answer: &WrongAnswer,
) -> anyhow::Result<()> {
    let recorded = recorded.on(exercise, &answer.name)?;
    ensure!(
        one_line(&recorded.story).contains(&answer.verdict),
        "the recorded verdict on `{exercise}/{}` is another one; COURSE_UPDATE=1 \
         records it anew:\n{}",
        answer.name,
        recorded.story
    );
    Ok(())
}

/// Keeps what was found for the book, beside what was not run this time. The file of a
/// topic of which nothing was run stays as it is, with the machine that it names.
fn record(found: &Found) -> anyhow::Result<()> {
    let mut found = found.lock().expect("a trial returns errors");
    let mut topics: BTreeMap<String, Vec<Exercise>> = BTreeMap::new();
    for exercise in exercises::all(workspace())? {
        topics.entry(exercise.dir.clone()).or_default().push(exercise);
    }
    topics.retain(|_, exercises| {
        let ran = |name: &String| found.keys().any(|(exercise, _)| exercise == name);
        exercises.iter().any(|exercise| ran(&exercise.name))
    });
    let recorded = recorded(topics.keys())?;
    for (topic, exercises) in topics {
        let mut verdicts = Vec::new();
        for exercise in exercises {
            for answer in exercise.wrong_answers {
                let key = (exercise.name.clone(), answer.name);
                let fresh = found.remove(&key);
                let kept = || recorded[&topic].on(&key.0, &key.1).ok().cloned();
                verdicts.extend(fresh.or_else(kept));
            }
        }
        let verdicts = Verdicts { machine: common::measure::machine(), verdicts };
        let file = workspace().join(verdicts::file(&topic));
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let text = serde_json::to_string_pretty(&verdicts)? + "\n";
        fs::write(&file, text).with_context(|| format!("write {}", file.display()))?;
    }
    Ok(())
}
