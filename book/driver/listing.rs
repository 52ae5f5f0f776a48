//! Parts of files: an item by its name, or what stands between two anchors.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail, ensure};
use syn::spanned::Spanned;
use syn::{Attribute, ImplItem, Item, ItemImpl, Type};

/// Lines of a file, counted from 1, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines {
    /// The first line.
    pub first: usize,
    /// The last line.
    pub last: usize,
}

/// What a listing shows.
#[derive(Debug)]
pub struct Excerpt {
    /// In the order in which they are shown.
    pub parts: Vec<Lines>,
    /// The lines of all parts, without the indentation they have in common.
    pub text: String,
}

impl Excerpt {
    /// Leaves out what comes after the first line that contains `to`.
    ///
    /// `text` is the file. `None` when no line of the only part contains it.
    pub fn end_at(&mut self, text: &str, to: &str) -> Option<()> {
        let [part] = self.parts.as_mut_slice() else { return None };
        let lines: Vec<&str> = text.lines().collect();
        let shown = &lines[part.first - 1..part.last];
        part.last = part.first + shown.iter().position(|line| line.contains(to))?;
        show(&lines, *part).trim_end().clone_into(&mut self.text);
        Some(())
    }
}

/// Takes from `text` the parts that `selection` names, separated by commas.
///
/// A part is an anchor (`ANCHOR: name` and `ANCHOR_END: name` in comments) or an item
/// of a Rust file: `bump`, `Semaphore`, `Semaphore::acquire`, `impl Drop for Permit`.
/// An empty selection means the whole file without its tests.
///
/// # Errors
///
/// When a part does not exist, is empty, or when the name fits several items.
pub fn excerpt(
    outlines: &Outlines,
    path: &str,
    text: &str,
    selection: &str,
) -> anyhow::Result<Excerpt> {
    let lines: Vec<&str> = text.lines().collect();
    let outline = || outlines.of(text).with_context(|| format!("parse `{path}`"));
    let mut parts = Vec::new();
    if selection.is_empty() {
        let tests = if is_rust(path) { outline()?.tests } else { None };
        let last = tests.map_or(lines.len(), |first| first - 1);
        ensure!(last > 0, "`{path}` has no lines");
        parts.push(Lines { first: 1, last });
    }
    for name in selection.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let part = match anchored(&lines, name)? {
            Some(part) => part,
            None if is_rust(path) => outline()?.item(name)?,
            None => bail!("`{path}` has no anchor `{name}`"),
        };
        parts.push(part);
    }
    let gap = if is_rust(path) { "// …" } else { "# …" };
    let shown: Vec<String> = parts.iter().map(|part| show(&lines, *part)).collect();
    ensure!(
        shown.iter().all(|part| !part.trim().is_empty()),
        "`{path}:{selection}` is empty"
    );
    let text = match shown.as_slice() {
        [only] => only.clone(),
        _ => shown.join(&format!("\n{gap}\n\n")),
    };
    Ok(Excerpt { parts, text: text.trim_end().to_owned() })
}

fn is_rust(path: &str) -> bool {
    path.ends_with(".rs")
}

/// The lines of a part, without marks and without indentation.
fn show(lines: &[&str], part: Lines) -> String {
    let lines = &lines[part.first - 1..part.last];
    let kept = lines.iter().filter(|line| !is_anchor(line)).copied();
    dedented(&kept.collect::<Vec<_>>().join("\n")) + "\n"
}

/// The lines moved to the left as far as all of them can go.
#[must_use]
pub fn dedented(text: &str) -> String {
    let indented = text.lines().filter(|line| !line.trim().is_empty());
    let indent = indented.map(|line| line.len() - line.trim_start().len()).min();
    let lines = text.lines().map(|line| line.get(indent.unwrap_or(0)..).unwrap_or(""));
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether the line is a mark for the book and nothing else.
#[must_use]
pub fn is_anchor(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches(['/', '#', ' ']);
    line.starts_with("ANCHOR: ") || line.starts_with("ANCHOR_END: ")
}

fn anchored(lines: &[&str], name: &str) -> anyhow::Result<Option<Lines>> {
    let find = |mark: &str| {
        let wanted = format!("{mark}: {name}");
        lines
            .iter()
            .position(|line| is_anchor(line) && line.trim_end().ends_with(&wanted))
    };
    match (find("ANCHOR"), find("ANCHOR_END")) {
        (None, None) => Ok(None),
        (Some(start), Some(end)) if start + 1 < end => {
            Ok(Some(Lines { first: start + 2, last: end }))
        }
        _ => bail!("anchor `{name}` has no beginning, no end or no content"),
    }
}

fn is_test_attribute(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Ident>().is_ok_and(|word| word == "test")
}

/// What a Rust file consists of.
#[derive(Debug)]
struct Outline {
    /// Items and methods, as a selection can call them, with the lines of their
    /// documentation and attributes.
    items: Vec<(String, Lines)>,
    /// Where the unit tests begin.
    tests: Option<usize>,
}

impl Outline {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let file = syn::parse_file(text).context("the file is not Rust")?;
        let mut outline = Self { items: Vec::new(), tests: None };
        for item in &file.items {
            outline.items.extend(name(item).map(|name| (name, lines_of(item))));
            match item {
                Item::Impl(block) => outline.add_methods(block),
                Item::Mod(module) if module.attrs.iter().any(is_test_attribute) => {
                    outline.tests.get_or_insert(lines_of(item).first);
                }
                _ => {}
            }
        }
        Ok(outline)
    }

    fn add_methods(&mut self, block: &ItemImpl) {
        let Some(of) = type_name(&block.self_ty) else { return };
        for item in &block.items {
            let method = match item {
                ImplItem::Fn(function) => &function.sig.ident,
                ImplItem::Const(constant) => &constant.ident,
                _ => continue,
            };
            self.items.push((format!("{of}::{method}"), lines_of(item)));
        }
    }

    fn item(&self, name: &str) -> anyhow::Result<Lines> {
        let found: Vec<Lines> = self
            .items
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, lines)| *lines)
            .collect();
        match found.as_slice() {
            [only] => Ok(*only),
            [] => bail!("no anchor and no item `{name}`"),
            several => bail!("{} items are called `{name}`", several.len()),
        }
    }
}

