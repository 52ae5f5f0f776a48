//! Turns the directives of the pages into HTML, and refuses what mdBook lets pass.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use anyhow::{Context, bail, ensure};
use mdbook_markdown::pulldown_cmark::{
    CodeBlockKind, Event, Options, Parser, Tag, TagEnd,
};
use mdbook_preprocessor::book::{Book, BookItem, Chapter};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};
use regex::Regex;

use crate::catalogue::Catalogue;
use crate::command::Command;
use crate::directive::Directive;
use crate::output::{Agreement, Recording};
use crate::{appendix, html, listing, paths, player, quiz, timeline, verdicts};

/// Pages of source files lie below this folder of the book.
pub const SOURCES: &str = "source";

/// No page takes longer to read.
const LONGEST_PAGE: usize = 13;

static DIRECTIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)(\\?)\{\{#([^{}]*)\}\}").expect("the expression is valid")
});

static FILE_LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\[([^\]]+)\]\([^)#:]+\)").expect("the expression is valid")
});

/// The preprocessor.
#[derive(Debug, Default)]
pub struct Course {
    catalogue: Arc<Catalogue>,
}

impl Course {
    /// Reads the files that pages name from the catalogue's root.
    #[must_use]
    pub fn new(catalogue: Arc<Catalogue>) -> Self {
        Self { catalogue }
    }
}

/// What the pages show, gathered while they are expanded.
#[derive(Debug, Default)]
pub struct Shown {
    /// Files, with the pages (paths of chapters) that show a part of them.
    pub files: BTreeMap<String, BTreeSet<PathBuf>>,
    /// Scenes (package and name), with the pages that run them.
    pub scenes: BTreeMap<(String, String), BTreeSet<PathBuf>>,
    /// Exercises, with the pages that link them.
    pub exercises: BTreeMap<String, BTreeSet<PathBuf>>,
    /// Pages, in order: path, name, minutes; none for a page that one looks things up in.
    pub pages: Vec<(PathBuf, String, Option<usize>)>,
    /// The parts of the book, in order, each with its pages.
    pub parts: Vec<(String, Vec<PathBuf>)>,
}

impl Shown {
    fn add(&mut self, chapter: &Chapter, page: &Expanded) {
        let path = chapter.path.clone().unwrap_or_default();
        for file in &page.shown.files {
            self.files.entry(file.clone()).or_default().insert(path.clone());
        }
        for scene in &page.shown.scenes {
            self.scenes.entry(scene.clone()).or_default().insert(path.clone());
        }
        for exercise in &page.shown.exercises {
            self.exercises.entry(exercise.clone()).or_default().insert(path.clone());
        }
        self.pages.push((path, chapter.name.clone(), page.minutes));
    }
}

/// A page with all its directives replaced.
#[derive(Debug)]
struct Expanded {
    content: String,
    shown: OnPage,
    minutes: Option<usize>,
    /// What is wrong with it, with its lines.
    complaints: Vec<String>,
}

/// What one page shows.
#[derive(Debug, Default)]
struct OnPage {
    files: BTreeSet<String>,
    /// Package and name.
    scenes: BTreeSet<(String, String)>,
    exercises: BTreeSet<String>,
}

/// What came of the pages, by path and text: who edits one page waits for that one.
#[derive(Debug, Default)]
pub struct ExpandedPages(Mutex<HashMap<PathBuf, (String, Arc<Expanded>)>>);

impl ExpandedPages {
    fn of(&self, catalogue: &Catalogue, chapter: &Chapter) -> Arc<Expanded> {
        let path = chapter.path.clone().unwrap_or_default();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((text, expanded)) = known.get(&path)
            && *text == chapter.content
        {
            return Arc::clone(expanded);
        }
        let page = Page::new(catalogue, path.clone());
        let expanded = Arc::new(page.expand(&chapter.content));
        known.insert(path, (chapter.content.clone(), Arc::clone(&expanded)));
        expanded
    }
}

