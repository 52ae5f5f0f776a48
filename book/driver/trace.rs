//! A schedule as the checker writes it down, as far as a page shows it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::paths;

/// A schedule, step by step.
#[derive(Clone, Debug, Deserialize)]
pub struct Trace {
    /// What is wrong, in one sentence; empty when nothing is.
    #[serde(default)]
    pub verdict: String,
    /// The threads' names.
    pub threads: Vec<String>,
    /// What the threads share.
    pub objects: Vec<Object>,
    /// The files in which the steps are, as they were then.
    pub sources: Vec<Source>,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// Everything that can happen, for a small program.
    #[serde(default)]
    pub tree: Option<Tree>,
}

/// Something the threads share.
#[derive(Clone, Debug, Deserialize)]
pub struct Object {
    /// As the program calls it.
    pub name: String,
    /// `mutex`, `condvar`, `atomic` and so on.
    pub kind: String,
}

/// A file of the program.
#[derive(Clone, Debug, Deserialize)]
pub struct Source {
    /// Relative to the workspace.
    pub file: String,
    /// All its lines.
    pub lines: Vec<String>,
}

/// What one thread did, and how things were afterwards.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// An index of [`Trace::threads`].
    pub thread: usize,
    /// In a few words.
    pub text: String,
    /// Where in the program.
    #[serde(default)]
    pub place: Option<Place>,
    /// Who holds what.
    #[serde(default)]
    pub held: Vec<Relation>,
    /// Who waits for what.
    #[serde(default)]
    pub waiting: Vec<Relation>,
    /// The values that are known, by object.
    #[serde(default)]
    pub values: BTreeMap<usize, String>,
}

/// A line of a file.
#[derive(Clone, Debug, Deserialize)]
pub struct Place {
    /// Relative to the workspace.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
}

/// A thread that holds, or waits for, an object.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Relation {
    /// An index of [`Trace::threads`].
    pub thread: usize,
    /// An index of [`Trace::objects`].
    pub object: usize,
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
            let known = |relation: &Relation| {
                relation.thread < trace.threads.len()
                    && relation.object < trace.objects.len()
            };
            let relations = step.held.iter().chain(&step.waiting);
            let objects =
                step.values.keys().all(|object| *object < trace.objects.len());
            ensure!(
                step.thread < trace.threads.len()
                    && relations.into_iter().all(known)
                    && objects,
                "step `{}` names an unknown thread or object",
                step.text
            );
            if let Some(place) = &step.place {
                ensure!(
                    trace.line(place).is_some(),
                    "step `{}` is at {}:{}, which is not there",
                    step.text,
                    place.file,
                    place.line
                );
            }
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

    fn line(&self, place: &Place) -> Option<&str> {
        let source = self.sources.iter().find(|source| source.file == place.file)?;
        source.lines.get(place.line.checked_sub(1)?).map(String::as_str)
    }

    /// Whether the lines of the trace are still those of the files.
    ///
    /// # Errors
    ///
    /// Names the first line that differs.
    pub fn check_sources(&self, root: &Path) -> anyhow::Result<()> {
        for source in &self.sources {
            let text = paths::read(root, &source.file)?;
            let mut lines = text.lines();
            for (index, recorded) in source.lines.iter().enumerate() {
                let now = lines.next();
                ensure!(
                    now == Some(recorded),
                    "line {} of `{}` has changed since: record the trace again",
                    index + 1,
                    source.file
                );
            }
        }
        Ok(())
    }

    /// An object's name.
    #[must_use]
    pub fn object(&self, index: usize) -> &str {
        &self.objects[index].name
    }

    /// The place of an object among those that can be held.
    #[must_use]
    pub fn lock_number(&self, object: usize) -> usize {
        let is_held = |index: &usize| {
            self.steps
                .iter()
                .flat_map(|step| &step.held)
                .any(|held| held.object == *index)
        };
        (0..object).filter(is_held).count()
    }

    /// A step as a sentence.
    #[must_use]
    pub fn say(&self, step: &Step) -> String {
        let line = step
            .place
            .as_ref()
            .map_or(String::new(), |place| format!(" (line {})", place.line));
        format!("{}: {}{line}", self.threads[step.thread], step.text.replace('`', ""))
    }

    /// How things are after a step, by name.
    #[must_use]
    pub fn state(&self, step: &Step) -> BTreeMap<String, String> {
        let mut state = BTreeMap::new();
        let mut add = |object: usize, what: String| {
            let entry: &mut String =
                state.entry(self.object(object).to_owned()).or_default();
            if !entry.is_empty() {
                entry.push_str(", ");
            }
            entry.push_str(&what);
        };
        for (object, value) in &step.values {
            add(*object, format!("= {value}"));
        }
        for held in &step.held {
            add(held.object, format!("held by {}", self.threads[held.thread]));
        }
        for waiting in &step.waiting {
            add(waiting.object, format!("{} waits", self.threads[waiting.thread]));
        }
        for (index, object) in self.objects.iter().enumerate() {
            if object.kind == "mutex" && !state.contains_key(&object.name) {
                state.insert(self.object(index).to_owned(), "free".to_owned());
            }
        }
        state
    }
}