/// The outlines of files that were parsed before, by the text of the file.
///
/// Parsing takes most of the time of a listing, and many listings are from one file.
#[derive(Debug, Default)]
pub struct Outlines(Mutex<HashMap<String, Arc<Outline>>>);

impl Outlines {
    fn of(&self, text: &str) -> anyhow::Result<Arc<Outline>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outline) = known.get(text) {
            return Ok(Arc::clone(outline));
        }
        let outline = Arc::new(Outline::parse(text)?);
        known.insert(text.to_owned(), Arc::clone(&outline));
        Ok(outline)
    }
}

fn lines_of(item: &impl Spanned) -> Lines {
    let span = item.span();
    Lines { first: span.start().line, last: span.end().line }
}

/// What an item can be called in a selection.
fn name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Impl(block) => {
            let of = type_name(&block.self_ty)?;
            let of_trait = block.trait_.as_ref().and_then(|(_, path, _)| {
                path.segments.last().map(|segment| segment.ident.to_string())
            });
            return Some(match of_trait {
                Some(name) => format!("impl {name} for {of}"),
                None => format!("impl {of}"),
            });
        }
        _ => return None,
    };
    Some(ident.to_string())
}

fn type_name(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => path.path.segments.last().map(|s| s.ident.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
/// Counts.
struct Counter {
    n: u32,
}

impl Counter {
    /// Adds one.
    fn add(&mut self) {
        // ANCHOR: step
        self.n += 1;
        // ANCHOR_END: step
    }
}

impl Drop for Counter {
    fn drop(&mut self) {}
}

#[cfg(test)]
mod tests {}
";

    fn shown(selection: &str) -> String {
        excerpt(&Outlines::default(), "a.rs", FILE, selection).unwrap().text
    }

    #[test]
    fn items_come_with_their_documentation_and_without_indentation() {
        assert_eq!(shown("Counter"), "/// Counts.\nstruct Counter {\n    n: u32,\n}");
        assert_eq!(
            shown("Counter::add"),
            "/// Adds one.\nfn add(&mut self) {\n    self.n += 1;\n}"
        );
        assert!(shown("impl Drop for Counter").starts_with("impl Drop"));
    }

    #[test]
    fn anchors_and_several_parts() {
        assert_eq!(shown("step"), "self.n += 1;");
        let parts =
            excerpt(&Outlines::default(), "a.rs", FILE, "step,Counter").unwrap().parts;
        assert_eq!(parts[0], Lines { first: 10, last: 10 });
        assert_eq!(parts[1], Lines { first: 1, last: 4 });
    }

    #[test]
    fn a_whole_file_ends_before_its_tests() {
        let whole = shown("");
        assert!(whole.ends_with("fn drop(&mut self) {}\n}"), "{whole}");
    }

    #[test]
    fn a_listing_may_end_at_a_line() {
        let mut add =
            excerpt(&Outlines::default(), "a.rs", FILE, "Counter::add").unwrap();
        assert!(add.end_at(FILE, "impl Drop").is_none(), "beyond the part");
        add.end_at(FILE, "self.n").unwrap();
        assert_eq!(add.text, "/// Adds one.\nfn add(&mut self) {\n    self.n += 1;");
        assert_eq!(add.parts, [Lines { first: 7, last: 10 }]);
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        for name in ["Missing", "Counter::missing", "impl Clone for Counter"] {
            let error = excerpt(&Outlines::default(), "a.rs", FILE, name)
                .unwrap_err()
                .to_string();
            assert!(error.contains(name), "{error}");
        }
        let open = "// ANCHOR: half\nfn a() {}\n";
        assert!(excerpt(&Outlines::default(), "a.rs", open, "half").is_err());
        let empty = "// ANCHOR: none\n// ANCHOR_END: none\n";
        assert!(excerpt(&Outlines::default(), "a.rs", empty, "none").is_err());
    }
}
