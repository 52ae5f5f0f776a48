//! The report in the terminal: the sentence, the schedule in lanes, the source.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::trace::{Step, Trace};

/// Columns of the report.
const WIDTH: usize = 80;

/// More threads than this do not fit side by side.
const MOST_LANES: usize = 5;

/// Steps of one thread in a row that are shown; the middle of a longer run is folded.
const LONGEST_RUN: usize = 8;

/// Steps that are shown at all; of a longer schedule the end matters.
const MOST_ROWS: usize = 40;

/// Source lines that are shown.
const MOST_SOURCE: usize = 14;

/// Draws the trace; `more` says how to see more.
pub(crate) fn render(trace: &Trace, colour: bool, more: &[String]) -> String {
    let paint = Paint { colour };
    let mut out = String::new();
    wrap(&mut out, &trace.verdict.sentence, "", &|text| paint.bold(text));
    for detail in &trace.verdict.details {
        wrap(&mut out, detail, "  ", &|text| text.to_owned());
    }
    if let Some(hint) = &trace.verdict.hint {
        out.push('\n');
        wrap(&mut out, hint, "", &|text| paint.note(text));
    }
    if !trace.steps.is_empty() {
        out.push('\n');
        lanes(&mut out, trace, paint);
        sources(&mut out, trace, paint);
    }
    out.push('\n');
    let _ = writeln!(out, "explored: {}", trace.coverage.text);
    for line in more {
        let _ = writeln!(out, "{line}");
    }
    out
}

#[derive(Clone, Copy)]
struct Paint {
    colour: bool,
}

