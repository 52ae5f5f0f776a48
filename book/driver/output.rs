//! Recorded runs: a command, what it printed, and the rule by which runs are compared.
//!
//! ```text
//! $ cargo run -p lock-demo -- race
//! # rule: shape mask="\d+ of"
//! ---
//! what the command printed
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, bail, ensure};
use regex::Regex;
use serde_json::Value;

use crate::command::{Command, Ran};
use crate::directive::arguments;
use crate::{paths, timeline};

/// Separates the head of a file from what the command printed.
const HEAD_END: &str = "---";

/// Separates what a `one-of` recording may look like.
const OR: &str = "--- or ---";

/// How often a `one-of` command runs to find what it can print.
const RUNS_TO_FIND_ALL: usize = 20;

/// Durations, and the line of an actor in a drawing of lanes.
static MEASURED: LazyLock<Regex> =
    LazyLock::new(|| known(r"\d+(\.\d+)? (ns|µs|ms|s|min)\b"));
static LANE: LazyLock<Regex> = LazyLock::new(|| known(r"^( *\S.*│)[·▒█◆ ]*$"));

/// What a table of measurements may change: numbers, their units, bars, the machine.
static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
    known(r"\d[\d.,]*( (ns|µs|ms|s|min|%))?( +[█▏▎▍▌▋▊▉▒]+)?|[█▏▎▍▌▋▊▉▒]+")
});
static MACHINE: LazyLock<Regex> =
    LazyLock::new(|| known(r"(?m)^(dev|release) build; .* \d{4}-\d\d-\d\d$"));

fn known(expression: &str) -> Regex {
    Regex::new(expression).expect("the expression is valid")
}

/// How a fresh run must agree with the recorded one.
#[derive(Clone, Debug)]
pub enum Agreement {
    /// Every line is the same.
    Exact,
    /// The checker decides who runs, so every line is the same too.
    Schedule,
    /// The same but for durations, lanes and what is masked.
    Shape,
    /// A table of measurements: the same but for numbers, bars and the machine.
    ///
    /// Recorded with the command as it stands, compared with a development build,
    /// which nobody has to wait for.
    Measured,
    /// Each thread's lines are the same, in order; threads mix in any order.
    ///
    /// The first group of the expression, or else its match, names the thread.
    Interleaving(Regex),
    /// One of several recorded outputs.
    OneOf,
}

/// An agreement, and what does not count.
#[derive(Clone, Debug)]
pub struct Rule {
    /// How runs agree.
    pub agreement: Agreement,
    /// What is left out of the comparison.
    masks: Vec<Regex>,
}

