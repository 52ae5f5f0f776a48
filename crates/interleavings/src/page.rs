//! Writes the page and the data of a failed schedule under `target/interleavings`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::trace::Trace;

/// The page, with a mark where the trace goes.
const PAGE: &str = include_str!("page.html");
const MARK: &str = "/*TRACE*/null";

/// Writes `<title>.html` and `<title>.json`; returns the page's path.
///
/// A report is useful without its page, so failing to write it is no error.
pub(crate) fn write(trace: &Trace) -> Option<PathBuf> {
    if trace.steps.is_empty() {
        return None;
    }
    let folder = target()?.join("interleavings");
    fs::create_dir_all(&folder).ok()?;
    let stem = trace.title.replace("::", "-");
    let stem =
        stem.replace(|c: char| !c.is_alphanumeric() && c != '-' && c != '_', "_");
    let page = folder.join(format!("{stem}.html"));
    let json = trace.to_json();
    fs::write(folder.join(format!("{stem}.json")), &json).ok()?;
    fs::write(&page, html(&json)).ok()?;
    let here = std::env::current_dir().ok();
    let short = here.and_then(|here| page.strip_prefix(here).map(Path::to_owned).ok());
    Some(short.unwrap_or(page))
}

/// The page for a trace in JSON.
fn html(json: &str) -> String {
    // A string in the trace must not end the script.
    PAGE.replacen(MARK, &json.replace("</", "<\\/"), 1)
}

/// The folder that cargo builds into: cargo marks it with a `CACHEDIR.TAG`.
fn target() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let marked = |folder: &&Path| folder.join("CACHEDIR.TAG").exists();
    program.ancestors().find(marked).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{PAGE, html};

    #[test]
    fn text_of_the_trace_cannot_end_the_script() {
        let page = html(r#"{"title": "</script>"}"#);
        assert!(page.contains(r#"const trace = {"title": "<\/script>"};"#));
        assert_eq!(page.matches("</script>").count(), 1);
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        for part in ["http:", "https:", "src=", "@import", "url("] {
            assert!(!PAGE.contains(part), "{part}");
        }
    }
}
