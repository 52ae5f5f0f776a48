//! Renders the pages with mdBook, and puts the pages of source files beside them.
//!
//! Source pages must neither be printed with the book nor crowd its search results and
//! its table of contents. There are hundreds of them and they consist of HTML, so mdBook
//! renders one that is empty, and each of them is that one, filled in.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use mdbook_html::HtmlHandlebars;
use mdbook_renderer::book::{Book, BookItem, Chapter};
use mdbook_renderer::{RenderContext, Renderer};
use walkdir::WalkDir;

use crate::catalogue::Catalogue;
use crate::preprocess::{SOURCES, up_from};

/// In place of mdBook's renderer of the same name.
#[derive(Debug)]
pub struct Pages {
    catalogue: Arc<Catalogue>,
}

impl Pages {
    /// Keeps in the catalogue what the next build can use.
    #[must_use]
    pub fn new(catalogue: Arc<Catalogue>) -> Self {
        Self { catalogue }
    }
}

impl Renderer for Pages {
    fn name(&self) -> &str {
        "html"
    }

    fn render(&self, context: &RenderContext) -> anyhow::Result<()> {
        // Not in the folder of the book: mdBook begins by removing what is there.
        let of_mdbook = tempfile::tempdir()?;
        let mut of_pages = context.clone();
        of_pages.destination = of_mdbook.path().to_owned();
        let (sources, pages) =
            std::mem::take(&mut of_pages.book.items).into_iter().partition(is_source);
        of_pages.book.items = pages;
        HtmlHandlebars::new().render(&of_pages)?;
        let mut folder = Folder::new(&context.destination);
        for file in files(of_mdbook.path())? {
            folder.place(&file, &fs::read(of_mdbook.path().join(&file))?)?;
        }
        let frame = match self.catalogue.frame.get() {
            Some(frame) => frame,
            None => {
                let frame = Frame::new(context).context("the frame of source pages")?;
                self.catalogue.frame.get_or_init(|| frame)
            }
        };
        for source in &sources {
            if let BookItem::Chapter(chapter) = source {
                let (file, page) = frame.page(chapter)?;
                folder.place(&file, page.as_bytes())?;
            }
        }
        folder.finish()
    }
}

fn is_source(item: &BookItem) -> bool {
    matches!(item, BookItem::Chapter(chapter)
        if chapter.path.as_ref().is_some_and(|path| path.starts_with(SOURCES)))
}

/// What all source pages have in common.
#[derive(Debug)]
pub struct Frame(String);

impl Frame {
    const NAME: &str = "@name@";
    const CONTENT: &str = "<div>@content@</div>";
    /// Deeper than any page, so that nothing else looks like the way from there to the
    /// folder of the book.
    const DEPTH: usize = 20;

    fn new(context: &RenderContext) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = format!("{}frame.md", "deeper/".repeat(Self::DEPTH));
        let empty = Chapter::new(Self::NAME, Self::CONTENT.into(), &path, Vec::new());
        let mut config = context.config.clone();
        for key in ["search.enable", "print.enable"] {
            config.set(format!("output.html.{key}"), false)?;
        }
        let book = Book::new_with_items(vec![BookItem::Chapter(empty)]);
        let context = RenderContext::new(&context.root, book, config, folder.path());
        HtmlHandlebars::new().render(&context)?;
        let page = fs::read_to_string(folder.path().join(path).with_extension("html"))?;
        for part in [Self::NAME, Self::CONTENT, &Self::up()] {
            ensure!(page.contains(part), "no `{part}` in it");
        }
        Ok(Self(page))
    }

    /// The way from the frame to the folder of the book.
    fn up() -> String {
        "../".repeat(Self::DEPTH)
    }

    /// The page of a source, and its file.
    fn page(&self, chapter: &Chapter) -> anyhow::Result<(PathBuf, String)> {
        let path = chapter.path.as_ref().context("a source page has a path")?;
        let page = self.0.replace(Self::NAME, &chapter.name);
        let page = page.replace(&Self::up(), &up_from(path));
        let page = page.replace(Self::CONTENT, &chapter.content);
        Ok((path.with_extension("html"), page))
    }
}

/// A folder that is filled anew. A file that stays as it was is not written, which saves
/// most of the time after an edit.
struct Folder<'a> {
    path: &'a Path,
    placed: HashSet<PathBuf>,
}

impl<'a> Folder<'a> {
    fn new(path: &'a Path) -> Self {
        Self { path, placed: HashSet::new() }
    }

    fn place(&mut self, file: &Path, content: &[u8]) -> anyhow::Result<()> {
        self.placed.insert(file.to_owned());
        let file = self.path.join(file);
        if fs::read(&file).is_ok_and(|before| before == content) {
            return Ok(());
        }
        fs::create_dir_all(file.parent().unwrap_or(self.path))?;
        fs::write(&file, content).with_context(|| format!("write {}", file.display()))
    }

    /// Removes what was not placed.
    fn finish(self) -> anyhow::Result<()> {
        for file in files(self.path)?.iter().filter(|file| !self.placed.contains(*file))
        {
            let file = self.path.join(file);
            fs::remove_file(&file)
                .with_context(|| format!("remove {}", file.display()))?;
        }
        Ok(())
    }
}

/// The files below `folder`, seen from there.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder) {
        let entry = entry?;
        if !entry.file_type().is_dir() {
            files.push(entry.path().strip_prefix(folder)?.to_owned());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_what_is_placed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["same", "changed", "gone"] {
            fs::write(path(name), "before").unwrap();
        }
        let written = fs::metadata(path("same")).unwrap().modified().unwrap();
        let mut filled = Folder::new(folder.path());
        filled.place(Path::new("same"), b"before").unwrap();
        filled.place(Path::new("changed"), b"after").unwrap();
        filled.place(Path::new("deep/new"), b"new").unwrap();
        filled.finish().unwrap();
        assert_eq!(fs::read(path("changed")).unwrap(), b"after");
        assert_eq!(fs::read(path("deep/new")).unwrap(), b"new");
        assert!(!path("gone").exists());
        assert_eq!(fs::metadata(path("same")).unwrap().modified().unwrap(), written);
    }
}