impl Rule {
    /// Reads `interleaving key="^\[(.*?)\]" mask="\d+"`.
    ///
    /// # Errors
    ///
    /// When the name is unknown, or an expression is not one.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let (words, mut options) = arguments(text)?;
        let [name] = words.as_slice() else {
            bail!("a rule is one word, not `{text}`")
        };
        let regex =
            |text: String| Regex::new(&text).with_context(|| format!("rule `{text}`"));
        let mut masks = Vec::new();
        if let Some(mask) = options.remove("mask") {
            masks.push(regex(mask)?);
        }
        let agreement = match name.as_str() {
            "exact" => Agreement::Exact,
            "schedule" => Agreement::Schedule,
            "one-of" => Agreement::OneOf,
            "shape" => {
                masks.push(MEASURED.clone());
                Agreement::Shape
            }
            "measured" => {
                masks.extend([MACHINE.clone(), NUMBERS.clone()]);
                Agreement::Measured
            }
            "interleaving" => {
                let key =
                    options.remove("key").context("`interleaving` needs `key=`")?;
                Agreement::Interleaving(regex(key)?)
            }
            other => bail!("unknown rule `{other}`"),
        };
        let left = options.keys().next();
        ensure!(left.is_none(), "rule `{name}` has no `{}`", left.unwrap_or(name));
        Ok(Self { agreement, masks })
    }

    /// What the reader is told about the output.
    #[must_use]
    pub fn note(&self) -> &'static str {
        match self.agreement {
            Agreement::Exact if self.masks.is_empty() => "prints, each time",
            Agreement::Exact => "one possible run; some numbers differ on your machine",
            Agreement::Schedule => "prints, with the checker deciding who runs",
            Agreement::Shape => {
                "one possible run; times and lanes differ on your machine"
            }
            Agreement::Measured => "measured on the machine named; run it on yours",
            Agreement::Interleaving(_) => {
                "one possible run; each thread's own lines keep their order"
            }
            Agreement::OneOf => "one possible run",
        }
    }

    /// A line without what does not count.
    fn masked(&self, line: &str) -> String {
        let mut line = line.to_owned();
        if matches!(self.agreement, Agreement::Shape) {
            line = LANE.replace(&line, "$1").into_owned();
        }
        for mask in &self.masks {
            line = mask.replace_all(&line, "~").into_owned();
        }
        // Numbers of another length move what follows them in a column.
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Whether `fresh` is a run like `recorded`.
    ///
    /// # Errors
    ///
    /// Names the first difference.
    pub fn compare(&self, recorded: &str, fresh: &str) -> anyhow::Result<()> {
        match &self.agreement {
            Agreement::Exact | Agreement::Schedule if self.masks.is_empty() => {
                same_lines(recorded.lines(), fresh.lines())
            }
            Agreement::Exact
            | Agreement::Schedule
            | Agreement::Shape
            | Agreement::Measured => {
                let masked = |text: &str| -> Vec<String> {
                    text.lines().map(|line| self.masked(line)).collect()
                };
                let (recorded, fresh) = (masked(recorded), masked(fresh));
                same_lines(
                    recorded.iter().map(String::as_str),
                    fresh.iter().map(String::as_str),
                )
            }
            Agreement::Interleaving(key) => {
                let (recorded, fresh) =
                    (self.by_thread(key, recorded), self.by_thread(key, fresh));
                let names = |runs: &BTreeMap<String, Vec<String>>| {
                    runs.keys().cloned().collect::<Vec<_>>().join(", ")
                };
                ensure!(
                    recorded.keys().eq(fresh.keys()),
                    "recorded were {}, now {}",
                    names(&recorded),
                    names(&fresh)
                );
                for (thread, lines) in &recorded {
                    same_lines(
                        lines.iter().map(String::as_str),
                        fresh[thread].iter().map(String::as_str),
                    )
                    .with_context(|| format!("lines of `{thread}`"))?;
                }
                Ok(())
            }
            Agreement::OneOf => {
                let known = alternatives(recorded);
                let found = known.iter().any(|known| same_output(known, fresh));
                ensure!(
                    found,
                    "not among the {} recorded outputs:\n{fresh}",
                    known.len()
                );
                Ok(())
            }
        }
    }

    fn by_thread(&self, key: &Regex, text: &str) -> BTreeMap<String, Vec<String>> {
        let mut threads: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in text.lines() {
            let thread = key.captures(line).map_or(String::new(), |found| {
                found.get(1).or(found.get(0)).map_or("", |m| m.as_str()).to_owned()
            });
            threads.entry(thread).or_default().push(self.masked(line));
        }
        threads
    }
}

fn same_output(one: &str, other: &str) -> bool {
    one.lines().eq(other.lines())
}

/// The outputs of a `one-of` recording.
fn alternatives(text: &str) -> Vec<String> {
    text.split(&format!("{OR}\n")).map(str::to_owned).collect()
}

fn same_lines<'a>(
    recorded: impl Iterator<Item = &'a str>,
    fresh: impl Iterator<Item = &'a str>,
) -> anyhow::Result<()> {
    let (mut recorded, mut fresh) = (recorded, fresh);
    for number in 1.. {
        match (recorded.next(), fresh.next()) {
            (None, None) => break,
            (one, other) if one == other => {}
            (one, other) => bail!(
                "line {number} was recorded as\n  {}\nand now is\n  {}",
                one.unwrap_or("(nothing)"),
                other.unwrap_or("(nothing)")
            ),
        }
    }
    Ok(())
}

