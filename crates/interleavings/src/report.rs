//! The report in the terminal: the sentence, the schedule in lanes, the source.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::trace::{Step, Trace};

/// Columns of the report, where nobody says that there are more.
pub(crate) const WIDTH: usize = 80;

/// Longer lines of text are hard to read.
const WIDEST_TEXT: usize = 100;

/// More threads than this do not fit side by side.
const MOST_LANES: usize = 5;

/// What is left of a name that is cut for the sake of a value: `re… = 7`.
const SHORTEST_NAME: usize = 3;

/// Steps of one thread in a row that are shown; the middle of a longer run is folded.
const LONGEST_RUN: usize = 8;

/// Steps that are shown at all; of a longer schedule the end matters.
const MOST_ROWS: usize = 40;

/// Source lines that are shown.
const MOST_SOURCE: usize = 14;

/// The columns that there are for the report: what `COLUMNS` says, or the terminal that
/// standard error is, and never less than [`WIDTH`].
pub(crate) fn width() -> usize {
    let size = terminal_size::terminal_size_of(std::io::stderr());
    let terminal = size.map(|(width, _)| usize::from(width.0));
    columns(std::env::var("COLUMNS").ok().as_deref(), terminal)
}

fn columns(wanted: Option<&str>, terminal: Option<usize>) -> usize {
    let wanted = wanted.and_then(|text| text.parse().ok());
    wanted.or(terminal).unwrap_or(WIDTH).max(WIDTH)
}

