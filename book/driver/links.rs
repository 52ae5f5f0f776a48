//! Checks the links of a built book: pages, fragments, pictures, scripts, styles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::mem;
use std::path::Path;
use std::time::SystemTime;

use anyhow::Context;
use walkdir::WalkDir;

use crate::paths;

/// What a page offers and what it asks for.
#[derive(Debug, Default)]
struct Page {
    names: BTreeSet<String>,
    links: Vec<Link>,
}

#[derive(Debug)]
struct Link {
    /// Tag and attribute.
    attribute: String,
    text: String,
    /// The file that it means, and the place in it; none of what is no part of the book.
    target: Option<(String, String)>,
}

/// Returns a line for each link below `folder` that leads nowhere, and for each file
/// that would be fetched from another host.
///
/// # Errors
///
/// When a file cannot be read.
pub fn check(folder: &Path) -> anyhow::Result<Vec<String>> {
    Checker::default().check(folder)
}

/// Checks a book again and again, and scans only what was written in between.
#[derive(Debug, Default)]
pub struct Checker {
    pages: Pages,
}

/// By path, with the time at which it was written.
type Pages = BTreeMap<String, (SystemTime, Page)>;

impl Checker {
    /// As the function [`check`].
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn check(&mut self, folder: &Path) -> anyhow::Result<Vec<String>> {
        let mut before = mem::take(&mut self.pages);
        let mut files = BTreeSet::new();
        let mut complaints = Vec::new();
        for entry in WalkDir::new(folder).sort_by_file_name() {
            let entry = entry?;
            if !entry.file_type().is_file() {
                continue;
            }
            let path = paths::relative(folder, entry.path());
            let read =
                || fs::read_to_string(entry.path()).with_context(|| path.clone());
            if path.ends_with(".html") {
                let written = entry.metadata()?.modified()?;
                let scanned = match before.remove(&path) {
                    Some(known) if known.0 == written => known,
                    _ => (written, scan(&path, &read()?)),
                };
                self.pages.insert(path.clone(), scanned);
            } else if path.ends_with(".css") {
                let fetched = |url| format!("{path} fetches {url} from another host");
                complaints.extend(styles(&read()?).map(fetched));
            }
            files.insert(path);
        }
        for (path, (_, page)) in &self.pages {
            let complaint = |link| complaint(path, link, &files, &self.pages);
            complaints.extend(page.links.iter().filter_map(complaint));
        }
        Ok(complaints)
    }
}

/// Addresses of other hosts in a style sheet.
fn styles(text: &str) -> impl Iterator<Item = &str> {
    let fetched =
        text.split("url(").skip(1).map(|rest| rest.trim_start_matches(['"', '\'']));
    fetched
        .filter(|url| url.starts_with("http") || url.starts_with("//"))
        .map(|url| url.split([')', '"', '\'']).next().unwrap_or(url))
}

fn complaint(
    path: &str,
    link: &Link,
    files: &BTreeSet<String>,
    pages: &Pages,
) -> Option<String> {
    let text = &link.text;
    if is_elsewhere(text) {
        // A link may lead away when somebody follows it; a page may not fetch anything.
        let fetched = link.attribute != "a href";
        return fetched.then(|| format!("{path} fetches {text} from another host"));
    }
    let (target, fragment) = link.target.as_ref()?;
    if !files.contains(target) {
        return Some(format!("{path} links {text}: there is no {target}"));
    }
    let lacks = |(_, page): &(_, Page)| !page.names.contains(fragment);
    if !fragment.is_empty() && pages.get(target).is_some_and(lacks) {
        return Some(format!("{path} links {text}: {target} has no #{fragment}"));
    }
    None
}

fn is_elsewhere(link: &str) -> bool {
    link.contains("://") || link.starts_with("//")
}

/// The file that `link` means on the page `path`, and the place in it.
fn target(path: &str, link: &str) -> Option<(String, String)> {
    if link.starts_with("data:") || link.starts_with("mailto:") || is_elsewhere(link) {
        return None;
    }
    let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
    let file = file.split('?').next().unwrap_or(file);
    let file = if file.is_empty() { path.to_owned() } else { resolve(path, file)? };
    Some((file, fragment.to_owned()))
}