/// A file that a command writes besides its output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    kind: Kind,
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A timeline, which differs from run to run.
    Picture,
    /// A schedule of the checker, the same each time.
    Trace,
}

impl Kind {
    /// The option that asks a program for the file.
    fn option(self) -> &'static str {
        match self {
            Self::Picture => "--timeline",
            Self::Trace => "--trace",
        }
    }

    fn compare(self, recorded: &str, fresh: &str) -> anyhow::Result<()> {
        match self {
            Self::Picture => timeline::compare(recorded, fresh),
            Self::Trace => {
                let (recorded, fresh) = (schedule(recorded)?, schedule(fresh)?);
                for (key, value) in &recorded {
                    let same = fresh.get(key) == Some(value);
                    ensure!(same, "the schedule has changed: {key}");
                }
                Ok(())
            }
        }
    }
}

/// What was found, without how the checker searched and where the search began.
fn schedule(text: &str) -> anyhow::Result<serde_json::Map<String, Value>> {
    let mut trace: serde_json::Map<_, _> = serde_json::from_str(text)?;
    trace.retain(|key, _| {
        ["verdict", "threads", "objects", "steps", "tree"].contains(&key.as_str())
    });
    for key in ["threads", "objects"] {
        for entry in
            trace.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten()
        {
            *entry = entry["name"].take();
        }
    }
    Ok(trace)
}

/// A file with a recorded run.
#[derive(Debug)]
pub struct Recording {
    /// Relative to the workspace.
    pub path: String,
    /// What was run, as the reader types it.
    pub command: Command,
    /// How runs are compared.
    pub rule: Rule,
    /// The exit code.
    pub exit: i32,
    /// What else the same run wrote, beside the file.
    pub beside: Option<Beside>,
    /// What was printed; all of it for `one-of`.
    body: String,
}

impl Recording {
    /// Reads the recording at `path`, relative to `root`.
    ///
    /// # Errors
    ///
    /// When the file is not there, or its head is not one.
    pub fn read(root: &Path, path: &str) -> anyhow::Result<Self> {
        let text = paths::read(root, path)?;
        Self::parse(path, &text).with_context(|| format!("`{path}`"))
    }

    fn parse(path: &str, text: &str) -> anyhow::Result<Self> {
        let (head, body) = text
            .split_once(&format!("\n{HEAD_END}\n"))
            .with_context(|| format!("no `{HEAD_END}` after the head"))?;
        let mut lines = head.lines();
        let command = lines.next().unwrap_or_default();
        let command =
            command.strip_prefix("$ ").context("no `$ command` at the top")?;
        let (mut rule, mut exit, mut beside) = (None, 0, None);
        let is = |kind, name: &str| Some(Beside { kind, name: name.to_owned() });
        for line in lines {
            let field = line.strip_prefix("# ").and_then(|line| line.split_once(": "));
            match field {
                Some(("rule", value)) => rule = Some(Rule::parse(value)?),
                Some(("exit", value)) => exit = value.parse().context("exit")?,
                Some(("picture", value)) => beside = is(Kind::Picture, value),
                Some(("trace", value)) => beside = is(Kind::Trace, value),
                _ => bail!("`{line}` is none of rule, exit, picture, trace"),
            }
        }
        Ok(Self {
            path: path.to_owned(),
            command: Command::parse(command)?,
            rule: rule.context("no `# rule: …`")?,
            exit,
            beside,
            body: body.to_owned(),
        })
    }

    /// What a page shows: the only output, or the first of several.
    #[must_use]
    pub fn output(&self) -> String {
        match self.rule.agreement {
            Agreement::OneOf => alternatives(&self.body).swap_remove(0),
            _ => self.body.clone(),
        }
    }

    /// The path of what lies beside, relative to the workspace.
    fn beside_path(&self, beside: &Beside) -> String {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{folder}/{}", beside.name)
    }

