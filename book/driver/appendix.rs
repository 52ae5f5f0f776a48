//! Pages about all pages: what is where, the index of std items, minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::demos::{self, Demo};
use crate::exercises::{self, Exercise};
use crate::html::escape;
use crate::preprocess::{SOURCES, Shown};

/// Stands for an appendix until all pages are known.
#[must_use]
pub fn placeholder(name: &str) -> String {
    format!("<!-- appendix {name} -->")
}

/// The appendices of a book.
pub struct Appendices<'a> {
    shown: &'a Shown,
    demos: Vec<Demo>,
    exercises: Vec<Exercise>,
    /// The items of std, with the files that use them.
    std_items: BTreeMap<String, BTreeSet<String>>,
    /// All files that get a page.
    files: BTreeSet<String>,
}

impl<'a> Appendices<'a> {
    /// Reads the demos of the workspace.
    ///
    /// # Errors
    ///
    /// When a source cannot be read.
    pub fn new(root: &Path, shown: &'a Shown) -> anyhow::Result<Self> {
        let demos = demos::all(root)?;
        let mut files: BTreeSet<String> = shown.files.keys().cloned().collect();
        let mut std_items: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for file in demos.iter().flat_map(|demo| demos::files(root, &demo.name)) {
            let items = demos::std_items(root, &file).context("index of std items")?;
            for item in items {
                std_items.entry(item).or_default().insert(file.clone());
            }
            files.insert(file);
        }
        let exercises = exercises::all(root)?;
        files.extend(exercises.iter().map(Exercise::file));
        Ok(Self { shown, demos, exercises, std_items, files })
    }

    /// The files that get a page.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        self.files.iter().cloned().collect()
    }

    /// The page with its appendices in place.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        text.replace(&placeholder("std-index"), &self.std_index())
            .replace(&placeholder("coverage"), &self.coverage())
            .replace(&placeholder("reading-times"), &self.reading_times())
    }

    fn std_index(&self) -> String {
        let mut text = String::new();
        let mut module = "";
        for (item, files) in &self.std_items {
            let (of, name) = item.rsplit_once("::").unwrap_or(("std", item));
            if of != module {
                text += &format!("\n## `{of}`\n\n| Item | Used in |\n|---|---|\n");
                module = of;
            }
            let links = files.iter().map(|file| source_link(file));
            text +=
                &format!("| `{name}` | {} |\n", links.collect::<Vec<_>>().join(", "));
        }
        text
    }

    /// Every scene, with its file and the pages that run or show it.
    fn coverage(&self) -> String {
        let mut text = String::new();
        for demo in &self.demos {
            text += &format!(
                "\n## `{}`\n\n| Scene | What it shows | Source | Page |\n|---|---|---|---|\n",
                demo.name
            );
            for (scene, pages) in self.scenes(demo) {
                text += &format!(
                    "| `{}` | {} | {} | {} |\n",
                    scene.name,
                    escape(&scene.about),
                    source_link(&scene.file),
                    self.page_links(pages.iter())
                );
            }
        }
        if !self.exercises.is_empty() {
            text += "\n## Exercises\n\n| Exercise | File | Page |\n|---|---|---|\n";
        }
        for exercise in &self.exercises {
            let pages = self.shown.exercises.get(&exercise.name).into_iter().flatten();
            text += &format!(
                "| `{}` | {} | {} |\n",
                exercise.name,
                source_link(&exercise.file()),
                self.page_links(pages)
            );
        }
        text
    }

    fn page_links<'p>(&self, pages: impl Iterator<Item = &'p PathBuf>) -> String {
        let links: Vec<String> = pages.map(|page| self.page_link(page)).collect();
        if links.is_empty() { "–".into() } else { links.join(", ") }
    }

    fn scenes<'d>(
        &'d self,
        demo: &'d Demo,
    ) -> impl Iterator<Item = (&'d demos::Scene, BTreeSet<PathBuf>)> {
        demo.scenes.iter().map(|scene| {
            let key = (demo.name.clone(), scene.name.clone());
            let run = self.shown.scenes.get(&key).into_iter().flatten();
            let listed = self.shown.files.get(&scene.file).into_iter().flatten();
            (scene, run.chain(listed).cloned().collect())
        })
    }

    /// The scenes that no page runs or shows, as `demo scene`.
    #[must_use]
    pub fn uncovered(&self) -> Vec<String> {
        let scenes = self.demos.iter().flat_map(|demo| {
            let uncovered = self.scenes(demo).filter(|(_, pages)| pages.is_empty());
            uncovered.map(|(scene, _)| format!("{} {}", demo.name, scene.name))
        });
        scenes.collect()
    }

    fn page_link(&self, page: &Path) -> String {
        let known = self.shown.pages.iter().find(|(path, ..)| path == page);
        let name = known.map_or("", |(_, name, _)| name.as_str());
        format!("[{name}]({})", page.display())
    }

    fn reading_times(&self) -> String {
        let mut text = String::from("| Page | Minutes |\n|---|--:|\n");
        for (path, _, minutes) in &self.shown.pages {
            text += &format!("| {} | {minutes} |\n", self.page_link(path));
        }
        let sum: usize = self.shown.pages.iter().map(|(.., minutes)| minutes).sum();
        text + &format!("| **all pages** | **{sum}** |\n")
    }
}

fn source_link(file: &str) -> String {
    let short = file.trim_start_matches("crates/").replace("/src/", "/");
    format!("[`{short}`]({SOURCES}/{file}.html)")
}
