//! What Python's modules offer, and where each thing is found here.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use crate::paths;

/// The file with the map, relative to the workspace.
pub const FILE: &str = "book/python-map.toml";

/// The whole map.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// In the order of Python's manual.
    #[serde(default)]
    pub module: Vec<Module>,
}

/// One of Python's modules, or a part of one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// As one imports it.
    pub name: String,
    /// What stands above the table.
    pub about: String,
    /// What the module offers.
    pub rows: Vec<Row>,
}

/// Some names of Python that belong together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// As one writes them.
    pub python: String,
    /// What takes their place.
    pub rust: String,
    /// What to know when one translates.
    pub differs: String,
    /// Where to see it: `demo/scene`, `page.md` and names of exercises.
    #[serde(default)]
    pub see: Vec<String>,
}

/// Reads the map; empty where there is none.
///
/// # Errors
///
/// When it cannot be read.
pub fn read(root: &Path) -> anyhow::Result<Map> {
    if !root.join(FILE).is_file() {
        return Ok(Map::default());
    }
    toml::from_str(&paths::read(root, FILE)?).with_context(|| format!("`{FILE}`"))
}