    /// Runs the command `times` times and compares each run with the recorded one.
    ///
    /// # Errors
    ///
    /// Names the first run that does not agree, and how.
    pub fn check(&self, root: &Path, times: usize) -> anyhow::Result<()> {
        ensure!(!self.body.trim().is_empty(), "nothing is recorded: `book -- record`");
        let wide = self.body.lines().find(|line| line.chars().count() > 85);
        ensure!(wide.is_none(), "wider than a page: {}", wide.unwrap_or_default());
        for run in 1..=times {
            self.check_once(root)
                .with_context(|| format!("{}, run {run}", self.path))?;
        }
        Ok(())
    }

    fn check_once(&self, root: &Path) -> anyhow::Result<()> {
        let command = match self.rule.agreement {
            Agreement::Measured => {
                ensure!(MACHINE.is_match(&self.body), "no line names machine and date");
                self.command.for_development()
            }
            _ => self.command.clone(),
        };
        let (ran, written) = self.run(root, &command)?;
        self.rule.compare(&self.body, &ran.output)?;
        if let (Some(fresh), Some(beside)) = (written, &self.beside) {
            let path = self.beside_path(beside);
            let recorded = paths::read(root, &path)?;
            beside
                .kind
                .compare(&recorded, &fresh)
                .with_context(|| format!("`{path}`"))?;
        }
        Ok(())
    }

    fn run(
        &self,
        root: &Path,
        command: &Command,
    ) -> anyhow::Result<(Ran, Option<String>)> {
        let folder = tempfile::tempdir()?;
        // The name's ending tells a demo what to write.
        let file = self.beside.as_ref().map(|beside| folder.path().join(&beside.name));
        let ran = match (&self.beside, &file) {
            (Some(beside), Some(file)) => {
                command.run(root, &[beside.kind.option().as_ref(), file.as_os_str()])?
            }
            _ => command.run(root, &[])?,
        };
        ensure!(
            ran.exit == Some(self.exit),
            "`{}` ended with {:?}, not with {}\n{}",
            self.command,
            ran.exit,
            self.exit,
            ran.output
        );
        let written = match file {
            Some(file) => {
                Some(fs::read_to_string(&file).context("nothing was written")?)
            }
            None => None,
        };
        Ok((ran, written))
    }

    /// Runs the command and keeps what it prints.
    ///
    /// # Errors
    ///
    /// When the command cannot be run, or ends with another exit code.
    pub fn refresh(&self, root: &Path) -> anyhow::Result<()> {
        let (ran, written) = self.run(root, &self.command)?;
        let body = match self.rule.agreement {
            Agreement::OneOf => self.all_outputs(root, ran.output)?,
            _ => ran.output,
        };
        let file = root.join(&self.path);
        let text = paths::read(root, &self.path)?;
        let (head, _) =
            text.split_once(&format!("\n{HEAD_END}\n")).context("no head")?;
        fs::write(&file, format!("{head}\n{HEAD_END}\n{body}"))?;
        if let (Some(written), Some(beside)) = (written, &self.beside) {
            fs::write(root.join(self.beside_path(beside)), written)?;
        }
        Ok(())
    }

    fn all_outputs(&self, root: &Path, first: String) -> anyhow::Result<String> {
        let mut known = vec![first];
        for _ in 1..RUNS_TO_FIND_ALL {
            let (ran, _) = self.run(root, &self.command)?;
            if !known.iter().any(|known| same_output(known, &ran.output)) {
                known.push(ran.output);
            }
        }
        Ok(known.join(&format!("{OR}\n")))
    }
}

