//! Builds the book; whatever mdBook only warns about is an error here.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use mdbook_driver::MDBook;
use mdbook_driver::config::Config;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry;

use crate::appendix::Appendices;
use crate::catalogue::Catalogue;
use crate::links::Checker;
use crate::paths;
use crate::preprocess::Course;
use crate::render::Pages;

/// Builds the book of this workspace into `destination`, or else where `book.toml` says.
///
/// # Errors
///
/// Names everything that is wrong: directives, warnings of mdBook, links.
pub fn build(destination: Option<&Path>) -> anyhow::Result<PathBuf> {
    build_from(&paths::book(), paths::workspace(), destination)
}

/// Builds the book in `folder`, whose pages name files below `root`.
///
/// # Errors
///
/// As [`build`].
pub fn build_from(
    folder: &Path,
    root: &Path,
    destination: Option<&Path>,
) -> anyhow::Result<PathBuf> {
    let catalogue = Catalogue::read(root)?.into();
    build_with(catalogue, &mut Checker::default(), folder, destination)
}

/// Builds the book of this workspace again and again.
#[derive(Default)]
pub struct Builder {
    catalogue: Option<Arc<Catalogue>>,
    links: Checker,
}

impl Builder {
    /// Builds it where `book.toml` says. An edit of a page leaves the catalogue as it is.
    ///
    /// # Errors
    ///
    /// As [`build`].
    pub fn build(&mut self) -> anyhow::Result<PathBuf> {
        let known = self.catalogue.take().filter(|known| known.is_current());
        let catalogue = match known {
            Some(known) => known,
            None => Catalogue::read(paths::workspace())?.into(),
        };
        self.catalogue = Some(Arc::clone(&catalogue));
        build_with(catalogue, &mut self.links, &paths::book(), None)
    }
}

fn build_with(
    catalogue: Arc<Catalogue>,
    links: &mut Checker,
    folder: &Path,
    destination: Option<&Path>,
) -> anyhow::Result<PathBuf> {
    let warnings = Warnings::default();
    let subscriber = registry().with(warnings.clone());
    let destination = tracing::subscriber::with_default(subscriber, || {
        let mut config = Config::from_disk(folder.join("book.toml"))?;
        // What is known only where the book is published.
        config.update_from_env()?;
        if let Some(destination) = destination {
            config.build.build_dir = destination.to_owned();
        }
        let mut book = MDBook::load_with_config(folder, config)?;
        book.with_preprocessor(Course::new(Arc::clone(&catalogue)));
        book.with_renderer(Pages::new(catalogue));
        book.build()?;
        // Where it says `..` no reader wants to see it.
        anyhow::Ok(book.build_dir_for("html").canonicalize()?)
    })?;
    let warnings = warnings.0.lock().unwrap_or_else(PoisonError::into_inner);
    ensure!(warnings.is_empty(), "{}", warnings.join("\n"));
    let broken = links.check(&destination).context("check links")?;
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    Ok(destination)
}

/// What each part of this book has, as a table in Markdown.
///
/// # Errors
///
/// When a page has a fault.
pub fn parts() -> anyhow::Result<String> {
    let mut book = MDBook::load(paths::book())?;
    let catalogue = Arc::new(Catalogue::read(paths::workspace())?);
    let (shown, complaints) = Course::new(catalogue.clone()).expand(&mut book.book);
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(Appendices::new(&catalogue, &shown).parts())
}

/// What mdBook complains about and then ignores.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Warnings {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() <= Level::WARN {
            let mut message = Message::default();
            event.record(&mut message);
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message.0);
        }
    }
}

#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