/// Draws the trace in so many columns; `more` says how to see more.
pub(crate) fn render(
    trace: &Trace,
    colour: bool,
    columns: usize,
    more: &[String],
) -> String {
    let paint = Paint { colour, columns };
    let mut out = String::new();
    paint.wrap(&mut out, &trace.verdict.sentence, "", &|text| paint.bold(text));
    for detail in &trace.verdict.details {
        paint.wrap(&mut out, detail, "  ", &|text| text.to_owned());
    }
    if let Some(hint) = &trace.verdict.hint {
        out.push('\n');
        paint.wrap(&mut out, hint, "", &|text| paint.note(text));
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
    columns: usize,
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

    /// Writes a sentence in lines that fit.
    fn wrap(
        self,
        out: &mut String,
        text: &str,
        indent: &str,
        paint: &dyn Fn(&str) -> String,
    ) {
        let columns = self.columns.min(WIDEST_TEXT);
        let mut line = String::new();
        for word in text.split_whitespace() {
            let longer = line.chars().count() + 1 + word.chars().count();
            if !line.is_empty() && indent.len() + longer > columns {
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

/// The threads that get a lane: those that do something, and those that are named.
fn threads_shown(trace: &Trace) -> Vec<usize> {
    let acts = |t: usize| trace.steps.iter().any(|step| step.thread == t);
    let named = |t: usize| {
        let name = &trace.threads[t].name;
        let spoken = if name.starts_with("thread ") {
            name.clone()
        } else {
            format!("`{name}`")
        };
        trace.steps.iter().any(|step| {
            let longer = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
            step.text.split(&spoken).skip(1).any(|rest| !longer(rest))
        })
    };
    let all = 0..trace.threads.len();
    let shown: Vec<usize> = all.clone().filter(|&t| acts(t) || named(t)).collect();
    if shown.len() <= MOST_LANES {
        return shown;
    }
    all.filter(|&t| acts(t)).collect()
}

fn lanes(out: &mut String, trace: &Trace, paint: Paint) {
    let used = threads_shown(trace);
    let last = trace.steps.len() - 1;
    let other_file = |step: &Step| step.location.file != trace.file;
    let lanes = used.len() <= MOST_LANES;
    let number = (trace.skipped + trace.steps.len()).to_string().len().max(2) + 1;
    let gap = if used.len() > 3 { 1 } else { 2 };
    let place = |step: &Step| {
        let line = step.location.line;
        let quote = if other_file(step) { "'" } else { "" };
        let mark = if step.preempts.is_some() { "!" } else { "" };
        format!("{line}{quote}{mark} ")
    };
    let rows = rows(&trace.steps);
    let shown = || rows.iter().map(|&(i, _)| &trace.steps[i]);
    let longest_place = shown().map(|step| place(step).len()).max().unwrap_or(0);
    let width = if lanes {
        let of = |columns: usize| (columns - number - gap * used.len()) / used.len();
        // On a wide screen no lane is wider than what is in it.
        let needed = shown().map(|step| step.text.chars().count()).max().unwrap_or(0);
        of(paint.columns).min((longest_place + needed).max(of(WIDTH)))
    } else {
        paint.columns - number - gap - 14
    };
    let mut head = " ".repeat(number);
    if lanes {
        for &t in &used {
            head.push_str(&" ".repeat(gap));
            head.push_str(&fit(&trace.threads[t].name, width));
        }
        let _ = writeln!(out, "{}", paint.dim(head.trim_end()));
    }
    let mut signs = false;
    for &(i, folded) in &rows {
        let folded = if i == 0 { folded + trace.skipped } else { folded };
        if folded > 0 {
            let noun = if folded == 1 { "step" } else { "steps" };
            let _ = writeln!(out, "{}", paint.dim(&format!("     … {folded} {noun}")));
        }
        let step = &trace.steps[i];
        let place = place(step);
        let (text, in_signs) = short(step, trace, width - place.len());
        signs |= in_signs;
        let text = fit(&format!("{place}{text}"), width);
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
    let mut legend = |wanted: bool, text: &str| {
        if wanted {
            let _ = writeln!(out, "{}", paint.dim(text));
        }
    };
    legend(signs, "  a == 1: reads it, a = 1: stores it, a 0→1: updates it");
    legend(
        trace.steps.iter().any(|s| s.preempts.is_some()),
        "  ! the thread that ran before could have gone on",
    );
    legend(
        trace.steps.iter().any(other_file),
        "  ' a line of the test, or of another file",
    );
}

/// A step's text for a narrow lane, and whether the verb has become a sign: the value
/// is what one needs, so the words that never change are the first to go.
fn short(step: &Step, trace: &Trace, room: usize) -> (String, bool) {
    let fits = |text: &str| text.chars().count() <= room;
    let text = step.text.replace('`', "");
    if fits(&text) {
        return (text, false);
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
        if fits(&text) {
            break;
        }
        text = text.replace(long, brief);
    }
    if fits(&text) {
        return (text, false);
    }
    if let Some(text) = in_signs(step, trace, room) {
        return (text, ["load", "store", "update"].contains(&step.op.as_str()));
    }
    // Why it woke is news; from what, its row before has said.
    let why = match (step.op.as_str(), step.choice.as_deref()) {
        ("wake-up", Some("spurious")) => Some("wakes: spurious"),
        ("wake-up", Some("time-out")) => Some("wakes: time is up"),
        _ => None,
    };
    if let Some(why) = why {
        return (why.to_owned(), false);
    }
    if let Some((head, _)) = text.split_once(", held by") {
        text = head.to_owned();
    }
    (text, false)
}

/// An operation on an atomic as Rust would write it: `count == 1`, `count = 1`. A name
/// that is too long even then is cut, and the value is not; so it is with a lock.
fn in_signs(step: &Step, trace: &Trace, room: usize) -> Option<String> {
    let name = trace.objects.get(step.object?)?.name.trim_start_matches("the ");
    let value = step.value.as_deref()?;
    let mut short = value.replace("usize::MAX", "MAX").replace("u64::MAX", "MAX");
    if short.contains("0x") {
        short = short.replace('_', "");
    }
    let new = short.rsplit(" → ").next().unwrap_or_default();
    let shown = |value: &str| match step.op.as_str() {
        "load" if step.choice.is_some() => Some(("", format!(" == {value} (old)"))),
        "load" => Some(("", format!(" == {value}"))),
        "store" => Some(("", format!(" = {value}"))),
        "update" if value.contains(" → ") => {
            Some(("", format!(" {}", value.replace(" → ", "→"))))
        }
        "update" => Some(("", format!(" →{value}"))),
        "failed-update" => Some(("", format!(" stays {value}"))),
        "unlock" | "write-unlock" => Some(("unlocks ", format!(" = {value}"))),
        _ => None,
    };
    let forms = [shown(value)?, shown(&short)?, shown(new)?];
    let length = name.chars().count();
    let left = |(verb, end): &(&str, String)| {
        room.checked_sub(verb.len() + end.chars().count())
    };
    for least in [length, SHORTEST_NAME] {
        for form in &forms {
            if let Some(left) = left(form).filter(|left| *left >= least.min(length)) {
                let name = fit(name, left.min(length));
                return Some(format!("{}{name}{}", form.0, form.1));
            }
        }
    }
    // The name of a lock says more than what it protects, an atomic is its value.
    forms[2].0.is_empty().then(|| forms[2].1.trim_start().to_owned())
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
        let line = fit(&format!("{:>5} | {text}", at.1), paint.columns - 2);
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

#[cfg(test)]
mod tests {
    use super::{columns, render};
    use crate::sync::atomic::{AtomicUsize, Ordering};
    use crate::{Checker, thread};

    #[test]
    fn the_report_is_as_wide_as_it_may_be() {
        assert_eq!(columns(None, None), 80);
        assert_eq!(columns(Some("60"), Some(60)), 80);
        assert_eq!(columns(Some("132"), Some(100)), 132);
        assert_eq!(columns(None, Some(100)), 100);
        assert_eq!(columns(Some("wide"), None), 80);
    }

    #[test]
    fn in_more_columns_there_are_more_words() {
        let failure = Checker::new()
            .explore(|| {
                let visitors_counted = AtomicUsize::new(0);
                thread::scope(|scope| {
                    for _ in 0..4 {
                        let visitors_counted = &visitors_counted;
                        scope.spawn(|| visitors_counted.fetch_add(1, Ordering::SeqCst));
                    }
                });
                panic!("out of luck");
            })
            .unwrap_err();
        let words = "updates visitors_counted: 3 → 4";
        let narrow = render(failure.trace(), false, 80, &[]);
        assert!(!narrow.contains(words) && narrow.contains(" 3→4"), "{narrow}");
        let wide = render(failure.trace(), false, 200, &[]);
        assert!(wide.contains(words) && !wide.contains(" 3→4"), "{wide}");
        for (report, columns) in [(narrow, 80), (wide, 200)] {
            assert!(report.lines().all(|line| line.chars().count() <= columns));
        }
    }
}