/// The paths of all recordings of the workspace, sorted.
///
/// # Errors
///
/// When a folder cannot be read.
pub fn all(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("book/outputs")];
    for entry in fs::read_dir(root.join("crates")).context("read `crates`")? {
        folders.push(entry?.path().join("outputs"));
    }
    for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
        let files = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path()));
        let files: Vec<PathBuf> = files.collect::<anyhow::Result<_>>()?;
        let texts =
            files.iter().filter(|file| file.extension().is_some_and(|e| e == "txt"));
        found.extend(texts.map(|file| paths::relative(root, file)));
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Rule {
        Rule::parse(text).unwrap()
    }

    #[test]
    fn exact_wants_every_line() {
        let rule = rule("exact");
        assert!(rule.compare("a\nb\n", "a\nb\n").is_ok());
        assert!(rule.compare("a\nb\n", "b\na\n").is_err());
        assert!(rule.compare("a\nb\n", "a\n").is_err());
        assert!(rule.compare("a\n", "a\nb\n").is_err());
    }

    #[test]
    fn an_interleaving_keeps_the_order_of_each_thread() {
        let rule = rule(r#"interleaving key="^\[(.*?)\]""#);
        let recorded = "[a] 1\n[b] 1\n[a] 2\nend\n";
        assert!(rule.compare(recorded, "[b] 1\n[a] 1\nend\n[a] 2\n").is_ok());
        let swapped = rule.compare(recorded, "[a] 2\n[b] 1\n[a] 1\nend\n");
        assert!(format!("{:#}", swapped.unwrap_err()).contains("lines of `a`"));
        assert!(
            rule.compare(recorded, "[a] 1\n[a] 2\nend\n").is_err(),
            "`b` is missing"
        );
    }

    #[test]
    fn a_shape_is_what_is_left_without_times_lanes_and_masks() {
        let rule = rule(r#"shape mask="most \d""#);
        let recorded = "at most 8 in 3.1 ms\n  worker 1 │··█▒\nok: 3\n";
        assert!(
            rule.compare(recorded, "at most 7 in 12 µs\n worker 1 │█\nok: 3\n").is_ok()
        );
        assert!(
            rule.compare(recorded, "at most 8 in 3 ms\n  worker 1 │█\nok: 4\n")
                .is_err()
        );
        assert!(
            rule.compare(recorded, "at most 8 in 3 ms\n  worker 2 │█\nok: 3\n")
                .is_err()
        );
    }

    #[test]
    fn measurements_agree_in_all_but_the_numbers() {
        let rule = rule("measured");
        let recorded = "lock 2  9.1 ███▍\natomic 1 20 ███\nrelease build; 2 cores, X, linux, 2026-11-20\n";
        let fresh =
            "lock 2 10.42 █\natomic 1 0\ndev build; 64 cores, Y, macos, 2030-01-02\n";
        assert!(rule.compare(recorded, fresh).is_ok());
        assert!(rule.compare(recorded, &fresh.replace("lock", "shard")).is_err());
    }

    #[test]
    fn one_of_knows_several() {
        let rule = rule("one-of");
        let recorded = "a\n--- or ---\nb\nc\n";
        assert!(rule.compare(recorded, "a\n").is_ok());
        assert!(rule.compare(recorded, "b\nc\n").is_ok());
        assert!(rule.compare(recorded, "a\nb\n").is_err());
    }

    #[test]
    fn rules_that_cannot_be_read_are_refused() {
        let wrong =
            ["", "sometimes", "interleaving", r#"exact key="a""#, r#"shape mask="(""#];
        for text in wrong {
            assert!(Rule::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_head_needs_a_command_and_a_rule() {
        let text = "$ cargo run -p a-demo -- b\n# rule: exact\n# exit: 1\n---\nout\n";
        let recording = Recording::parse("outputs/b.txt", text).unwrap();
        assert_eq!((recording.exit, recording.output().as_str()), (1, "out\n"));
        for wrong in [
            "# rule: exact\n---\nout\n",
            "$ cargo run -p a-demo\n---\nout\n",
            "$ cargo run -p a-demo\n# rule: exact\nout\n",
            "$ rm -r somewhere\n# rule: exact\n---\nout\n",
        ] {
            assert!(Recording::parse("x.txt", wrong).is_err(), "{wrong}");
        }
    }
}
