//! Pictures of what really happened, as the demos draw them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use anyhow::{Context, ensure};
use regex::Regex;
use roxmltree::Document;

static STYLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?s)<style>.*?</style>").expect("the expression is valid")
});

static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(id|aria-labelledby)="([^"]*)""#).expect("the expression is valid")
});

/// The picture as part of a page: its colours are those of the page's theme.
///
/// # Errors
///
/// When `svg` is no picture of a demo.
pub fn inline(svg: &str, number: usize) -> anyhow::Result<String> {
    let document = Document::parse(svg).context("the picture is not XML")?;
    ensure!(document.root_element().has_tag_name("svg"), "the picture is not an SVG");
    let svg = STYLE.replace(svg, "");
    // Several pictures on a page must not share names.
    let svg = NAMES.replace_all(&svg, |found: &regex::Captures<'_>| {
        let names = found[2].split(' ').map(|name| format!("picture-{number}-{name}"));
        format!(r#"{}="{}""#, &found[1], names.collect::<Vec<_>>().join(" "))
    });
    // The names of scenes are headings of no level: the page has headings of its own.
    let svg = svg.replace(r#" role="heading""#, "");
    let svg = svg.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(format!(
        r#"<div class="timeline" tabindex="0" style="--waits: url(#picture-{number}-waits)">{svg}</div>"#
    ))
}

/// What must be the same in two pictures of one scene.
fn shape(svg: &str) -> anyhow::Result<(Vec<String>, BTreeSet<String>)> {
    let document = Document::parse(svg).context("the picture is not XML")?;
    let mut names = Vec::new();
    let mut kinds = BTreeSet::new();
    for node in document.descendants() {
        let class = node.attribute("class").unwrap_or_default();
        if class == "name" {
            names.extend(node.text().map(str::trim).map(str::to_owned));
        }
        let is_bar = node.has_tag_name("rect") && node.attribute("rx").is_some();
        if is_bar && class != "back" {
            kinds.extend(class.split(' ').next().map(str::to_owned));
        }
    }
    Ok((names, kinds))
}

/// Whether both pictures have the same lanes, in order, and the same kinds of bars.
///
/// # Errors
///
/// Names the difference.
pub fn compare(recorded: &str, fresh: &str) -> anyhow::Result<()> {
    let (recorded, fresh) = (shape(recorded)?, shape(fresh)?);
    ensure!(
        recorded == fresh,
        "recorded were the lanes {:?}, now they are {:?}",
        recorded,
        fresh
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(lanes: &[&str]) -> String {
        let lanes = lanes.iter().map(|lane| {
            format!(r#"<text class="name">{lane}</text><rect class="holds" rx="2"/>"#)
        });
        format!(
            r#"<svg><style>a {{}}</style><g id="a">{}</g></svg>"#,
            lanes.collect::<String>()
        )
    }

    #[test]
    fn a_lane_more_is_a_difference() {
        let two = picture(&["a", "b"]);
        assert!(compare(&two, &two).is_ok());
        assert!(compare(&two, &picture(&["a"])).is_err());
        assert!(compare(&two, &picture(&["b", "a"])).is_err());
    }

    #[test]
    fn a_kind_of_bar_more_is_a_difference() {
        let holds = picture(&["a"]);
        assert!(compare(&holds, &holds.replace("holds", "waits")).is_err());
    }

    #[test]
    fn a_picture_takes_the_colours_of_the_page_and_a_name_of_its_own() {
        let html = inline(&picture(&["a"]), 3).unwrap();
        assert!(!html.contains("<style>"), "{html}");
        assert!(html.contains(r#"<g id="picture-3-a">"#), "{html}");
        assert!(inline("<p>no picture</p>", 1).is_err());
        assert!(inline("no picture", 1).is_err());
    }
}
