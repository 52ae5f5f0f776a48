//! A schedule to step through: a plain table and a numbered source, which the script
//! `player.js` turns into a player.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::Serialize;

use crate::html::{escape, language, prose};
use crate::paths;
use crate::trace::{Place, Step, Trace, Tree};

/// Lines of a source that are shown around those of the steps.
const AROUND: usize = 4;

/// As many threads have columns beside the source; more have them above it.
const MOST_BESIDE: usize = 3;

/// A player as HTML, and the files whose lines it shows.
pub struct Rendered {
    /// For the page.
    pub html: String,
    /// To be linked: `(marker in the html, path)`.
    pub sources: Vec<(String, String)>,
}

/// Draws the trace at `path`, relative to `root`.
///
/// # Errors
///
/// When the file is not a trace, or its lines are no longer those of the source.
pub fn render(
    root: &Path,
    path: &str,
    title: &str,
    id: &str,
) -> anyhow::Result<Rendered> {
    let text = paths::read(root, path)?;
    let trace = Trace::parse(&text).with_context(|| format!("`{path}`"))?;
    trace.check_sources(root).with_context(|| format!("`{path}`"))?;
    Player { trace: &trace, title, id }.draw()
}

struct Player<'a> {
    trace: &'a Trace,
    title: &'a str,
    id: &'a str,
}

/// What the script needs for the mode in which the reader chooses who runs.
#[derive(Serialize)]
struct Choices {
    rows: Vec<String>,
    /// For each node the threads that can run: the thread, its row, the next node.
    nodes: Vec<Vec<(usize, usize, usize)>>,
    /// What came out, by node; for nodes at which the program has ended.
    outcomes: BTreeMap<usize, String>,
}