impl Preprocessor for Course {
    fn name(&self) -> &str {
        "course"
    }

    fn run(&self, _: &PreprocessorContext, mut book: Book) -> anyhow::Result<Book> {
        let (shown, mut complaints) = self.expand(&mut book);
        // What is said about all pages, once all are known.
        let appendices = appendix::Appendices::new(&self.catalogue, &shown);
        book.for_each_chapter_mut(|chapter| match appendices.fill(&chapter.content) {
            Ok(content) => chapter.content = content,
            Err(error) => complaints.push(format!("{error:#}")),
        });
        let uncovered = appendices.uncovered().into_iter();
        complaints.extend(uncovered.map(|what| format!("no page has the {what}")));
        ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
        for file in appendices.files() {
            book.push_item(BookItem::Chapter(self.source_page(&file, &shown)?));
        }
        for (path, name, content) in appendices.wrong_answers_pages()? {
            let mut chapter = Chapter::new(&name, content, path, Vec::new());
            chapter.source_path = None;
            book.push_item(BookItem::Chapter(chapter));
        }
        Ok(book)
    }

    fn supports_renderer(&self, renderer: &str) -> anyhow::Result<bool> {
        Ok(renderer == "html")
    }
}

impl Course {
    /// Replaces the directives of all pages. Returns what they show, and complaints.
    pub fn expand(&self, book: &mut Book) -> (Shown, Vec<String>) {
        let mut shown = Shown::default();
        let mut complaints = Vec::new();
        book.for_each_chapter_mut(|chapter| {
            let expanded = self.catalogue.expanded.of(&self.catalogue, chapter);
            shown.add(chapter, &expanded);
            complaints.extend_from_slice(&expanded.complaints);
            chapter.content.clone_from(&expanded.content);
        });
        for item in &book.items {
            match (item, shown.parts.last_mut()) {
                (BookItem::PartTitle(title), _) => {
                    shown.parts.push((title.clone(), Vec::new()));
                }
                (BookItem::Chapter(chapter), Some((_, pages))) => {
                    pages.extend(chapter.path.clone());
                }
                _ => {}
            }
        }
        (shown, complaints)
    }

    /// A page that shows a whole file.
    fn source_page(&self, file: &str, shown: &Shown) -> anyhow::Result<Chapter> {
        let text = paths::read(&self.catalogue.root, file)?;
        let name = file.rsplit('/').next().unwrap_or(file);
        let path = PathBuf::from(format!("{SOURCES}/{file}.md"));
        let up = up_from(&path);
        let pages = shown.files.get(file).into_iter().flatten().map(|page| {
            let title = shown.pages.iter().find(|(path, ..)| path == page);
            let title = title.map_or("", |(_, title, _)| title.as_str());
            format!(
                r#"<a href="{up}{}">{}</a>"#,
                page.with_extension("html").display(),
                html::escape(title)
            )
        });
        let pages: Vec<String> = pages.collect();
        let shown_in = if pages.is_empty() {
            String::new()
        } else {
            format!(
                r#" <span class="shown-in">on the page {}</span>"#,
                pages.join(", ")
            )
        };
        let content = format!(
            "{}\n<p class=\"caption\"><code>{}</code>{shown_in}</p>\n<div class=\"source-file\">{}</div>\n",
            html::heading(1, "file", name),
            html::escape(file),
            player::numbered(&text, 1, html::language(file), "L"),
        );
        let mut chapter = Chapter::new(file, content, path, Vec::new());
        chapter.source_path = None;
        Ok(chapter)
    }
}

/// What takes time on a page besides its words.
#[derive(Debug, Default)]
struct Reading {
    code_lines: usize,
    pictures: usize,
    players: usize,
    questions: usize,
    /// A table about all pages, or a text of the repository, which nobody reads through.
    is_reference: bool,
    /// For the names of things on the page.
    things: usize,
}

