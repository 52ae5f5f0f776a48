//! Renders the pages with mdBook, and puts the pages of source files beside them.
//!
//! Source pages must neither be printed with the book nor crowd its search results and
//! its table of contents. There are hundreds of them and they consist of HTML, so mdBook
//! renders one that is empty, and each of them is that one, filled in.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use mdbook_html::HtmlHandlebars;
use mdbook_renderer::book::{Book, BookItem, Chapter};
use mdbook_renderer::{RenderContext, Renderer};

use crate::preprocess::{SOURCES, up_from};

/// In place of mdBook's renderer of the same name.
#[derive(Debug)]
pub struct Pages;

impl Renderer for Pages {
    fn name(&self) -> &str {
        "html"
    }

    fn render(&self, context: &RenderContext) -> anyhow::Result<()> {
        let mut of_pages = context.clone();
        let (sources, pages) =
            std::mem::take(&mut of_pages.book.items).into_iter().partition(is_source);
        of_pages.book.items = pages;
        HtmlHandlebars::new().render(&of_pages)?;
        let frame = Frame::new(context).context("the frame of source pages")?;
        for source in &sources {
            if let BookItem::Chapter(chapter) = source {
                frame.render(chapter, &context.destination)?;
            }
        }
        Ok(())
    }
}

fn is_source(item: &BookItem) -> bool {
    matches!(item, BookItem::Chapter(chapter)
        if chapter.path.as_ref().is_some_and(|path| path.starts_with(SOURCES)))
}

/// What all source pages have in common.
struct Frame(String);

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

    fn render(&self, chapter: &Chapter, folder: &Path) -> anyhow::Result<()> {
        let path = chapter.path.as_ref().context("a source page has a path")?;
        let page = self.0.replace(Self::NAME, &chapter.name);
        let page = page.replace(&Self::up(), &up_from(path));
        let page = page.replace(Self::CONTENT, &chapter.content);
        let file = folder.join(path).with_extension("html");
        fs::create_dir_all(file.parent().unwrap_or(folder))?;
        fs::write(&file, page).with_context(|| format!("write {}", file.display()))
    }
}
