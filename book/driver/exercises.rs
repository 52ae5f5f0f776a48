//! The exercises, as `info.toml` lists them, their hints and their wrong answers.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::listing::dedented;
use crate::paths;

/// Where the exercises are listed, relative to the workspace.
const LIST: &str = "info.toml";

/// An exercise.
#[derive(Clone, Debug, Deserialize)]
pub struct Exercise {
    /// As `cargo test --bin NAME` has it.
    pub name: String,
    /// The folder of its topic.
    pub dir: String,
    /// The first hint, which rustlings shows.
    pub hint: String,
    /// Its wrong answers, in the order of their file.
    #[serde(skip)]
    pub wrong_answers: Vec<WrongAnswer>,
}

/// A wrong answer, as `tests/wrong_answers/<topic>.toml` describes it.
///
/// The edit of the solution that makes it is the business of who compiles it.
#[derive(Clone, Debug, Deserialize)]
pub struct WrongAnswer {
    /// What it does, in a word.
    pub name: String,
    /// What it does.
    pub wrong: String,
    /// Why one writes it.
    pub tempting: String,
    /// What one sees.
    pub symptom: String,
    /// Part of the verdict that must come.
    pub verdict: String,
    /// What stands in place of a part of the solution.
    with: Option<String>,
    #[serde(default)]
    edits: Vec<Edit>,
}

#[derive(Clone, Debug, Deserialize)]
struct Edit {
    with: String,
}

#[derive(Deserialize)]
struct List {
    exercises: Vec<Exercise>,
}

/// All exercises with their wrong answers, in order; none where there is no list.
///
/// # Errors
///
/// When the list or the wrong answers to a topic cannot be read.
pub fn all(root: &Path) -> anyhow::Result<Vec<Exercise>> {
    if !root.join(LIST).is_file() {
        return Ok(Vec::new());
    }
    let list = toml::from_str::<List>(&paths::read(root, LIST)?);
    let mut exercises = list.with_context(|| format!("`{LIST}`"))?.exercises;
    let mut topics = BTreeMap::new();
    for exercise in &mut exercises {
        let topic = match topics.entry(exercise.dir.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                new.insert(wrong_answers(root, &exercise.wrong_answers_file())?)
            }
        };
        exercise.wrong_answers = topic.remove(&exercise.name).unwrap_or_default();
    }
    Ok(exercises)
}

/// The wrong answers of a topic, by exercise.
fn wrong_answers(
    root: &Path,
    file: &str,
) -> anyhow::Result<BTreeMap<String, Vec<WrongAnswer>>> {
    toml::from_str(&paths::read(root, file)?).with_context(|| format!("`{file}`"))
}

impl Exercise {
    /// Its file, relative to the workspace.
    #[must_use]
    pub fn file(&self) -> String {
        format!("exercises/{}/{}.rs", self.dir, self.name)
    }

    /// The three hints, as Markdown, each of which tells a little more.
    ///
    /// # Errors
    ///
    /// When the file of the topic's hints does not have three for this exercise.
    pub fn hints(&self, root: &Path) -> anyhow::Result<[String; 3]> {
        let file = format!("exercises/{}/README.md", self.dir);
        let text = paths::read(root, &file)?;
        let heading = format!("\n## {}\n", self.name);
        let (_, section) = text
            .split_once(&heading)
            .with_context(|| format!("`{file}` has no heading `{}`", self.name))?;
        let section = section.split("\n## ").next().unwrap_or_default();
        let hints: Vec<String> = section
            .split("</summary>")
            .skip(1)
            .map(|hint| hint.split("</details>").next().unwrap_or_default())
            .map(|hint| hint.trim().to_owned())
            .collect();
        let count = hints.len();
        hints.try_into().ok().with_context(|| {
            format!("`{file}`: {count} hints for `{}`, not 3", self.name)
        })
    }

    /// Where its wrong answers stand, relative to the workspace.
    #[must_use]
    pub fn wrong_answers_file(&self) -> String {
        format!("tests/wrong_answers/{}.toml", self.dir)
    }
}

impl WrongAnswer {
    /// The code that makes the answer wrong; not what it replaces, which is right.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn code(&self) -> anyhow::Result<String> {
        let edits = self.edits.iter().map(|edit| &edit.with).chain(&self.with);
        let parts: Vec<String> = edits
            .map(|text| edit_dedented(text.trim_matches('\n')))
            .filter(|text| !text.is_empty())
            .collect();
        let edited = self.with.is_some() || !self.edits.is_empty();
        ensure!(edited, "wrong answer `{}` has no edit", self.name);
        Ok(parts.join("\n\n// …\n\n"))
    }
}

/// The lines of an edit moved to the left.
fn edit_dedented(text: &str) -> String {
    match text.split_once('\n') {
        // It begins within a line, which is indented as the least of the others is.
        Some((first, others)) if !first.starts_with(' ') => {
            format!("{first}\n{}", dedented(others))
        }
        _ => dedented(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_is_moved_to_the_left_wherever_it_begins() {
        let whole = "if full {\n    wait();\n}";
        assert_eq!(edit_dedented("    if full {\n        wait();\n    }"), whole);
        assert_eq!(edit_dedented("if full {\n        wait();\n    }"), whole);
        assert_eq!(edit_dedented(whole), whole);
    }
}