impl Reading {
    /// Estimated, and rounded up: a page says "about".
    fn minutes(&self, words: usize) -> Option<usize> {
        if self.is_reference {
            return None;
        }
        let seconds = words * 60 / 180
            + self.code_lines * 3
            + self.pictures * 20
            + self.players * 90
            + self.questions * 40;
        Some(seconds.div_ceil(60).max(1))
    }
}

struct Page<'a> {
    catalogue: &'a Catalogue,
    path: PathBuf,
    shown: RefCell<OnPage>,
    reading: RefCell<Reading>,
}

impl<'a> Page<'a> {
    fn new(catalogue: &'a Catalogue, path: PathBuf) -> Self {
        Self { catalogue, path, shown: RefCell::default(), reading: RefCell::default() }
    }

    fn expand(self, text: &str) -> Expanded {
        let mut complaints = Vec::new();
        let mut complain = |at: usize, error: &anyhow::Error| {
            let line = text[..at].matches('\n').count() + 1;
            complaints.push(format!("{}:{line}: {error:#}", self.path.display()));
        };
        for (at, error) in refused_blocks(text) {
            complain(at, &error);
        }
        let mut expanded = String::with_capacity(2 * text.len());
        let mut end = 0;
        for found in DIRECTIVE.captures_iter(text) {
            let whole = found.get_match();
            expanded += &text[end..whole.start()];
            end = whole.end();
            if !found[1].is_empty() {
                expanded += &whole.as_str()[1..];
                continue;
            }
            match self.directive(&found[2]) {
                Ok(html) => expanded += &html,
                Err(error) => complain(whole.start(), &error),
            }
        }
        expanded += &text[end..];
        let words = text.split_whitespace().count();
        let minutes = self.reading.borrow().minutes(words);
        if let Some(minutes) = minutes.filter(|minutes| *minutes > LONGEST_PAGE) {
            complain(
                0,
                &anyhow::anyhow!("{minutes} minutes are too long for one page"),
            );
        }
        let content = match minutes {
            Some(minutes) => with_minutes(&expanded, minutes),
            None => expanded,
        };
        Expanded { content, shown: self.shown.into_inner(), minutes, complaints }
    }

    fn directive(&self, text: &str) -> anyhow::Result<String> {
        let directive = Directive::parse(text)?;
        match directive.name.as_str() {
            "listing" => self.listing(&directive),
            "beside" => self.beside(&directive),
            "run" => self.run(&directive),
            "output" => self.output(&directive),
            "timeline" => self.timeline(&directive),
            "player" => self.player(&directive),
            "quiz" => self.quiz(&directive),
            "wrong" => self.wrong(&directive),
            "exercise" => self.exercise(&directive),
            "document" => self.document(&directive),
            // Filled in when all pages are known.
            name if appendix::NAMES.contains(&name) => {
                self.reading.borrow_mut().is_reference |= name != "reading-times";
                Ok(appendix::placeholder(name))
            }
            "include" | "rustdoc_include" | "playground" | "title" => bail!(
                "`{}` fails in silence when something is missing; use `listing`",
                directive.name
            ),
            other => bail!("unknown directive `{other}`"),
        }
    }

    fn next_name(&self, kind: &str) -> String {
        let mut reading = self.reading.borrow_mut();
        reading.things += 1;
        format!("{kind}-{}", reading.things)
    }

    /// The link from this page to the page of a file.
    fn source(&self, file: &str, line: usize) -> String {
        self.shown.borrow_mut().files.insert(file.to_owned());
        format!("{}{SOURCES}/{file}.html#L{line}", up_from(&self.path))
    }

    fn shows_command(&self, command: &Command) -> anyhow::Result<()> {
        command.exists(&self.catalogue.root)?;
        if let Some((package, scene)) = command.scene() {
            let scene = (package.to_owned(), scene.unwrap_or_default().to_owned());
            self.shown.borrow_mut().scenes.insert(scene);
        }
        Ok(())
    }

