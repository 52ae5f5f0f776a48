//! The exercises, as `info.toml` lists them for rustlings.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use crate::paths;

/// Where the exercises are listed, relative to the workspace.
const LIST: &str = "info.toml";

/// An exercise.
#[derive(Clone, Debug, Deserialize)]
pub struct Exercise {
    /// As `cargo test --bin NAME` has it.
    pub name: String,
    /// The folder of its topic.
    dir: Option<String>,
    /// Paragraphs, each of which tells a little more.
    hint: String,
}

#[derive(Deserialize)]
struct List {
    exercises: Vec<Exercise>,
}

/// All exercises, in order; none where there is no list.
///
/// # Errors
///
/// When the list cannot be read.
pub fn all(root: &Path) -> anyhow::Result<Vec<Exercise>> {
    if !root.join(LIST).is_file() {
        return Ok(Vec::new());
    }
    let list = toml::from_str::<List>(&paths::read(root, LIST)?);
    Ok(list.with_context(|| format!("`{LIST}`"))?.exercises)
}

impl Exercise {
    /// Its file, relative to the workspace.
    #[must_use]
    pub fn file(&self) -> String {
        let folder = self.dir.as_ref().map_or(String::new(), |dir| format!("{dir}/"));
        format!("exercises/{folder}{}.rs", self.name)
    }

    /// The hints, one by one.
    pub fn hints(&self) -> impl Iterator<Item = &str> {
        self.hint.split("\n\n").map(str::trim).filter(|hint| !hint.is_empty())
    }
}