impl Paint {
    fn with(self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn bold(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    fn note(self, text: &str) -> String {
        self.with(AnsiColor::Cyan.on_default(), text)
    }

    fn dim(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }
}

/// Writes a sentence in lines of at most [`WIDTH`] columns.
fn wrap(out: &mut String, text: &str, indent: &str, paint: &dyn Fn(&str) -> String) {
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && indent.len() + longer > WIDTH {
            let _ = writeln!(out, "{indent}{}", paint(&line));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(out, "{indent}{}", paint(&line));
}

/// Which steps get a row, and how many are folded before each.
fn rows(steps: &[Step]) -> Vec<(usize, usize)> {
    let mut kept = Vec::new();
    let mut i = 0;
    let mut folded = 0;
    while i < steps.len() {
        let run = steps[i..].iter().take_while(|s| s.thread == steps[i].thread).count();
        for j in 0..run {
            let middle = run > LONGEST_RUN && j >= 3 && j + 4 < run;
            if middle {
                folded += 1;
            } else {
                kept.push((i + j, std::mem::take(&mut folded)));
            }
        }
        i += run;
    }
    if kept.len() > MOST_ROWS {
        let cut = kept.len() - MOST_ROWS;
        let first = kept[cut].0;
        kept.drain(..cut);
        kept[0].1 = first;
    }
    kept
}

fn lanes(out: &mut String, trace: &Trace, paint: Paint) {
    let used: Vec<usize> = (0..trace.threads.len())
        .filter(|&t| trace.steps.iter().any(|s| s.thread == t))
        .collect();
    let last = trace.steps.len() - 1;
    let other_file = |step: &Step| step.location.file != trace.file;
    let lanes = used.len() <= MOST_LANES;
    let number = (trace.skipped + trace.steps.len()).to_string().len().max(2) + 1;
    let gap = 2;
    let width = if lanes {
        (WIDTH - number - gap * used.len()) / used.len()
    } else {
        WIDTH - number - gap - 14
    };
    let mut head = " ".repeat(number);
    if lanes {
        for &t in &used {
            head.push_str(&" ".repeat(gap));
            head.push_str(&fit(&trace.threads[t].name, width));
        }
        let _ = writeln!(out, "{}", paint.dim(head.trim_end()));
    }
    for (i, folded) in rows(&trace.steps) {
        let folded = if i == 0 { folded + trace.skipped } else { folded };
        if folded > 0 {
            let noun = if folded == 1 { "step" } else { "steps" };
            let _ = writeln!(out, "{}", paint.dim(&format!("     … {folded} {noun}")));
        }
        let step = &trace.steps[i];
        let line = step.location.line;
        let at = if other_file(step) { format!("{line}'") } else { line.to_string() };
        let mark = if step.preempts.is_some() { "!" } else { "" };
        let text = format!("{at}{mark} {}", short(step, width));
        let text = fit(&text, width);
        let text = if i == last { paint.bold(text.trim_end()) } else { text };
        let row = if lanes {
            let lane = used.iter().position(|&t| t == step.thread).unwrap_or(0);
            format!("{}{text}", " ".repeat(lane * (width + gap) + gap))
        } else {
            format!("  {}{text}", fit(&trace.threads[step.thread].name, 14))
        };
        let pointer = if i == last { "►" } else { " " };
        let row = format!("{pointer}{:>1$}{row}", trace.skipped + i + 1, number - 1);
        let _ = writeln!(out, "{}", row.trim_end());
    }
    let preempted = trace.steps.iter().filter(|s| s.preempts.is_some()).count();
    if preempted > 0 {
        let text = "  ! the thread that ran before could have gone on";
        let _ = writeln!(out, "{}", paint.dim(text));
    }
    if trace.steps.iter().any(other_file) {
        let text = "  ' a line of the test, or of another file";
        let _ = writeln!(out, "{}", paint.dim(text));
    }
}

/// A step's text for a narrow lane.
fn short(step: &Step, width: usize) -> String {
    let text = step.text.replace('`', "");
    if text.chars().count() + 5 <= width {
        return text;
    }
    // A thread that has a name needs no word beside it.
    let mut text = step.text.replace("thread `", "").replace('`', "");
    for (long, brief) in [
        (", held by itself", ""),
        (": nobody waits", ": none"),
        (" for a message on ", " for "),
        ("notifies all of ", "wakes all "),
        ("tries and ", ""),
        (" for no reason", ": spurious"),
        (" (an old value)", " (old)"),
        (" to end", ""),
        ("the threads of its scope", "scope"),
        ("its scope's threads", "scope"),
        (" for the others", ""),
        (": wakes thread ", " → "),
        ("receives from ", "gets "),
        ("sends on ", "sends "),
        ("thread ", "t"),
    ] {
        if text.chars().count() + 5 <= width {
            break;
        }
        text = text.replace(long, brief);
    }
    if text.chars().count() + 5 > width
        && let Some((head, _)) = text.split_once(", held by")
    {
        text = head.to_owned();
    }
    text
}

/// The text in exactly `width` columns, cut when it is longer.
fn fit(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width {
        return format!("{text}{}", " ".repeat(width - count));
    }
    text.chars().take(width - 1).chain(['…']).collect()
}

fn sources(out: &mut String, trace: &Trace, paint: Paint) {
    let mut shown: Vec<(&str, u32)> = Vec::new();
    for step in trace.steps.iter().rev() {
        let at = (step.location.file.as_str(), step.location.line);
        if !shown.contains(&at) {
            shown.push(at);
        }
        if shown.len() == MOST_SOURCE {
            break;
        }
    }
    shown.sort_unstable();
    let last = trace.steps.last().map(|s| (s.location.file.as_str(), s.location.line));
    let mut file = "";
    for at in shown {
        let Some(text) = line_of(trace, at.0, at.1) else { continue };
        if at.0 != file {
            file = at.0;
            let _ = writeln!(out, "\n{}", paint.dim(file));
        }
        let mark = if Some(at) == last { "►" } else { " " };
        let line = fit(&format!("{:>5} | {text}", at.1), WIDTH - 2);
        let line = format!("{mark} {}", line.trim_end());
        let line = if Some(at) == last { paint.bold(&line) } else { line };
        let _ = writeln!(out, "{line}");
    }
}

fn line_of<'a>(trace: &'a Trace, file: &str, line: u32) -> Option<&'a str> {
    let source = trace.sources.iter().find(|s| s.file == file)?;
    let index = line.checked_sub(source.first_line)? as usize;
    source.lines.get(index).map(|text| text.trim_end())
}
