//! What the repository holds, whatever the pages say of it; read once for a build.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::demos::{self, Demo};
use crate::exercises::{self, Exercise};
use crate::listing::Outlines;
use crate::paths::{self, State};
use crate::python_map::{self, Map};
use crate::verdicts::{self, Verdicts};

/// Demos, exercises, and what is known of both.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// The folder that all paths begin at.
    pub root: PathBuf,
    /// Sorted by name.
    pub demos: Vec<Demo>,
    /// The files of the demos, with the items of std that each uses.
    pub std_items: BTreeMap<String, BTreeSet<String>>,
    /// In the order of the course.
    pub exercises: Vec<Exercise>,
    /// By topic.
    pub verdicts: BTreeMap<String, Verdicts>,
    /// What Python calls it.
    pub python: Map,
    /// The items of the files that pages have listed so far.
    pub outlines: Outlines,
    /// The state of the files that all this was read from.
    state: State,
}

/// Where the catalogue is read from.
const READ: [&str; 6] = [
    "crates",
    "exercises",
    "info.toml",
    "tests/wrong_answers",
    "book/outputs/verdicts",
    python_map::FILE,
];

impl Catalogue {
    /// Reads everything below `root`.
    ///
    /// # Errors
    ///
    /// When a file is missing or is not what it should be.
    pub fn read(root: &Path) -> anyhow::Result<Self> {
        let state = state(root);
        let demos = demos::all(root)?;
        let mut std_items = BTreeMap::new();
        for file in demos.iter().flat_map(|demo| demos::files(root, &demo.name)) {
            let items = demos::std_items(root, &file).context("index of std items")?;
            std_items.insert(file, items);
        }
        let exercises = exercises::all(root)?;
        let mut verdicts = BTreeMap::new();
        for Exercise { dir, .. } in &exercises {
            if !verdicts.contains_key(dir) {
                verdicts.insert(dir.clone(), verdicts::of_topic(root, dir)?);
            }
        }
        let python = python_map::read(root)?;
        let (root, outlines) = (root.to_owned(), Outlines::default());
        Ok(Self {
            root,
            demos,
            std_items,
            exercises,
            verdicts,
            python,
            outlines,
            state,
        })
    }

    /// Whether the files are still those that it was read from.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.state == state(&self.root)
    }

    /// The exercise with this name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn exercise(&self, name: &str) -> anyhow::Result<&Exercise> {
        let found = self.exercises.iter().find(|exercise| exercise.name == name);
        found.with_context(|| format!("`info.toml` has no exercise `{name}`"))
    }
}

fn state(root: &Path) -> State {
    paths::state(&READ.map(|path| root.join(path)))
}