/// The file that `link` means on the page `from`; nothing above the book is checked.
fn resolve(from: &str, link: &str) -> Option<String> {
    // The page for unknown addresses is shown everywhere, so its links are absolute.
    let (mut parts, link) = match link.strip_prefix('/') {
        Some(link) => (Vec::new(), link),
        None => (from.split('/').collect::<Vec<_>>(), link),
    };
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let file = parts.join("/");
    let is_folder = link.ends_with('/') || file.is_empty();
    Some(match (is_folder, file.is_empty()) {
        (true, true) => "index.html".to_owned(),
        (true, false) => format!("{file}/index.html"),
        (false, _) => file,
    })
}

/// Finds names and links in the page `path`, outside of scripts and comments.
///
/// Not by regular expressions: this runs after each edit, in a development build.
fn scan(path: &str, html: &str) -> Page {
    let mut page = Page::default();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (tag, after) = rest.split_at(end);
        rest = page.attributes(tag, after);
        if tag == "script" {
            rest = rest.split_once("</script>").map_or("", |(_, after)| after);
        }
    }
    for link in &mut page.links {
        link.target = target(path, &link.text);
    }
    page
}

impl Page {
    /// Takes the attributes of a tag from `rest`; returns what follows the tag.
    fn attributes<'a>(&mut self, tag: &str, mut rest: &'a str) -> &'a str {
        loop {
            rest = rest.trim_start();
            let end = rest.find(|c: char| c.is_whitespace() || "=>\"".contains(c));
            let Some(end) = end else { return "" };
            let (name, after) = rest.split_at(end);
            match (after.strip_prefix("=\""), after.strip_prefix('>')) {
                (Some(value), _) => {
                    let (value, after) = value.split_once('"').unwrap_or((value, ""));
                    self.attribute(tag, name, value);
                    rest = after;
                }
                (None, Some(after)) => return after,
                (None, None) => rest = after.trim_start_matches(['=', '"']),
            }
        }
    }

    fn attribute(&mut self, tag: &str, name: &str, value: &str) {
        let value = value.replace("&amp;", "&");
        match (tag, name) {
            (_, "id") | ("a", "name") => {
                self.names.insert(value);
            }
            // The page for unknown addresses says where the site begins.
            ("base", "href") => {}
            (_, "href" | "src" | "poster" | "data") => {
                self.links.push(Link {
                    attribute: format!("{tag} {name}"),
                    text: value,
                    target: None,
                });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        check(folder.path()).unwrap()
    }

    #[test]
    fn pages_fragments_and_pictures_must_be_there() {
        let found = complaints(&[
            (
                "a.html",
                r##"<a href="b/c.html#x">1</a><a href="b/c.html#y">2</a><a href="d.html">3</a>
                <img src="no.png"><a href="https://elsewhere.org">4</a><a href="#up">5</a>"##,
            ),
            (
                "b/c.html",
                r#"<p id="x"></p><a href="../a.html">back</a><a href="./">up</a>"#,
            ),
            ("b/index.html", ""),
        ]);
        assert_eq!(found.len(), 4, "{found:#?}");
        assert!(found[0].contains("b/c.html has no #y"));
        assert!(found[1].contains("there is no d.html"));
        assert!(found[2].contains("there is no no.png"));
        assert!(found[3].contains("a.html has no #up"));
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere() {
        let found = complaints(&[
            (
                "a.html",
                r#"<script src="https://cdn.org/x.js"></script><link href="//x.org/s.css">"#,
            ),
            ("s.css", "@font-face { src: url('https://fonts.org/f.woff'); }"),
        ]);
        assert_eq!(found.len(), 3, "{found:#?}");
    }

    #[test]
    fn what_a_script_or_a_comment_says_is_no_link() {
        let page = r#"<!-- <a href="x"> --><script>"<a href='y'>"; a = '<a href="z">'</script>"#;
        assert!(complaints(&[("a.html", page)]).is_empty());
    }
}
