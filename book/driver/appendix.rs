//! Pages about all pages: what is where, std's items, Python's, wrong answers, minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

use crate::catalogue::Catalogue;
use crate::demos::{self, Demo};
use crate::exercises::Exercise;
use crate::html::{escape, prose};
use crate::preprocess::{SOURCES, Shown};
use crate::{python_map, verdicts};

/// The appendices, as directives name them.
pub const NAMES: [&str; 5] =
    ["std-index", "coverage", "reading-times", "wrong-answers", "python-map"];

/// Stands for an appendix until all pages are known.
#[must_use]
pub fn placeholder(name: &str) -> String {
    format!("<!-- appendix {name} -->")
}

/// The appendices of a book.
pub struct Appendices<'a> {
    catalogue: &'a Catalogue,
    shown: &'a Shown,
}

impl<'a> Appendices<'a> {
    /// What `catalogue` holds and the pages show.
    #[must_use]
    pub fn new(catalogue: &'a Catalogue, shown: &'a Shown) -> Self {
        Self { catalogue, shown }
    }

    /// The files that get a page, sorted.
    #[must_use]
    pub fn files(&self) -> BTreeSet<String> {
        let listed = self.shown.files.keys().chain(self.catalogue.std_items.keys());
        let exercises = self.catalogue.exercises.iter().map(Exercise::file);
        listed.cloned().chain(exercises).collect()
    }

    /// The page with its appendices in place.
    ///
    /// # Errors
    ///
    /// When an appendix names something that does not exist.
    pub fn fill(&self, text: &str) -> anyhow::Result<String> {
        let mut text = text.to_owned();
        for name in NAMES {
            let placeholder = placeholder(name);
            if text.contains(&placeholder) {
                text = text.replace(&placeholder, &self.appendix(name)?);
            }
        }
        Ok(text)
    }

    fn appendix(&self, name: &str) -> anyhow::Result<String> {
        Ok(match name {
            "std-index" => self.std_index(),
            "coverage" => self.coverage(),
            "reading-times" => self.reading_times(),
            "wrong-answers" => self.wrong_answers()?,
            "python-map" => self.python_map()?,
            other => bail!("there is no appendix `{other}`"),
        })
    }

    /// The pages with the wrong answers to each exercise: path, name, content.
    ///
    /// # Errors
    ///
    /// When a verdict is missing.
    pub fn wrong_answers_pages(
        &self,
    ) -> anyhow::Result<Vec<(PathBuf, String, String)>> {
        let page = |exercise: &Exercise| {
            let verdicts = &self.catalogue.verdicts[&exercise.dir];
            let content = verdicts::page(exercise, verdicts)?;
            let name = format!("Wrong answers to {}", exercise.name);
            anyhow::Ok((wrong_answers_page(&exercise.name), name, content))
        };
        self.catalogue.exercises.iter().map(page).collect()
    }

    /// Every wrong answer: what is wrong, and how long its judge took.
    fn wrong_answers(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        let mut topic = "";
        for exercise in &self.catalogue.exercises {
            let verdicts = &self.catalogue.verdicts[&exercise.dir];
            if exercise.dir != topic {
                topic = &exercise.dir;
                text += &format!(
                    "\n## {topic}\n\n<p class=\"caption\">{}</p>\n",
                    escape(&verdicts.machine)
                );
            }
            let page = wrong_answers_page(&exercise.name);
            // No link in the heading, which is one itself: the rows lead to the page.
            text += &format!(
                "\n### {}\n\n| Answer | What is wrong | ms |\n|---|---|--:|\n",
                exercise.name
            );
            for answer in &exercise.wrong_answers {
                let verdict = verdicts.on(&exercise.name, &answer.name)?;
                text += &format!(
                    "| [{}]({}#{}) | {} | {} |\n",
                    answer.name.replace('_', " "),
                    page.with_extension("html").display(),
                    answer.name,
                    prose(&answer.wrong).replace('|', "\\|"),
                    verdict.milliseconds
                );
            }
        }
        Ok(text)
    }

    /// Python's names, what takes their place, and where to see it.
    fn python_map(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        for module in &self.catalogue.python.module {
            text += &format!("\n## `{}`\n\n{}\n\n", module.name, module.about);
            text += "| Python | Rust | What differs, and where to see it |\n|---|---|---|\n";
            for row in &module.rows {
                let see: Result<Vec<_>, _> =
                    row.see.iter().map(|name| self.place(name)).collect();
                let see = see.with_context(|| {
                    format!("`{}`, row `{}`", python_map::FILE, row.python)
                })?;
                let differs = match see.join(", ") {
                    see if see.is_empty() => row.differs.clone(),
                    see => format!("{}<br>{see}", row.differs),
                };
                let cells = [&row.python, &row.rust, &differs];
                let cells = cells.map(|cell| cell.replace('|', "\\|"));
                text += &format!("| {} |\n", cells.join(" | "));
            }
        }
        Ok(text)
    }

