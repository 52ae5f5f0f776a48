//! A schedule as the checker writes it down, as far as a page shows it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::paths;

/// A schedule, step by step.
#[derive(Clone, Debug, Deserialize)]
pub struct Trace {
    /// What is wrong.
    pub verdict: Verdict,
    /// By number; the first one is `main`.
    pub threads: Vec<Thread>,
    /// What the threads share, by number.
    pub objects: Vec<Object>,
    /// The files in which the steps are, as they were then.
    pub sources: Vec<Source>,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// Everything that can happen, for a small program.
    #[serde(default)]
    pub tree: Option<Tree>,
}

/// What is wrong.
#[derive(Clone, Debug, Deserialize)]
pub struct Verdict {
    /// In one sentence.
    pub sentence: String,
}

/// A thread of the program.
#[derive(Clone, Debug, Deserialize)]
pub struct Thread {
    /// As the program calls it.
    pub name: String,
}

/// Something the threads share.
#[derive(Clone, Debug, Deserialize)]
pub struct Object {
    /// As the program calls it.
    pub name: String,
    /// `mutex`, `condvar`, `atomic` and so on.
    pub kind: String,
}

/// A piece of a file of the program.
#[derive(Clone, Debug, Deserialize)]
pub struct Source {
    /// Relative to the workspace.
    pub file: String,
    /// The number of the first of the lines.
    pub first_line: usize,
    /// The lines.
    pub lines: Vec<String>,
}

/// What one thread did, and how things were afterwards.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// An index of [`Trace::threads`].
    pub thread: usize,
    /// In one word.
    pub op: String,
    /// An index of [`Trace::objects`].
    pub object: Option<usize>,
    /// In a few words.
    pub text: String,
    /// Where in the program.
    pub location: Place,
    /// The value read, written or left behind.
    pub value: Option<String>,
    /// The thread got no further; its next step, if there is one, ends the wait.
    pub blocks: bool,
    /// Who holds what: threads and objects.
    pub holds: Vec<(usize, usize)>,
    /// Who waits for what: threads and objects.
    pub waits: Vec<(usize, usize)>,
}

/// A line of a file.
#[derive(Clone, Debug, Deserialize)]
pub struct Place {
    /// Relative to the workspace.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
}

/// Everything that a small program can do.
#[derive(Clone, Debug, Deserialize)]
pub struct Tree {
    /// Steps, each used by one choice or by several.
    pub steps: Vec<Step>,
    /// The first one is where the program begins.
    pub nodes: Vec<Node>,
}

/// A situation.
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    /// Who can run, and what they would do.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// What came out, when nobody can run any more.
    #[serde(default)]
    pub outcome: Option<String>,
}

/// A thread that can run.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Choice {
    /// An index of [`Tree::steps`].
    pub step: usize,
    /// An index of [`Tree::nodes`].
    pub to: usize,
}

impl Trace {
    /// Reads a trace and makes sure that everything it points at is there.
    ///
    /// # Errors
    ///
    /// When it is no trace, or points at something that it does not hold.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let trace: Self = serde_json::from_str(text).context("not a trace")?;
        let in_tree = trace.tree.iter().flat_map(|tree| &tree.steps);
        for step in trace.steps.iter().chain(in_tree) {
            let known = |(thread, object): &(usize, usize)| {
                *thread < trace.threads.len() && *object < trace.objects.len()
            };
            ensure!(
                step.thread < trace.threads.len()
                    && step.object.is_none_or(|object| object < trace.objects.len())
                    && step.holds.iter().chain(&step.waits).all(known),
                "step `{}` names an unknown thread or object",
                step.text
            );
            let Place { file, line } = &step.location;
            ensure!(
                trace.has_line(file, *line),
                "step `{}` is at {file}:{line}, which is not there",
                step.text
            );
        }
        if let Some(tree) = &trace.tree {
            let choices = tree.nodes.iter().flat_map(|node| &node.choices);
            let known = choices.into_iter().all(|choice| {
                choice.step < tree.steps.len() && choice.to < tree.nodes.len()
            });
            ensure!(known && !tree.nodes.is_empty(), "the tree leads nowhere");
            let ends = tree
                .nodes
                .iter()
                .all(|node| node.choices.is_empty() == node.outcome.is_some());
            ensure!(ends, "the tree ends without an outcome");
        }
        Ok(trace)
    }

    fn has_line(&self, file: &str, line: usize) -> bool {
        self.sources.iter().any(|source| {
            let lines = source.first_line..source.first_line + source.lines.len();
            source.file == file && lines.contains(&line)
        })
    }

    /// Whether the lines of the trace are still those of the files.
    ///
    /// # Errors
    ///
    /// Names the first line that differs.
    pub fn check_sources(&self, root: &Path) -> anyhow::Result<()> {
        for source in self.sources.iter().filter(|source| self.is_stepped(source)) {
            let text = paths::read(root, &source.file)?;
            let mut lines = text.lines().skip(source.first_line - 1);
            for (number, recorded) in (source.first_line..).zip(&source.lines) {
                ensure!(
                    lines.next() == Some(recorded),
                    "line {number} of `{}` has changed since: record the trace again",
                    source.file
                );
            }
        }
        Ok(())
    }

    /// Whether a step is in this source.
    #[must_use]
    pub fn is_stepped(&self, source: &Source) -> bool {
        let in_tree = self.tree.iter().flat_map(|tree| &tree.steps);
        let mut steps = self.steps.iter().chain(in_tree);
        steps.any(|step| step.location.file == source.file)
    }

    /// The place of an object among those that can be held.
    #[must_use]
    pub fn lock_number(&self, object: usize) -> usize {
        let is_held = |index: &usize| {
            self.steps
                .iter()
                .flat_map(|step| &step.holds)
                .any(|(_, held)| held == index)
        };
        (0..object).filter(is_held).count()
    }

    /// A step as a sentence.
    #[must_use]
    pub fn say(&self, step: &Step) -> String {
        let name = &self.threads[step.thread].name;
        format!("{name} {} (line {})", step.text.replace('`', ""), step.location.line)
    }

    /// How things are after the last of `steps`: what each object is, by name.
    #[must_use]
    pub fn state(&self, steps: &[Step]) -> BTreeMap<&str, String> {
        let mut parts: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (object, info) in self.objects.iter().enumerate() {
            // A read may have returned an old value; it says nothing about this one.
            let changes =
                |step: &&Step| step.object == Some(object) && step.op != "load";
            let values = steps.iter().rev().filter(changes);
            if let Some(value) = values.clone().find_map(|step| step.value.as_ref()) {
                parts.entry(object).or_default().push(format!("= {value}"));
            } else if info.kind == "mutex" || info.kind == "rwlock" {
                parts.entry(object).or_default();
            }
        }
        let relations = |of: fn(&Step) -> &Vec<(usize, usize)>, verb: &'static str| {
            let pairs = steps.last().map(of).into_iter().flatten();
            pairs.map(move |(thread, object)| {
                (*object, format!("{} {verb}", self.threads[*thread].name))
            })
        };
        let held = relations(|step| &step.holds, "holds it");
        for (object, part) in held.chain(relations(|step| &step.waits, "waits")) {
            parts.entry(object).or_default().push(part);
        }
        // A scope is where threads wait for others; it is nothing that they share.
        parts.retain(|object, _| self.objects[*object].kind != "scope");
        let state = parts.into_iter().map(|(object, parts)| {
            let text = if parts.is_empty() { "free".into() } else { parts.join(", ") };
            (self.objects[object].name.as_str(), text)
        });
        state.collect()
    }
}