impl Player<'_> {
    fn draw(&self) -> anyhow::Result<Rendered> {
        let Self { trace, title, id } = self;
        ensure!(!trace.steps.is_empty(), "the trace has no steps");
        let tree = match &trace.tree {
            Some(tree) => {
                let choices = serde_json::to_string(&self.choices(tree))?;
                format!(r#" data-tree="{}""#, escape(&choices))
            }
            None => String::new(),
        };
        // Columns of many threads need the width of the page.
        let class =
            if trace.threads.len() > MOST_BESIDE { "player wide" } else { "player" };
        let mut html = format!(
            r#"<section class="{class}" id="{id}" aria-label="{}"{tree}>"#,
            escape(title)
        );
        html += &format!(
            r#"<p class="player-title"><strong>{}</strong> {}</p>"#,
            prose(title),
            prose(&trace.verdict.sentence)
        );
        html += r#"<div class="player-panes"><div class="player-steps" tabindex="0">"#;
        html += &self.table();
        html += "</div>";
        let (source, sources) = self.sources();
        html += &source;
        html += "</div></section>";
        Ok(Rendered { html, sources })
    }

    fn table(&self) -> String {
        let mut html = String::from(r#"<table><thead><tr><th scope="col">step</th>"#);
        for (index, thread) in self.trace.threads.iter().enumerate() {
            html += &format!(
                r#"<th scope="col" class="t{}">{}</th>"#,
                index % 6,
                escape(&thread.name)
            );
        }
        html += r#"<th scope="col" class="state">afterwards</th></tr></thead><tbody>"#;
        for number in 1..=self.trace.steps.len() {
            html += &self.row(&self.trace.steps[..number]);
        }
        html + "</tbody></table>"
    }

    /// The last of `steps` as a row; the others are what it is compared with.
    fn row(&self, steps: &[Step]) -> String {
        let trace = self.trace;
        let (number, step) = (steps.len(), &steps[steps.len() - 1]);
        let file =
            trace.sources.iter().position(|source| source.file == step.location.file);
        let mut html = format!(
            r#"<tr data-thread="{}" data-say="{}" data-file="{}" data-line="{}"><th scope="row">{number}</th>"#,
            step.thread,
            escape(&trace.say(step)),
            file.unwrap_or_default(),
            step.location.line
        );
        for thread in 0..trace.threads.len() {
            let acts = thread == step.thread;
            let mut class = format!("t{}", thread % 6);
            if acts {
                class += " acts";
            }
            // For a thread or a token as well, which no list of objects has.
            let latest = steps.iter().rfind(|step| step.thread == thread);
            if latest.is_some_and(|latest| latest.blocks) {
                class += " waits";
            }
            html += &format!(r#"<td class="{class}">"#);
            for (_, object) in step.holds.iter().filter(|(holder, _)| *holder == thread)
            {
                let pattern = trace.lock_number(*object) % 4;
                let name = escape(&trace.objects[*object].name);
                html += &format!(
                    r#"<span class="holds k{pattern}" title="holds {name}"></span>"#
                );
            }
            if acts {
                html += &prose(&step.text);
            }
            html += "</td>";
        }
        html + &format!(r#"<td class="state">{}</td></tr>"#, self.state(steps))
    }

    /// Who holds and waits for what, and the values, after the last of `steps`.
    fn state(&self, steps: &[Step]) -> String {
        let now = self.trace.state(steps);
        let earlier = self.trace.state(&steps[..steps.len() - 1]);
        let entries = now.iter().map(|(name, value)| {
            let changed = earlier.get(name).is_some_and(|earlier| earlier != value);
            let class = if changed { "changed" } else { "" };
            format!(
                r#"<li class="{class}"><b>{}</b> {}</li>"#,
                escape(name),
                escape(value)
            )
        });
        format!("<ul>{}</ul>", entries.collect::<String>())
    }

    /// The source files, as far as steps touch them.
    fn sources(&self) -> (String, Vec<(String, String)>) {
        let mut html = String::from(r#"<div class="player-sources">"#);
        let mut links = Vec::new();
        for (index, source) in self.trace.sources.iter().enumerate() {
            let places = self.places().filter(|place| place.file == source.file);
            let used: Vec<usize> = places.map(|place| place.line).collect();
            let (Some(first), Some(last)) = (used.iter().min(), used.iter().max())
            else {
                continue;
            };
            let known = source.first_line;
            let first = first.saturating_sub(AROUND).max(known);
            let last = (last + AROUND).min(known + source.lines.len() - 1);
            let marker = format!("@source-{}-{index}@", self.id);
            html += &format!(
                r#"<div class="player-source" data-file="{index}" data-first="{first}"><p class="caption"><a href="{marker}"><code>{0}</code></a></p>"#,
                escape(&source.file)
            );
            html += &numbered(
                &source.lines[first - known..=last - known].join("\n"),
                first,
                language(&source.file),
                "",
            );
            html += "</div>";
            links.push((marker, source.file.clone()));
        }
        (html + "</div>", links)
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        let in_tree = self.trace.tree.iter().flat_map(|tree| &tree.steps);
        self.trace.steps.iter().chain(in_tree).map(|step| &step.location)
    }

    fn choices(&self, tree: &Tree) -> Choices {
        let mut rows = vec![String::new(); tree.steps.len()];
        self.fill(&mut rows, tree, 0, &mut Vec::new());
        let nodes = tree.nodes.iter().map(|node| {
            node.choices
                .iter()
                .map(|choice| (tree.steps[choice.step].thread, choice.step, choice.to))
        });
        let outcomes = tree.nodes.iter().enumerate().filter_map(|(index, node)| {
            node.outcome.as_ref().map(|outcome| (index, prose(outcome)))
        });
        Choices {
            rows,
            nodes: nodes.map(Iterator::collect).collect(),
            outcomes: outcomes.collect(),
        }
    }

    /// Draws the rows of all steps that can follow `done`: what they show depends on it.
    fn fill(
        &self,
        rows: &mut [String],
        tree: &Tree,
        node: usize,
        done: &mut Vec<Step>,
    ) {
        for choice in &tree.nodes[node].choices {
            // Where several ways lead to one step, the first one counts.
            if rows[choice.step].is_empty() {
                done.push(tree.steps[choice.step].clone());
                rows[choice.step] = self.row(done);
                self.fill(rows, tree, choice.to, done);
                done.pop();
            }
        }
    }
}

/// Code with its line numbers beside it, from `first`; `anchor` begins their names.
#[must_use]
pub fn numbered(text: &str, first: usize, language: &str, anchor: &str) -> String {
    let numbers = (first..).zip(text.lines()).map(|(number, _)| {
        if anchor.is_empty() {
            format!("<span>{number}</span>&#10;")
        } else {
            format!(r##"<a id="{anchor}{number}" href="#{anchor}{number}">{number}</a>&#10;"##)
        }
    });
    format!(
        r#"<div class="numbered" tabindex="0"><pre class="line-numbers">{}</pre><pre><code class="language-{language}">{}</code></pre></div>"#,
        numbers.collect::<String>(),
        escape(text)
    )
}
