//! Where things are: the workspace, and files named from its root.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, ensure};
use walkdir::WalkDir;

/// The folder with the workspace's `Cargo.toml`.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("`book` lies in the workspace")
}

/// The folder with `book.toml`.
#[must_use]
pub fn book() -> PathBuf {
    workspace().join("book")
}

/// Reads the file that a page names, relative to `root`.
///
/// # Errors
///
/// When the path leaves `root`, or the file is not there or not text.
pub fn read(root: &Path, path: &str) -> anyhow::Result<String> {
    let inside =
        Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    ensure!(inside, "`{path}` is not a path below the workspace");
    let text = fs::read_to_string(root.join(path));
    let text = text.with_context(|| format!("failed to read `{path}`"))?;
    // Some checkouts on Windows have line ends of their own.
    Ok(text.replace("\r\n", "\n"))
}

/// `path` below `root`, with forward slashes.
#[must_use]
pub fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    let parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

/// When the last of some files was changed, and how many there are.
pub type State = (Option<SystemTime>, usize);

/// The state of all files below `root` but those that are built or hidden, and those
/// below the folder `except`.
#[must_use]
pub fn state(root: &Path, except: Option<&str>) -> State {
    let entries = WalkDir::new(root).min_depth(1).into_iter().filter_entry(|entry| {
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let is = |folder: &str| entry.path() == root.join(folder);
        !is_hidden && !is("target") && !except.is_some_and(is)
    });
    let files = entries.flatten().filter(|entry| entry.file_type().is_file());
    let times = files.map(|entry| entry.metadata().ok()?.modified().ok());
    let times: Vec<Option<SystemTime>> = times.collect();
    (times.iter().flatten().max().copied(), times.len())
}
