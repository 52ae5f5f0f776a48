//! A timeline as lanes of characters, for a terminal.

use std::fmt::Write;

use super::{Activity, RecordedSpan, Timeline};
use crate::actor::style;
use crate::measure::duration;

/// What a mark looks like.
const MARK: char = '◆';

impl Activity {
    /// Told apart by density, so that colour is not needed.
    fn glyph(self) -> char {
        match self {
            Self::Waits => '·',
            Self::Works => '▒',
            Self::Holds => '█',
        }
    }
}

impl Timeline {
    /// Prints the lanes, as wide as the terminal (80 columns in a pipe).
    pub fn print(&self) {
        for line in self.lanes_of_width(terminal_width()) {
            crate::println!("{line}");
        }
    }

    /// The lanes as lines of at most `width` columns.
    pub(crate) fn lanes_of_width(&self, width: usize) -> Vec<String> {
        if self.lanes.is_empty() {
            return Vec::new();
        }
        let longest = self.lanes.iter().map(|lane| lane.actor.chars().count()).max();
        let name_width = longest.unwrap_or(0).min(width / 3);
        let cells = width.saturating_sub(name_width + 3).max(10);
        let cell_time = (self.duration as f64 / cells as f64).max(1.0);

        let mut lines = Vec::with_capacity(self.lanes.len() + 1);
        for (index, lane) in self.lanes.iter().enumerate() {
            let name: String = lane.actor.chars().take(name_width).collect();
            let style = style(index);
            let mut line = format!("{style}{name:>name_width$}{style:#} │{style}");
            line.extend((0..cells).map(|cell| {
                let from = cell as f64 * cell_time;
                lane.glyph(from, from + cell_time, cell + 1 == cells)
            }));
            // Blank at the end of a line is nothing to see.
            line.truncate(line.trim_end().len());
            let _ = write!(line, "{style:#}");
            lines.push(line);
        }
        lines.extend(self.legend(name_width, cells, cell_time));
        lines
    }

    /// Explains the characters that occur, and the scale.
    fn legend(&self, indent: usize, width: usize, cell_time: f64) -> Vec<String> {
        let mut parts: Vec<String> = activities(&self.lanes)
            .map(|activity| format!("{} {}", activity.glyph(), activity.verb()))
            .collect();
        parts.extend(mark_label(&self.lanes).map(|label| format!("{MARK} {label}")));
        parts.push(format!("a column is {}", duration(cell_time / 1e9)));

        let mut lines: Vec<String> = Vec::new();
        let mut corner = '└';
        for part in parts {
            match lines.last_mut() {
                Some(line)
                    if line.chars().count() + 2 + part.chars().count()
                        <= indent + 3 + width =>
                {
                    *line += &format!("  {part}");
                }
                _ => lines.push(format!("{:indent$} {corner} {part}", "")),
            }
            corner = ' ';
        }
        lines
    }
}

/// The activities that occur in `lanes`.
pub(super) fn activities<'a>(
    lanes: impl IntoIterator<Item = &'a super::Lane>,
) -> impl Iterator<Item = Activity> {
    let spans = lanes.into_iter().flat_map(|lane| &lane.spans);
    let found: Vec<Activity> = spans.map(|span| span.activity).collect();
    Activity::ALL.into_iter().filter(move |activity| found.contains(activity))
}

/// The label of the marks in `lanes`, when all have the same; else "mark".
pub(super) fn mark_label<'a>(
    lanes: impl IntoIterator<Item = &'a super::Lane>,
) -> Option<&'a str> {
    let mut marks = lanes.into_iter().flat_map(|lane| &lane.marks);
    let first = marks.next()?;
    let same = marks.all(|mark| mark.label == first.label);
    Some(if same { &first.label } else { "mark" })
}

impl super::Lane {
    /// The character for the time from `from` to `to`, in nanoseconds.
    fn glyph(&self, from: f64, to: f64, last: bool) -> char {
        let within = |at: u64| {
            let at = at as f64;
            at >= from && (at < to || last)
        };
        if self.marks.iter().any(|mark| within(mark.at)) {
            return MARK;
        }
        // What takes up most of the column shows, and the innermost of what takes up
        // the same. Waiting counts for half: else a thread that often works a little
        // would look idle. A short span alone in its column shows, too.
        let weight = |span: &RecordedSpan| {
            let covered = (span.end as f64).min(to) - (span.start as f64).max(from);
            if span.activity == Activity::Waits { covered / 2.0 } else { covered }
        };
        let here = self.spans.iter().filter(|span| {
            within(span.start) || (span.start as f64) < from && span.end as f64 > from
        });
        here.max_by(|one, other| weight(one).total_cmp(&weight(other)))
            .map_or(' ', |span| span.activity.glyph())
    }
}

/// Columns of the terminal that standard output is, or 80.
fn terminal_width() -> usize {
    terminal_size::terminal_size_of(std::io::stdout())
        .map_or(80, |(width, _)| usize::from(width.0).max(40))
}
