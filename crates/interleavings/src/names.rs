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
    use super::{name_before, short_type};

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
    fn types_lose_their_paths() {
        let name = "interleavings::sync::mutex::Mutex<alloc::vec::Vec<u8>>";
        assert_eq!(short_type(name), "Mutex<Vec<u8>>");
    }
}
