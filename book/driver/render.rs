//! Renders the pages with mdBook, and the pages of source files apart from them.
//!
//! Source pages must neither be printed with the book nor crowd its search results and
//! its table of contents. So they are rendered on their own, without search and print,
//! and then put beside the pages, whose scripts and styles they share.

use std::fs;
use std::thread;

use anyhow::Context;
use mdbook_html::HtmlHandlebars;
use mdbook_renderer::book::{Book, BookItem};
use mdbook_renderer::{RenderContext, Renderer};
use tracing::dispatcher;

use crate::preprocess::SOURCES;

/// In place of mdBook's renderer of the same name.
#[derive(Debug)]
pub struct Pages;

impl Renderer for Pages {
    fn name(&self) -> &str {
        "html"
    }

    fn render(&self, context: &RenderContext) -> anyhow::Result<()> {
        let (sources, pages): (Vec<_>, Vec<_>) =
            context.book.items.iter().cloned().partition(is_source);
        let mut of_pages = context.clone();
        of_pages.book = Book::new_with_items(pages);

        let folder = tempfile::tempdir()?;
        let mut of_sources = context.clone();
        of_sources.book = Book::new_with_items(sources);
        of_sources.destination = folder.path().to_owned();
        for key in ["search.enable", "print.enable"] {
            of_sources.config.set(format!("output.html.{key}"), false)?;
        }

        // Side by side, for they take about the same time. Warnings of both count.
        let warnings = dispatcher::get_default(Clone::clone);
        thread::scope(|scope| {
            let sources = scope.spawn(|| {
                dispatcher::with_default(&warnings, || render_any(&of_sources))
            });
            render_any(&of_pages)?;
            sources.join().expect("rendering does not panic")
        })?;
        let rendered = folder.path().join(SOURCES);
        if rendered.is_dir() {
            copy(&rendered, &context.destination.join(SOURCES))
                .context("pages of source files")?;
        }
        Ok(())
    }
}

/// Renders a book that may have no pages, which mdBook does not expect.
fn render_any(context: &RenderContext) -> anyhow::Result<()> {
    if context.book.items.is_empty() {
        return Ok(());
    }
    HtmlHandlebars::new().render(context)
}

fn is_source(item: &BookItem) -> bool {
    matches!(item, BookItem::Chapter(chapter)
        if chapter.path.as_ref().is_some_and(|path| path.starts_with(SOURCES)))
}

fn copy(from: &std::path::Path, to: &std::path::Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
