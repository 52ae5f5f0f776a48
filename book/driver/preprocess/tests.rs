use std::fs;

use super::*;

/// Expands a page that names files of this folder; returns it and the complaints.
fn expand(page: &str) -> (String, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.rs"), "fn one() {\n    1;\n}\n").unwrap();
    fs::write(folder.path().join("hidden.rs"), "fn f() {\n# \n}\n").unwrap();
    let mut catalogue = Catalogue::default();
    catalogue.root = folder.path().into();
    let expanded = Page::new(&catalogue, "page.md".into()).expand(page);
    (expanded.content, expanded.complaints)
}

#[test]
fn a_listing_names_its_file_and_lines() {
    let (page, complaints) = expand("# Page\n\n{{#listing a.rs:one}}\n");
    assert!(complaints.is_empty(), "{complaints:?}");
    assert!(page.contains(r#"<a href="source/a.rs.html#L1">lines 1–3</a>"#), "{page}");
    assert!(page.contains("fn one() {&#10;    1;&#10;}"), "{page}");
}

#[test]
fn what_mdbook_passes_over_in_silence_is_refused() {
    for (wrong, complaint) in [
        ("{{#listing missing.rs}}", "failed to read `missing.rs`"),
        ("{{#listing ../a.rs}}", "not a path below the workspace"),
        ("{{#listing a.rs:two}}", "no anchor and no item `two`"),
        ("{{#listing a.rs:one colour=red}}", "no option `colour`"),
        ("{{#listing a.rs:one run=\"cargo run -p no-demo\"}}", "there is no `no-demo`"),
        ("{{#listing a.rs:one run=\"sl\"}}", "neither `cargo run"),
        ("{{#include a.rs}}", "use `listing`"),
        ("{{#rustdoc_include a.rs:two}}", "use `listing`"),
        ("{{#lsting a.rs}}", "unknown directive `lsting`"),
        ("{{#output missing.txt}}", "failed to read `missing.txt`"),
        ("{{#player a.rs title=\"t\"}}", "not a trace"),
        ("{{#timeline a.rs}}", "not XML"),
        ("```rust\nfn typed() {}\n```", "says `sketch`"),
        ("```\ntyped output\n```", "says `sketch`"),
        ("    typed output", "says `sketch`"),
    ] {
        let page = format!("# Page\n\n{wrong}\n");
        let (_, complaints) = expand(&page);
        let [only] = complaints.as_slice() else { panic!("{wrong}: {complaints:?}") };
        assert!(only.starts_with("page.md:3: "), "{only}");
        assert!(only.contains(complaint), "{wrong}: {only}");
    }
}

#[test]
fn a_line_that_mdbook_would_hide_is_refused() {
    let (_, complaints) = expand("{{#listing hidden.rs}}");
    assert!(!complaints.is_empty());
}

#[test]
fn sketches_and_escaped_directives_pass() {
    let (page, complaints) =
        expand("```rust,sketch\nlet x = …;\n```\n\n\\{{#listing a}}\n");
    assert!(complaints.is_empty(), "{complaints:?}");
    assert!(page.contains("\n{{#listing a}}"), "{page}");
}

#[test]
fn minutes_stand_below_the_title_and_have_a_limit() {
    let (page, _) = expand("# Page\n\nA few words.\n");
    assert!(
        page.starts_with("# Page\n\n\n<p class=\"minutes\">about 1 minute</p>"),
        "{page}"
    );
    let (page, _) = expand("# Page\n\n{{#coverage}}\n");
    assert!(!page.contains("minute"), "nobody reads a table through: {page}");
    let (_, complaints) = expand(&format!("# Page\n\n{}", "word ".repeat(3000)));
    assert!(complaints[0].contains("too long for one page"), "{complaints:?}");
}