    fn run_line(&self, command: &str) -> anyhow::Result<String> {
        self.shows_command(&Command::parse(command)?)?;
        Ok(html::run_line(command))
    }

    /// `{{#listing FILE:ITEM run="…" to="…"}}`
    fn listing(&self, directive: &Directive) -> anyhow::Result<String> {
        directive.only(&["run", "to"])?;
        // Items such as `impl Drop for Permit` are several words.
        let figure = self.figure(&directive.words.join(" "), directive.option("to"))?;
        match directive.option("run") {
            Some(command) => Ok(figure + &self.run_line(command)?),
            None => Ok(figure),
        }
    }

    /// `to` is part of the last line that is shown, for what has no room for anchors.
    fn figure(&self, of: &str, to: Option<&str>) -> anyhow::Result<String> {
        let (file, selection) = of.split_once(':').unwrap_or((of, ""));
        let text = paths::read(&self.catalogue.root, file)?;
        let mut excerpt =
            listing::excerpt(&self.catalogue.outlines, file, &text, selection)?;
        if let Some(to) = to {
            excerpt
                .end_at(&text, to)
                .with_context(|| format!("no line of `{of}` has `{to}`"))?;
        }
        if file.ends_with(".rs") {
            // mdBook would leave such a line out of the page.
            let hidden = excerpt
                .text
                .lines()
                .find(|line| line.trim() == "#" || line.trim_start().starts_with("# "));
            ensure!(
                hidden.is_none(),
                "mdBook hides the line `{}`",
                hidden.unwrap_or("")
            );
        }
        self.reading.borrow_mut().code_lines +=
            excerpt.text.lines().filter(|line| !line.trim().is_empty()).count();
        let parts = excerpt.parts.iter().map(|part| {
            let lines = match part.first == part.last {
                true => format!("line {}", part.first),
                false => format!("lines {}–{}", part.first, part.last),
            };
            format!(r#"<a href="{}">{lines}</a>"#, self.source(file, part.first))
        });
        let parts = parts.collect::<Vec<_>>().join(", ");
        // What the compiler says has long lines at its head and in its notes.
        let class = if file.ends_with(".stderr") { "message" } else { "" };
        Ok(format!(
            r#"<figure class="listing"><figcaption class="caption"><code>{}</code> {parts}</figcaption>{}</figure>"#,
            html::escape(file),
            html::code(class, html::language(file), &excerpt.text),
        ))
    }

    /// `{{#beside python=FILE:PART rust=FILE:ITEM}}`
    fn beside(&self, directive: &Directive) -> anyhow::Result<String> {
        directive.only(&["python", "rust"])?;
        let column = |key: &str, title: &str| {
            let figure = self.figure(directive.required(key)?, None)?;
            anyhow::Ok(format!(
                r#"<div class="side"><p class="side-title">{title}</p>{figure}</div>"#
            ))
        };
        let (python, rust) = (column("python", "Python")?, column("rust", "Rust")?);
        Ok(format!(r#"<div class="beside">{python}{rust}</div>"#))
    }

    /// `{{#run cargo run -p lock-demo -- race}}`
    fn run(&self, directive: &Directive) -> anyhow::Result<String> {
        directive.only(&[])?;
        self.run_line(&directive.words.join(" "))
    }

    /// `{{#output FILE from="…" to="…"}}`
    fn output(&self, directive: &Directive) -> anyhow::Result<String> {
        directive.only(&["from", "to"])?;
        let recording = Recording::read(&self.catalogue.root, directive.word()?)?;
        self.shows_command(&recording.command)?;
        let output = recording.output();
        let lines: Vec<&str> = output.lines().collect();
        let find = |key: &str, default: usize| match directive.option(key) {
            None => Ok(default),
            Some(text) => lines
                .iter()
                .position(|line| line.contains(text))
                .with_context(|| format!("no line of the output has `{text}`")),
        };
        let (from, to) = (find("from", 0)?, find("to", lines.len().saturating_sub(1))?);
        ensure!(
            from <= to && !output.trim().is_empty(),
            "nothing of the output is left"
        );
        let mut text = lines[from..=to].join("\n");
        let cut = |is_cut: bool| if is_cut { "…\n" } else { "" };
        let last = lines.len() - 1;
        text = format!("{}{text}\n{}", cut(from > 0), cut(to < last));
        self.reading.borrow_mut().code_lines += to + 1 - from;
        let note = match recording.exit {
            0 => recording.rule.note().to_owned(),
            code => format!("{}; exit code {code}", recording.rule.note()),
        };
        let one_of = matches!(recording.rule.agreement, Agreement::OneOf);
        let class = if one_of { "output one-of" } else { "output" };
        Ok(format!(
            r#"<figure class="{class}"><figcaption class="caption">{note}</figcaption>{}{}</figure>"#,
            html::run_line(&recording.command.to_string()),
            html::code("printed", "plaintext", &text),
        ))
    }

    /// `{{#timeline FILE.svg}}`, the picture of a recorded run.
    fn timeline(&self, directive: &Directive) -> anyhow::Result<String> {
        directive.only(&["caption"])?;
        let path = directive.word()?;
        let text = paths::read(&self.catalogue.root, path)?;
        let mut reading = self.reading.borrow_mut();
        reading.pictures += 1;
        let picture = timeline::inline(&text, reading.pictures)
            .with_context(|| format!("`{path}`"))?;
        let caption = directive.option("caption").map_or(String::new(), |caption| {
            format!(
                r#"<figcaption class="caption">{}</figcaption>"#,
                html::prose(caption)
            )
        });
        Ok(format!(r#"<figure class="picture">{picture}{caption}</figure>"#))
    }

    /// `{{#player FILE.json title="…"}}`
    fn player(&self, directive: &Directive) -> anyhow::Result<String> {
        directive.only(&["title"])?;
        let (path, title) = (directive.word()?, directive.required("title")?);
        let name = self.next_name("player");
        let rendered = player::render(&self.catalogue.root, path, title, &name)?;
        self.reading.borrow_mut().players += 1;
        Ok(self.with_links(rendered.html, &rendered.sources))
    }

    /// `{{#quiz FILE.toml}}`
    fn quiz(&self, directive: &Directive) -> anyhow::Result<String> {
        directive.only(&[])?;
        let name = self.next_name("quiz");
        let rendered = quiz::render(&self.catalogue.root, directive.word()?, &name)?;
        self.reading.borrow_mut().questions += rendered.proofs.len();
        Ok(self.with_links(rendered.html, &rendered.proofs))
    }

    /// `{{#document FILE.md}}`: a text of the repository, a level below this page's title.
    fn document(&self, directive: &Directive) -> anyhow::Result<String> {
        directive.only(&[])?;
        self.reading.borrow_mut().is_reference = true;
        let text = paths::read(&self.catalogue.root, directive.word()?)?;
        // Its links to other files of the repository lead nowhere from here.
        let text = FILE_LINK.replace_all(&text, "$1");
        let mut code: Option<String> = None;
        let lines = text.lines().map(|line| {
            let fence = line.trim_start().starts_with("```");
            match (code.take(), fence) {
                (None, true) => code = Some(String::new()),
                (None, false) if line.starts_with('#') => return format!("#{line}\n"),
                (None, false) => return format!("{line}\n"),
                (Some(text), false) => code = Some(format!("{text}{line}\n")),
                (Some(text), true) => {
                    // As far to the right as the list that it is in.
                    let indent = &line[..line.len() - line.trim_start().len()];
                    let text = html::code("", "plaintext", &listing::dedented(&text));
                    return format!("{indent}{text}\n");
                }
            }
            String::new()
        });
        Ok(lines.collect())
    }

    fn with_links(&self, html: String, links: &[(String, String)]) -> String {
        links.iter().fold(html, |html, (marker, file)| {
            html.replace(marker.as_str(), &self.source(file, 1))
        })
    }

    /// `{{#wrong exercise/name}}`: a wrong answer, and how it is found out.
    fn wrong(&self, directive: &Directive) -> anyhow::Result<String> {
        directive.only(&[])?;
        let name = directive.word()?;
        let (exercise, answer) =
            name.split_once('/').context("`wrong` takes `exercise/name`")?;
        let exercise = self.catalogue.exercise(exercise)?;
        let answers = &exercise.wrong_answers;
        let answer = answers.iter().find(|known| known.name == answer);
        let answer = answer.with_context(|| {
            format!("`{}` has no `{name}`", exercise.wrong_answers_file())
        })?;
        Ok(format!(
            r#"<dl class="wrong-answer" id="wrong-{}">{}</dl>"#,
            name.replace('/', "-"),
            verdicts::described(answer)?
        ))
    }

    /// `{{#exercise name}}`: its command, and its hints one by one.
    fn exercise(&self, directive: &Directive) -> anyhow::Result<String> {
        directive.only(&[])?;
        let name = directive.word()?;
        let exercise = self.catalogue.exercise(name)?;
        let file = exercise.file();
        paths::read(&self.catalogue.root, &file)?;
        let link = self.source(&file, 1);
        self.shown.borrow_mut().exercises.insert(name.to_owned());
        let mut html = format!(
            r#"<div class="exercise"><p class="caption">Exercise <a href="{link}"><code>{file}</code></a></p>{}"#,
            html::run_line(&format!("cargo test --bin {name}")),
        );
        for (index, hint) in exercise.hints(&self.catalogue.root)?.iter().enumerate() {
            let paragraphs = hint.split("\n\n").map(html::prose);
            html += &format!(
                "<details><summary>Hint {}</summary><p>{}</p></details>",
                index + 1,
                paragraphs.collect::<Vec<_>>().join("</p><p>")
            );
        }
        html += &format!(
            r#"<details><summary>Wrong answers</summary><p><a href="{}{}">{} answers that are wrong</a>, and what the judge says of each. They show a good part of the right one.</p></details>"#,
            up_from(&self.path),
            appendix::wrong_answers_page(name).with_extension("html").display(),
            exercise.wrong_answers.len(),
        );
        Ok(html + "</div>")
    }
}

/// The way from a page to the folder of the book.
#[must_use]
pub fn up_from(page: &Path) -> String {
    "../".repeat(page.components().count() - 1)
}

/// Blocks of code that were typed into a page, with where they are.
fn refused_blocks(text: &str) -> Vec<(usize, anyhow::Error)> {
    let mut refused = Vec::new();
    for (event, range) in Parser::new_ext(text, Options::all()).into_offset_iter() {
        let Event::Start(Tag::CodeBlock(kind)) = event else { continue };
        let language = match &kind {
            CodeBlockKind::Fenced(language) => language.as_ref(),
            CodeBlockKind::Indented => "an indented block",
        };
        if !language.split(',').any(|word| word.trim() == "sketch") {
            let error = anyhow::anyhow!(
                "code and output are taken from files; a block that is neither says `sketch`, not `{language}`"
            );
            refused.push((range.start, error));
        }
    }
    refused
}

/// The page with its minutes below the title.
fn with_minutes(text: &str, minutes: usize) -> String {
    let plural = if minutes == 1 { "minute" } else { "minutes" };
    let line = format!("<p class=\"minutes\">about {minutes} {plural}</p>");
    let mut title_end = None;
    for (event, range) in Parser::new(text).into_offset_iter() {
        if let Event::End(TagEnd::Heading(_)) = event {
            title_end = Some(range.end);
            break;
        }
    }
    match title_end {
        Some(end) => format!("{}\n\n{line}\n\n{}", &text[..end], &text[end..]),
        None => format!("{line}\n\n{text}"),
    }
}

#[cfg(test)]
mod tests;
