//! The reader's own names for locks, atomics and threads, read from the source.
//!
//! The model knows where a value was constructed. The line there usually says
//! what it is called: a `let`, a static, or a field of a struct.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::kernel::ids::Loc;

/// The source files that a report refers to.
#[derive(Default)]
pub(crate) struct Sources {
    files: HashMap<String, Vec<String>>,
}

/// Lines above the construction that may hold the name.
const LINES_BACK: usize = 3;

/// Lines above the construction over which a tuple or an array may be spread.
const LINES_OF_ELEMENTS: usize = 8;

/// Lines above a wait in which the loop that it is in may begin.
const LINES_OF_A_LOOP: usize = 4;

/// One of the values that are written out between brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// It has a name of its own in the pattern, as in `let (a, b) = (…, …)`.
    Named(String),
    /// `pair.1`
    OfTuple(String),
    /// `flags[2]`
    OfArray(String),
}

impl Sources {
    /// The lines of a file, none when it cannot be found.
    pub(crate) fn lines(&mut self, file: &str) -> &[String] {
        self.files.entry(file.to_owned()).or_insert_with(|| {
            let text = find(file).and_then(|path| fs::read_to_string(path).ok());
            text.unwrap_or_default().lines().map(str::to_owned).collect()
        })
    }

    /// What the value constructed at `at` is called.
    pub(crate) fn binding(&mut self, at: Loc) -> Option<String> {
        let (line, column) = (at.line() as usize, at.column() as usize);
        let lines = self.lines(at.file());
        let own = lines.get(line.checked_sub(1)?)?;
        let before: String = own.chars().take(column - 1).collect();
        let mut text = before;
        for back in 1..=LINES_BACK {
            if let Some(name) = name_before(&text) {
                return Some(name);
            }
            // The expression may begin on a line of its own.
            if !strip_calls(text.trim()).is_empty() {
                break;
            }
            let above = lines.get((line - 1).checked_sub(back)?)?;
            text = format!("{} {}", above.trim_end(), text.trim_start());
        }
        declared(own).or_else(|| declared(&text))
    }

    /// Which element the value constructed at `at` is of a tuple or an array that has a
    /// name, as `pair.1` or `flags[2]`: every element is written out.
    pub(crate) fn element(&mut self, at: Loc) -> Option<Element> {
        let (line, column) = (at.line() as usize, at.column() as usize);
        let lines = self.lines(at.file());
        let own = lines.get(line.checked_sub(1)?)?;
        let mut text: String = own.chars().take(column - 1).collect();
        for back in 1..=LINES_OF_ELEMENTS {
            if let Some(element) = element_before(&text) {
                return Some(element);
            }
            let above = lines.get((line - 1).checked_sub(back)?)?;
            let above = above.split("//").next().unwrap_or_default();
            text = format!("{} {}", above.trim_end(), text.trim_start());
        }
        None
    }

    /// Whether the wait at `at` is in a loop, as far as the lines around it tell.
    pub(crate) fn looks_again(&mut self, at: Loc) -> bool {
        let line = at.line() as usize;
        let lines = self.lines(at.file());
        let above = lines.iter().take(line).rev().take(LINES_OF_A_LOOP);
        for text in above.map(|text| text.split("//").next().unwrap_or_default()) {
            let has = |word: &str| text.split_whitespace().any(|w| w == word);
            if text.contains("_while(") || has("while") || has("loop") {
                return true;
            }
            if has("if") || has("fn") {
                return false;
            }
        }
        false
    }

    /// What the handle of the thread spawned at `at` is called.
    pub(crate) fn handle(&mut self, at: Loc) -> Option<String> {
        let (line, column) = (at.line() as usize, at.column() as usize);
        let lines = self.lines(at.file());
        let own = lines.get(line.checked_sub(1)?)?;
        let mut before: String = own.chars().take(column - 1).collect();
        // A method's place is that of its name: `scope.spawn` begins at `spawn`.
        while before.ends_with('.') {
            before.pop();
            let kept = before
                .trim_end_matches(|c: char| {
                    c.is_alphanumeric() || c == '_' || c == ')' || c == '('
                })
                .len();
            before.truncate(kept);
        }
        let before = before.trim_end().strip_suffix('=')?.trim_end();
        let before = before.strip_prefix(' ').unwrap_or(before).trim_start();
        identifier(before.strip_prefix("let ")?)
    }
}

/// The file, which the compiler names relative to where it ran.
fn find(file: &str) -> Option<PathBuf> {
    let path = Path::new(file);
    if path.is_absolute() {
        return path.exists().then(|| path.to_owned());
    }
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join(path)).find(|path| path.exists())
}

/// Removes what wraps the construction: `Arc::new(`, `Some(`, `vec![`.
fn strip_calls(text: &str) -> &str {
    let mut rest = text.trim_end();
    loop {
        let Some(inner) = rest.strip_suffix(['(', '[', '&']) else { return rest };
        let inner = inner.trim_end_matches('!');
        let kept = inner
            .trim_end_matches(|c: char| {
                c.is_alphanumeric() || matches!(c, '_' | ':' | '<' | '>')
            })
            .len();
        // `name: (` must keep its name.
        let call = &inner[kept..];
        let kept = call.rfind(": ").map_or(kept, |i| kept + i + 1);
        rest = inner[..kept].trim_end();
    }
}

