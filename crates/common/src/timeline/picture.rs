//! Timelines as a picture (SVG) and as data (JSON).
//!
//! The picture needs no script and no other file. Activities differ in pattern and in
//! height as well as in colour, every span has a title, and the colours follow the
//! reader's light or dark theme.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use svg::Document;
use svg::node::element::{
    Circle, Definitions, Description, Group, Line, Pattern, Rectangle, Style,
    Text as TextElement, Title,
};

use super::lanes::{activities, mark_label};
use super::{Activity, Lane, RecordedSpan, Timeline, seconds};

/// All lengths are in units of the picture, which is `WIDTH` of them wide.
const WIDTH: f64 = 960.0;
const MARGIN: f64 = 16.0;
const LANE_HEIGHT: f64 = 34.0;
const HEADING_HEIGHT: f64 = 34.0;
const AXIS_HEIGHT: f64 = 26.0;
const LEGEND_HEIGHT: f64 = 36.0;
/// Estimated, and a little too much: a label is left out rather than cut.
const CHARACTER_WIDTH: f64 = 7.2;

/// Contrast of text on it is at least 4.5 to 1 in both themes.
const STYLE: &str = "
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.heading { font-weight: 600; font-size: 15px; }
.small { font-size: 11px; fill: #57606a; }
.back { fill: #ffffff; }
.rule { stroke: #d0d7de; stroke-width: 1; }
.waits { fill: url(#waits); stroke: #9a6700; }
.works { fill: #b6d9ff; stroke: #0550ae; }
.holds { fill: #0550ae; stroke: #0550ae; }
.hatch { stroke: #9a6700; stroke-width: 1.5; }
.on-holds { fill: #ffffff; }
.mark { fill: #a40e26; stroke: #ffffff; }
.open { stroke-dasharray: 4 3; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .small { fill: #9198a1; }
  .back { fill: #0d1117; }
  .rule { stroke: #3d444d; }
  .waits, .hatch { stroke: #d29922; }
  .works { fill: #0c2d6b; stroke: #79c0ff; }
  .holds { fill: #79c0ff; stroke: #79c0ff; }
  .on-holds { fill: #0d1117; }
  .mark { fill: #ff7b72; stroke: #0d1117; }
}";

/// A scene's timeline under the scene's name.
#[derive(Debug, Serialize)]
pub(crate) struct NamedTimeline {
    pub(crate) scene: String,
    #[serde(flatten)]
    pub(crate) timeline: Timeline,
}

/// The whole of a JSON file.
#[derive(Serialize)]
struct Data<'a> {
    demo: &'a str,
    /// Of all times in the file.
    unit: &'static str,
    scenes: &'a [NamedTimeline],
}

/// What a timeline can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Svg,
    Json,
}

impl Format {
    pub(crate) fn of(file: &Path) -> Option<Self> {
        match file.extension().and_then(OsStr::to_str) {
            Some("svg") => Some(Self::Svg),
            Some("json") => Some(Self::Json),
            _ => None,
        }
    }
}

/// Writes the timelines of `demo` to `file`.
pub(crate) fn write(
    file: &Path,
    format: Format,
    demo: &str,
    scenes: &[NamedTimeline],
) -> anyhow::Result<()> {
    let text = match format {
        Format::Svg => draw(demo, scenes).to_string() + "\n",
        Format::Json => {
            let data = Data { demo, unit: "nanoseconds", scenes };
            serde_json::to_string_pretty(&data)? + "\n"
        }
    };
    fs::write(file, text).with_context(|| format!("write {}", file.display()))
}

fn draw(demo: &str, scenes: &[NamedTimeline]) -> Document {
    let title = match scenes {
        [only] => format!("{demo}: {}", only.scene),
        _ => format!("{demo}: all scenes"),
    };
    let mut body = Group::new();
    let mut y = MARGIN;
    for scene in scenes {
        let (panel, height) = draw_panel(&scene.scene, &scene.timeline, y);
        body = body.add(panel);
        y += height;
    }
    body = body.add(draw_legend(scenes, y));
    let height = y + LEGEND_HEIGHT;

    let hatch = Pattern::new()
        .set("id", "waits")
        .set("width", 6)
        .set("height", 6)
        .set("patternUnits", "userSpaceOnUse")
        .set("patternTransform", "rotate(45)")
        .add(rectangle(0.0, 0.0, 6.0, 6.0, "back"))
        .add(line(0.0, 0.0, 0.0, 6.0, "hatch"));
    Document::new()
        .set("viewBox", (0, 0, WIDTH, height))
        .set("role", "img")
        .set("aria-labelledby", "title description")
        .add(Title::new(title).set("id", "title"))
        .add(
            Description::new()
                .set("id", "description")
                .add(svg::node::Text::new(describe(scenes))),
        )
        .add(Style::new(STYLE))
        .add(Definitions::new().add(hatch))
        .add(rectangle(0.0, 0.0, WIDTH, height, "back"))
        .add(body)
}

/// What the picture shows, in words, for those who cannot see it.
fn describe(scenes: &[NamedTimeline]) -> String {
    let mut words = String::from("A lane for each thread or process. ");
    for NamedTimeline { scene, timeline } in scenes {
        words += &format!("{scene}, {}: ", seconds(timeline.duration));
        for lane in &timeline.lanes {
            words += &lane.describe();
        }
        if timeline.lanes.is_empty() {
            words += "nothing was recorded. ";
        }
    }
    words
}

impl Lane {
    /// Whether it works or holds something at this time.
    fn is_busy_at(&self, time: u64) -> bool {
        let is_busy = |span: &RecordedSpan| {
            span.activity != Activity::Waits && (span.start..span.end).contains(&time)
        };
        self.spans.iter().any(is_busy)
    }

    /// `worker 1 waits 3.1 ms in 2 spans, holds 10.2 ms in 2 spans. `
    fn describe(&self) -> String {
        let parts: Vec<String> = Activity::ALL
            .into_iter()
            .filter_map(|activity| {
                let spans: Vec<_> = self
                    .spans
                    .iter()
                    .filter(|span| span.activity == activity)
                    .collect();
                let time: u64 = spans.iter().map(|span| span.end - span.start).sum();
                let plural = if spans.len() == 1 { "span" } else { "spans" };
                let verb = activity.verb();
                (!spans.is_empty()).then(|| {
                    format!("{verb} {} in {} {plural}", seconds(time), spans.len())
                })
            })
            .collect();
        if parts.is_empty() {
            format!("{}. ", self.actor)
        } else {
            format!("{} {}. ", self.actor, parts.join(", "))
        }
    }
}

/// Draws one scene below `top`; returns it with its height.
fn draw_panel(scene: &str, timeline: &Timeline, top: f64) -> (Group, f64) {
    let mut panel = Group::new().add(
        text(scene, MARGIN, top + 16.0, "heading")
            .set("role", "heading")
            .set("aria-level", 2),
    );
    let lanes_top = top + HEADING_HEIGHT;
    if timeline.lanes.is_empty() {
        let note = text("nothing was recorded", MARGIN, lanes_top + 8.0, "small");
        return (panel.add(note), HEADING_HEIGHT + AXIS_HEIGHT);
    }
    let longest = timeline.lanes.iter().map(|lane| lane.actor.chars().count()).max();
    let left = MARGIN
        + (longest.unwrap_or(0) as f64 * CHARACTER_WIDTH).min(WIDTH / 4.0)
        + 10.0;
    let scale = (WIDTH - MARGIN - left) / (timeline.duration.max(1) as f64);
    let x = |at: u64| left + at as f64 * scale;

    for (index, lane) in timeline.lanes.iter().enumerate() {
        let y = lanes_top + index as f64 * LANE_HEIGHT;
        let middle = y + LANE_HEIGHT / 2.0;
        panel = panel.add(text(&lane.actor, MARGIN, middle + 4.0, "name")).add(line(
            left,
            middle,
            WIDTH - MARGIN,
            middle,
            "rule",
        ));
        for span in &lane.spans {
            panel = panel.add(draw_span(lane, span, x(span.start), x(span.end), y));
        }
        for mark in &lane.marks {
            let words =
                format!("{}: {}, at {}", lane.actor, mark.label, seconds(mark.at));
            let dot = Circle::new()
                .set("class", "mark")
                .set("cx", round(x(mark.at)))
                .set("cy", middle)
                .set("r", 5)
                .add(Title::new(words));
            panel = panel.add(dot);
        }
    }

    let bottom = lanes_top + timeline.lanes.len() as f64 * LANE_HEIGHT;
    panel = panel.add(line(left, bottom + 2.0, WIDTH - MARGIN, bottom + 2.0, "rule"));
    for quarter in 0..=4_u64 {
        let at = timeline.duration * quarter / 4;
        let anchor = ["start", "middle", "middle", "middle", "end"][quarter as usize];
        let label = text(&seconds(at), x(at), bottom + 18.0, "small");
        panel = panel.add(label.set("text-anchor", anchor));
    }
    (
        panel,
        HEADING_HEIGHT + timeline.lanes.len() as f64 * LANE_HEIGHT + AXIS_HEIGHT + 12.0,
    )
}

fn draw_span(lane: &Lane, span: &RecordedSpan, from: f64, to: f64, y: f64) -> Group {
    // Waiting is the lowest and holding the highest bar: a second sign beside colour.
    let (top, height) = match span.activity {
        // Along the lower edge of the other bar, whose label stays free.
        Activity::Waits if lane.is_busy_at(span.start) => (23.0, 8.0),
        Activity::Waits => (11.0, 12.0),
        Activity::Works => (7.0, 20.0),
        Activity::Holds => (4.0, 26.0),
    };
    let width = (to - from).max(1.5);
    let phrase = span.activity.phrase(&span.label);
    let end = if span.open {
        "without an end".to_owned()
    } else {
        format!("to {}", seconds(span.end))
    };
    let words = format!("{} {phrase}, from {} {end}", lane.actor, seconds(span.start));
    let class =
        format!("{}{}", span.activity.verb(), if span.open { " open" } else { "" });
    let bar = rectangle(from, y + top, width, height, &class).set("rx", 2);
    let group = Group::new().add(Title::new(words)).add(bar);
    let fits = span.label.chars().count() as f64 * CHARACTER_WIDTH + 6.0 <= width;
    if !fits || span.activity == Activity::Waits {
        return group;
    }
    let class = format!("on-{}", span.activity.verb());
    group.add(text(&span.label, from + 4.0, y + LANE_HEIGHT / 2.0 + 4.5, &class))
}

/// Explains the bars and dots that occur.
fn draw_legend(scenes: &[NamedTimeline], top: f64) -> Group {
    let lanes = || scenes.iter().flat_map(|scene| &scene.timeline.lanes);
    let mut legend = Group::new();
    let mut x = MARGIN;
    for activity in activities(lanes()) {
        let class = activity.verb();
        legend = legend
            .add(rectangle(x, top + 6.0, 22.0, 14.0, class).set("rx", 2))
            .add(text(class, x + 28.0, top + 18.0, "small"));
        x += 90.0;
    }
    let Some(label) = mark_label(lanes()) else { return legend };
    let dot =
        Circle::new().set("class", "mark").set("cx", x + 6.0).set("cy", top + 13.0);
    legend.add(dot.set("r", 5)).add(text(label, x + 18.0, top + 18.0, "small"))
}

fn text(content: &str, x: f64, y: f64, class: &str) -> TextElement {
    TextElement::new(content).set("x", round(x)).set("y", round(y)).set("class", class)
}

fn rectangle(x: f64, y: f64, width: f64, height: f64, class: &str) -> Rectangle {
    Rectangle::new()
        .set("x", round(x))
        .set("y", round(y))
        .set("width", round(width))
        .set("height", round(height))
        .set("class", class)
}

fn line(x1: f64, y1: f64, x2: f64, y2: f64, class: &str) -> Line {
    Line::new()
        .set("x1", round(x1))
        .set("y1", round(y1))
        .set("x2", round(x2))
        .set("y2", round(y2))
        .set("class", class)
}

/// Two decimals are finer than any screen; more would only make the file longer.
fn round(length: f64) -> f64 {
    (length * 100.0).round() / 100.0
}
