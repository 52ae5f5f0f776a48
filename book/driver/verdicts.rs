//! What the judges said of the wrong answers, recorded by the test that runs them all.

use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::exercises::{Exercise, WrongAnswer};
use crate::html::{self, prose};
use crate::paths;

/// The verdicts on the wrong answers of a topic.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Verdicts {
    /// Where and when they were measured.
    pub machine: String,
    /// In the order of the exercises.
    pub verdicts: Vec<Verdict>,
}

/// One of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// The exercise.
    pub exercise: String,
    /// The wrong answer.
    pub answer: String,
    /// From the start of the judge to its verdict.
    pub milliseconds: u128,
    /// What the judge printed: the verdict, and the schedule where it knows one.
    pub story: String,
}

/// The file with the verdicts of a topic, relative to the workspace.
#[must_use]
pub fn file(topic: &str) -> String {
    format!("book/outputs/verdicts/{topic}.json")
}

/// Reads the verdicts of a topic.
///
/// # Errors
///
/// When the file is missing or is not what the test writes.
pub fn of_topic(root: &Path, topic: &str) -> anyhow::Result<Verdicts> {
    let file = file(topic);
    let text = paths::read(root, &file)?;
    serde_json::from_str(&text).with_context(|| format!("`{file}`"))
}

impl Verdicts {
    /// The verdict on one answer.
    ///
    /// # Errors
    ///
    /// When it was never recorded.
    pub fn on(&self, exercise: &str, answer: &str) -> anyhow::Result<&Verdict> {
        let found = self
            .verdicts
            .iter()
            .find(|known| known.exercise == exercise && known.answer == answer);
        found.with_context(|| {
            format!(
                "no verdict on `{exercise}/{answer}` is recorded: \
                 COURSE_UPDATE=1 cargo test -p course-tests --test wrong_answers"
            )
        })
    }
}

/// What a reader is told of a wrong answer: what, why, what happens, and the code.
///
/// # Errors
///
/// When the answer has no code.
pub fn described(answer: &WrongAnswer) -> anyhow::Result<String> {
    let mut text = String::new();
    for (title, about) in [
        ("Wrong", &answer.wrong),
        ("Why one writes it", &answer.tempting),
        ("What happens", &answer.symptom),
        ("What the judge says", &answer.verdict),
    ] {
        text += &format!("<dt>{title}</dt><dd>{}</dd>", prose(about));
    }
    // What it replaces is the solution, which is not shown.
    let code = answer.code()?;
    if !code.is_empty() {
        text += &format!("<dt>The code</dt><dd>{}</dd>", html::code("", "rust", &code));
    }
    Ok(text)
}

/// The page with all wrong answers to an exercise.
///
/// # Errors
///
/// When an answer has no recorded verdict.
pub fn page(exercise: &Exercise, verdicts: &Verdicts) -> anyhow::Result<String> {
    let name = &exercise.name;
    let mut text = html::heading(1, "wrong", &format!("Wrong answers to {name}"));
    text += "\n<p>Each was written for a reason. Each was run with the exercise’s \
             judge, and this is what it said.</p>\n";
    for answer in &exercise.wrong_answers {
        let verdict = verdicts.on(name, &answer.name)?;
        let title = answer.name.replace('_', " ");
        text += &format!(
            "{}\n<dl class=\"wrong-answer\">{}</dl>\n",
            html::heading(2, &answer.name, &title),
            described(answer)?
        );
        text += &format!(
            "<details><summary>The verdict, after {} ms</summary>{}</details>\n",
            verdict.milliseconds,
            html::code("printed", "plaintext", &verdict.story)
        );
    }
    Ok(text)
}
