//! Checks the links of a built book: pages, fragments, pictures, scripts, styles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Context;
use regex::Regex;
use walkdir::WalkDir;

use crate::paths;

/// What a page offers and what it asks for.
#[derive(Debug, Default)]
struct Page {
    names: BTreeSet<String>,
    /// The attribute and the link.
    links: Vec<(String, String)>,
}

/// Returns a line for each link below `folder` that leads nowhere, and for each file
/// that would be fetched from another host.
///
/// # Errors
///
/// When a file cannot be read.
pub fn check(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut pages = BTreeMap::new();
    let mut files = BTreeSet::new();
    let mut complaints = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if !entry.file_type().is_file() {
            continue;
        }
        let path = paths::relative(folder, entry.path());
        if path.ends_with(".html") {
            let text =
                fs::read_to_string(entry.path()).with_context(|| path.clone())?;
            pages.insert(path.clone(), scan(&text));
        } else if path.ends_with(".css") {
            let text =
                fs::read_to_string(entry.path()).with_context(|| path.clone())?;
            complaints.extend(
                styles(&text)
                    .map(|url| format!("{path} fetches {url} from another host")),
            );
        }
        files.insert(path);
    }
    for (path, page) in &pages {
        for (attribute, link) in &page.links {
            if let Some(complaint) = complaint(path, attribute, link, &files, &pages) {
                complaints.push(complaint);
            }
        }
    }
    Ok(complaints)
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
    attribute: &str,
    link: &str,
    files: &BTreeSet<String>,
    pages: &BTreeMap<String, Page>,
) -> Option<String> {
    if link.starts_with("data:") || link.starts_with("mailto:") {
        return None;
    }
    if link.contains("://") || link.starts_with("//") {
        // A link may lead away when somebody follows it; a page may not fetch anything.
        let fetched = attribute != "a href";
        return fetched.then(|| format!("{path} fetches {link} from another host"));
    }
    let (target, fragment) = link.split_once('#').unwrap_or((link, ""));
    let target = target.split('?').next().unwrap_or(target);
    let target =
        if target.is_empty() { path.to_owned() } else { resolve(path, target)? };
    if !files.contains(&target) {
        return Some(format!("{path} links {link}: there is no {target}"));
    }
    let known = |page: &Page| page.names.contains(fragment);
    if !fragment.is_empty() && pages.get(&target).is_some_and(|page| !known(page)) {
        return Some(format!("{path} links {link}: {target} has no #{fragment}"));
    }
    None
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

/// Finds names and links in a page, outside of scripts and comments.
fn scan(html: &str) -> Page {
    let skipped = Regex::new(r"(?s)<!--.*?-->|<script\b([^>]*)>.*?</script>");
    let tag =
        Regex::new(r#"(?s)<([a-zA-Z][\w-]*)((?:\s+[^\s=>"]+(?:="[^"]*")?)*)\s*/?>"#);
    let attribute = Regex::new(r#"([^\s=>"]+)="([^"]*)""#);
    let (skipped, tag, attribute) =
        (skipped.expect("valid"), tag.expect("valid"), attribute.expect("valid"));
    let html = skipped.replace_all(html, "<script$1>");
    let mut page = Page::default();
    for found in tag.captures_iter(&html) {
        let name = found[1].to_lowercase();
        for found in attribute.captures_iter(&found[2]) {
            let value = found[2].replace("&amp;", "&");
            match &found[1] {
                "id" => {
                    page.names.insert(value);
                }
                "name" if name == "a" => {
                    page.names.insert(value);
                }
                // The page for unknown addresses says where the site begins.
                "href" if name == "base" => {}
                "href" | "src" | "poster" | "data" => {
                    page.links.push((format!("{name} {}", &found[1]), value));
                }
                _ => {}
            }
        }
    }
    page
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
