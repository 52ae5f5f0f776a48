//! Questions, each with an explanation for every answer and a proof.

use std::path::Path;

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::html::{escape, prose};
use crate::paths;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Quiz {
    question: Vec<Question>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    ask: String,
    answer: Vec<Answer>,
    proof: Proof,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    text: String,
    #[serde(default)]
    right: bool,
    why: String,
}

/// Text in a file that is checked elsewhere: a recorded output, a test, a listing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    file: String,
    shows: String,
}

/// A quiz as HTML, and the files that prove its answers.
pub struct Rendered {
    /// For the page.
    pub html: String,
    /// To be linked: `(marker in the html, path)`.
    pub proofs: Vec<(String, String)>,
}

/// Reads and draws the quiz at `path`, relative to `root`.
///
/// # Errors
///
/// When the file is not a quiz, a question has no right or no wrong answer, an
/// explanation is missing, or the proof is not in the file that it names.
pub fn render(root: &Path, path: &str, id: &str) -> anyhow::Result<Rendered> {
    let text = paths::read(root, path)?;
    let quiz: Quiz = toml::from_str(&text).with_context(|| format!("`{path}`"))?;
    ensure!((1..=6).contains(&quiz.question.len()), "a quiz has 1 to 6 questions");
    let mut html =
        format!(r#"<section class="quiz" id="{id}" aria-label="Questions">"#);
    let mut proofs = Vec::new();
    for (index, question) in quiz.question.iter().enumerate() {
        question
            .check(root)
            .with_context(|| format!("`{path}`, question {}", index + 1))?;
        let marker = format!("@proof-{id}-{index}@");
        html += &question.render(index + 1, &marker);
        proofs.push((marker, question.proof.file.clone()));
    }
    html += "</section>";
    Ok(Rendered { html, proofs })
}

impl Question {
    fn check(&self, root: &Path) -> anyhow::Result<()> {
        let right = self.answer.iter().filter(|answer| answer.right).count();
        ensure!(right == 1, "{right} right answers; there must be one");
        ensure!(self.answer.len() >= 2, "there is nothing to choose");
        let explained = self.answer.iter().all(|answer| !answer.why.trim().is_empty());
        ensure!(explained, "an answer has no explanation");
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let file = words(&paths::read(root, &self.proof.file)?);
        ensure!(!self.proof.shows.trim().is_empty(), "the proof is empty");
        ensure!(
            file.contains(&words(&self.proof.shows)),
            "`{}` does not show `{}`",
            self.proof.file,
            self.proof.shows
        );
        Ok(())
    }

    fn render(&self, number: usize, marker: &str) -> String {
        let mut html = format!(
            r#"<div class="question" role="group" aria-label="Question {number}"><p><span class="question-number">{number}</span> {}</p>"#,
            prose(&self.ask)
        );
        for answer in &self.answer {
            let (class, verdict) =
                if answer.right { ("is-right", "Right.") } else { ("is-wrong", "No.") };
            html += &format!(
                r#"<details class="answer {class}"><summary>{}</summary><p><strong>{verdict}</strong> {}</p></details>"#,
                prose(&answer.text),
                prose(&answer.why)
            );
        }
        html += &format!(
            r#"<p class="proof">Shown by <a href="{marker}"><code>{}</code></a></p></div>"#,
            escape(&self.proof.file)
        );
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn quiz(answers: &str, shows: &str) -> anyhow::Result<Rendered> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("out.txt"), "0 + 1 +\n1 = 1")?;
        let text = format!(
            "[[question]]\nask = \"How much?\"\nproof = {{ file = \"out.txt\", shows = \"{shows}\" }}\n{answers}"
        );
        fs::write(folder.path().join("quiz.toml"), text)?;
        render(folder.path(), "quiz.toml", "quiz-1")
    }

    const RIGHT: &str =
        "[[question.answer]]\ntext = \"1\"\nright = true\nwhy = \"so\"\n";
    const WRONG: &str = "[[question.answer]]\ntext = \"2\"\nwhy = \"lost\"\n";

    #[test]
    fn a_quiz_has_one_right_answer_and_a_proof() {
        let whole = format!("{RIGHT}{WRONG}");
        assert!(quiz(&whole, "1 + 1 = 1").is_ok());
        assert!(quiz(&whole, "1 + 1 = 2").is_err(), "the proof shows something else");
        assert!(quiz(&whole, "").is_err(), "nothing is no proof");
        assert!(quiz(WRONG, "1 + 1 = 1").is_err());
        assert!(quiz(RIGHT, "1 + 1 = 1").is_err());
        assert!(quiz(&format!("{RIGHT}{RIGHT}"), "1 + 1 = 1").is_err());
        let unexplained = WRONG.replace("lost", " ");
        assert!(quiz(&format!("{RIGHT}{unexplained}"), "1 + 1 = 1").is_err());
    }
}
