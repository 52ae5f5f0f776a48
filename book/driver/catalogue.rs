//! What the repository holds, whatever the pages say of it; read once for a build.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::Context;

use crate::demos::{self, Demo};
use crate::exercises::{self, Exercise};
use crate::listing::Outlines;
use crate::paths::{self, State};
use crate::preprocess::ExpandedPages;
use crate::python_map::{self, Map};
use crate::render::Frame;
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
    /// The pages that were expanded so far.
    pub expanded: ExpandedPages,
    /// What surrounds a source file on its page, once one was rendered.
    pub frame: OnceLock<Frame>,
    /// The state of the files that all this was read from.
    state: State,
}

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
        Ok(Self {
            root: root.to_owned(),
            demos,
            std_items,
            exercises,
            verdicts,
            python,
            outlines: Outlines::default(),
            expanded: ExpandedPages::default(),
            frame: OnceLock::new(),
            state,
        })
    }

    /// Whether the files are still those that it was read from, and those that pages show.
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

/// Of everything but the pages themselves.
fn state(root: &Path) -> State {
    paths::state(root, Some("book/src"))
}