/// The name that the text before a construction gives to it.
fn name_before(text: &str) -> Option<String> {
    let text = strip_calls(text.trim());
    if let Some(field) = text.strip_suffix(':') {
        let start = field
            .rfind(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(0, |i| i + field[i..].chars().next().map_or(1, char::len_utf8));
        return identifier(&field[start..]);
    }
    let left = text.strip_suffix('=')?.trim_end();
    if let Some(i) = left.rfind("let ") {
        let pattern = left[i + 4..].trim_start();
        if let Some(pair) = pattern.strip_prefix('(') {
            let names: Vec<String> =
                pair.split([',', ')']).filter_map(identifier).take(2).collect();
            return (!names.is_empty()).then(|| names.join("/"));
        }
        return identifier(pattern);
    }
    declared(left)
}

/// The element that begins where the text ends, if its tuple or array begins in the text.
fn element_before(text: &str) -> Option<Element> {
    // What is open at the end of the text: the bracket's place, and the commas since.
    let mut open: Vec<(usize, char, usize)> = Vec::new();
    for (i, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => open.push((i, c, 0)),
            ')' | ']' | '}' => drop(open.pop()),
            ',' => {
                if let Some((_, _, commas)) = open.last_mut() {
                    *commas += 1;
                }
            }
            _ => {}
        }
    }
    while let Some((place, bracket, commas)) = open.pop() {
        let head = text[..place].trim_end();
        let array = bracket == '[';
        // `Arc::new(` and `Some(` wrap one value and are no elements.
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '>';
        if bracket == '(' && head.ends_with(is_name) {
            if commas > 0 {
                return None;
            }
            continue;
        }
        if bracket == '{' {
            return None;
        }
        if let Some(pattern) = pattern(head) {
            return identifier(pattern.split(',').nth(commas)?).map(Element::Named);
        }
        let name = name_before(head.strip_suffix("vec!").unwrap_or(head))?;
        return Some(if array {
            Element::OfArray(format!("{name}[{commas}]"))
        } else {
            Element::OfTuple(format!("{name}.{commas}"))
        });
    }
    None
}

/// What is between the brackets of `let (a, b) =`.
fn pattern(head: &str) -> Option<&str> {
    let left = head.strip_suffix('=')?;
    let pattern = left[left.rfind("let ")? + 4..].trim_start();
    pattern.strip_prefix(['(', '['])?.split([')', ']']).next()
}

/// The name in a declaration that the construction is somewhere in.
fn declared(line: &str) -> Option<String> {
    let line = line.trim_start();
    for keyword in ["let ", "static ", "const "] {
        if let Some(i) = line.find(keyword)
            && (i == 0 || line[..i].trim_start().starts_with("pub"))
        {
            return identifier(&line[i + keyword.len()..]);
        }
    }
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let (name, rest) = line.split_once(':')?;
    (!rest.starts_with(':')).then(|| identifier(name)).flatten()
}

/// The identifier at the beginning, unless it is a wildcard.
fn identifier(text: &str) -> Option<String> {
    let text = text.trim_start().trim_start_matches("mut ").trim_start();
    let end =
        text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let name = &text[..end];
    let starts_well = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    (starts_well && !name.trim_matches('_').is_empty()).then(|| name.to_owned())
}

/// A type's name without module paths.
pub(crate) fn short_type(name: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in name.chars() {
        if c.is_alphanumeric() || c == '_' || c == ':' {
            word.push(c);
            if word.ends_with("::") {
                word.clear();
            }
        } else {
            out.push_str(&std::mem::take(&mut word));
            out.push(c);
        }
    }
    out + &word
}

#[cfg(test)]
mod tests {
    use super::{Element, element_before, name_before, short_type};

    #[test]
    fn names_come_from_bindings_fields_and_statics() {
        for (text, name) in [
            ("let permits = ", "permits"),
            ("        let mut permits: Mutex<usize> = ", "permits"),
            ("let shared = Arc::new(", "shared"),
            ("Self { available: ", "available"),
            ("Self { available: Mutex::new(n), released: ", "released"),
            ("    released: Arc::new((", "released"),
            ("static LOG: Mutex<Vec<u8>> = ", "LOG"),
            ("pub static LOG: Mutex<Vec<u8>> = ", "LOG"),
            ("let (sender, receiver) = ", "sender/receiver"),
            ("let pair = Arc::new((Mutex::new(false), ", "pair"),
        ] {
            let found = name_before(text).or_else(|| super::declared(text));
            assert_eq!(found.as_deref(), Some(name), "{text}");
        }
        assert_eq!(name_before("spawn("), None);
        assert_eq!(name_before("let _ = "), None);
    }

    #[test]
    fn elements_are_told_apart_by_their_place() {
        let named = |name: &str| Some(Element::Named(name.to_owned()));
        let of_tuple = |name: &str| Some(Element::OfTuple(name.to_owned()));
        let of_array = |name: &str| Some(Element::OfArray(name.to_owned()));
        for (text, element) in [
            ("let (full, empty) = (", named("full")),
            ("let (full, empty) = (Condvar::new(), ", named("empty")),
            ("let all = Arc::new((Mutex::new((0, 1)), ", of_tuple("all.1")),
            ("let all = ( Mutex::new(0), Arc::new(", of_tuple("all.1")),
            ("    Self { conds: (Condvar::new(), ", of_tuple("conds.1")),
            ("let flags = [AtomicBool::new(false), ", of_array("flags[1]")),
            ("let flags = vec![Arc::new(", of_array("flags[0]")),
            ("let flag = ", None),
            ("fn f(a: u32) { let flag = Arc::new(", None),
            ("let pair = Pair::new(Mutex::new(0), ", None),
        ] {
            assert_eq!(element_before(text), element, "{text}");
        }
    }

    #[test]
    fn types_lose_their_paths() {
        let name = "interleavings::sync::mutex::Mutex<alloc::vec::Vec<u8>>";
        assert_eq!(short_type(name), "Mutex<Vec<u8>>");
    }
}