    /// The link to a page, a scene (`demo/scene`) or an exercise.
    fn place(&self, name: &str) -> anyhow::Result<String> {
        if name.ends_with(".md") {
            let known =
                self.shown.pages.iter().any(|(path, ..)| path == Path::new(name));
            ensure!(known, "there is no page `{name}`");
            return Ok(self.page_link(Path::new(name)));
        }
        if let Some((demo, scene)) = name.split_once('/') {
            let demos = self.catalogue.demos.iter().filter(|known| known.name == demo);
            let mut scenes = demos.flat_map(|demo| &demo.scenes);
            let found = scenes.find(|known| known.name == scene);
            let found = found.with_context(|| format!("there is no scene `{name}`"))?;
            let link = format!("{SOURCES}/{}.html", found.file);
            return Ok(format!("[`{name}`]({link})"));
        }
        match self.catalogue.exercises.iter().find(|exercise| exercise.name == name) {
            Some(exercise) => {
                Ok(format!("[`{name}`]({SOURCES}/{}.html)", exercise.file()))
            }
            None => bail!("`{name}` is neither a page, a scene nor an exercise"),
        }
    }

    fn std_index(&self) -> String {
        let mut text = String::new();
        let mut module = "";
        let mut items: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (file, used) in &self.catalogue.std_items {
            for item in used {
                items.entry(item).or_default().insert(file);
            }
        }
        for (item, files) in items {
            let (of, name) = item.rsplit_once("::").unwrap_or(("std", item));
            if of != module {
                text += &format!("\n## `{of}`\n\n| Item | Used in |\n|---|---|\n");
                module = of;
            }
            let links = files.into_iter().map(source_link);
            text +=
                &format!("| `{name}` | {} |\n", links.collect::<Vec<_>>().join(", "));
        }
        text
    }

    /// Every scene, with its file and the pages that run or show it.
    fn coverage(&self) -> String {
        let mut text = String::new();
        for demo in &self.catalogue.demos {
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
        if !self.catalogue.exercises.is_empty() {
            text += "\n## Exercises\n\n| Exercise | File | Page |\n|---|---|---|\n";
        }
        for exercise in &self.catalogue.exercises {
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

    /// The scenes and exercises that no page runs or shows.
    #[must_use]
    pub fn uncovered(&self) -> Vec<String> {
        let scenes = self.catalogue.demos.iter().flat_map(|demo| {
            let uncovered = self.scenes(demo).filter(|(_, pages)| pages.is_empty());
            uncovered.map(|(scene, _)| format!("scene `{} {}`", demo.name, scene.name))
        });
        let exercises = self.catalogue.exercises.iter().map(|exercise| &exercise.name);
        let exercises =
            exercises.filter(|name| !self.shown.exercises.contains_key(*name));
        scenes.chain(exercises.map(|name| format!("exercise `{name}`"))).collect()
    }

    fn page_link(&self, page: &Path) -> String {
        let known = self.shown.pages.iter().find(|(path, ..)| path == page);
        let name = known.map_or("", |(_, name, _)| name.as_str());
        format!("[{name}]({})", page.display())
    }

    /// What each part of the book has, as a table.
    #[must_use]
    pub fn parts(&self) -> String {
        let mut text =
            String::from("| Part | Pages | Scenes | Exercises |\n|---|--:|--:|--:|\n");
        let parts = self.shown.parts.iter().filter(|(title, _)| title != "Appendices");
        for (title, pages) in parts {
            let on_them = |shown: &BTreeSet<PathBuf>| {
                pages.iter().any(|page| shown.contains(page))
            };
            let scenes = self.catalogue.demos.iter().flat_map(|demo| self.scenes(demo));
            let scenes = scenes.filter(|(_, shown)| on_them(shown)).count();
            let exercises =
                self.shown.exercises.values().filter(|shown| on_them(shown));
            text += &format!(
                "| {title} | {} | {scenes} | {} |\n",
                pages.len(),
                exercises.count()
            );
        }
        text
    }

    fn reading_times(&self) -> String {
        let mut text = String::from("| Page | Minutes |\n|---|--:|\n");
        let mut sum = 0;
        for (path, _, minutes) in &self.shown.pages {
            if let Some(minutes) = minutes {
                text += &format!("| {} | {minutes} |\n", self.page_link(path));
                sum += minutes;
            }
        }
        text + &format!("| **all pages** | **{sum}** |\n")
    }
}

/// Where the wrong answers to an exercise are: beside the source pages, and like them
/// neither printed nor searched.
#[must_use]
pub fn wrong_answers_page(exercise: &str) -> PathBuf {
    PathBuf::from(format!("{SOURCES}/wrong/{exercise}.md"))
}

fn source_link(file: &str) -> String {
    let short = file.trim_start_matches("crates/").replace("/src/", "/");
    format!("[`{short}`]({SOURCES}/{file}.html)")
}
