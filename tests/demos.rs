//! Runs every scene of every demo as a reader does, each under a time limit.
//!
//! `COURSE_RUNS=200 cargo test -p course-tests --test demos -- --test-threads 8 scene`
//! runs each scene 200 times, on a machine that is busy with seven others.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use course_tests::{Demo, arguments, demos, runs, trial};
use libtest_mimic::Trial;
use serde_json::Value;
use tempfile::TempDir;
use unicode_width::UnicodeWidthStr;

/// No demo needs so long, however busy the machine; it stops one that hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// Where a demo puts temporary files.
const TEMPORARY: &str = if cfg!(windows) { "TMP" } else { "TMPDIR" };

fn main() -> ExitCode {
    let arguments = arguments();
    let mut trials = Vec::new();
    for demo in demos() {
        for scene in &demo.scenes {
            let mut add = |claim: &str, test: fn(&Demo, &str) -> anyhow::Result<()>| {
                let name = format!("scene {} {scene} {claim}", demo.name);
                trials.push(trial(name, move || test(demo, scene)));
            };
            add("ends well", ends_well);
            add("draws a timeline", draws_a_timeline);
        }
        for scene in &demo.wrong {
            let name = format!("wrong {} {scene} ends with a diagnosis", demo.name);
            trials.push(trial(name, move || ends_with_a_diagnosis(demo, scene)));
        }
        let mut add = |claim: &str, test: fn(&Demo) -> anyhow::Result<()>| {
            let name = format!("demo {} {claim}", demo.name);
            trials.push(trial(name, move || test(demo)));
        };
        add("runs all its scenes", runs_all_its_scenes);
        add("refuses an unknown scene in one line", refuses_an_unknown_scene);
        add("refuses an unknown kind of picture", refuses_an_unknown_kind_of_picture);
        add("names the picture it cannot write", names_the_picture_it_cannot_write);
        add("ends quietly when nobody reads", ends_quietly_when_nobody_reads);
        add("colours names on request only", colours_names_on_request_only);
        #[cfg(unix)]
        add("ends at once at Ctrl-C", ends_at_once_at_ctrl_c);
    }
    trials.extend(bad_downloads());
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A finished run, in an empty folder and with an empty folder for temporary files.
struct Ran {
    code: Option<i32>,
    time: Duration,
    stdout: String,
    stderr: String,
    folder: TempDir,
    temporary: TempDir,
}

fn run(demo: &Demo, arguments: &[&str]) -> anyhow::Result<Ran> {
    run_with(demo, arguments, &[])
}

fn run_with(
    demo: &Demo,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> anyhow::Result<Ran> {
    let (folder, temporary) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let start = Instant::now();
    let output = assert_cmd::Command::new(&demo.program)
        .args(arguments)
        .current_dir(&folder)
        .env(TEMPORARY, temporary.path())
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .envs(environment.iter().copied())
        .timeout(LIMIT)
        .output()?;
    Ok(Ran {
        // None after a signal, for instance the one that enforces the limit.
        code: output.status.code(),
        time: start.elapsed(),
        stdout: String::from_utf8(output.stdout).context("standard output is text")?,
        stderr: String::from_utf8(output.stderr).context("standard error is text")?,
        folder,
        temporary,
    })
}

impl Ran {
    fn expect_code(&self, code: i32) -> anyhow::Result<()> {
        let Self { stdout, stderr, .. } = self;
        let ended = self.code.map_or("a signal or the limit".into(), |c| c.to_string());
        ensure!(self.code == Some(code), "ended with {ended}\n{stdout}\n{stderr}");
        Ok(())
    }

    /// Standard error is one line with `parts` in it, standard output is empty.
    fn expect_complaint(&self, code: i32, parts: &[&str]) -> anyhow::Result<()> {
        self.expect_code(code)?;
        ensure!(self.stdout.is_empty(), "standard output:\n{}", self.stdout);
        ensure!(self.stderr.lines().count() == 1, "not one line:\n{}", self.stderr);
        for part in parts {
            ensure!(self.stderr.contains(part), "`{part}` is not in: {}", self.stderr);
        }
        Ok(())
    }

    fn expect_left_behind(&self, files: &[&str]) -> anyhow::Result<()> {
        for (folder, expected) in [(&self.folder, files), (&self.temporary, &[])] {
            let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name()));
            let names = names.collect::<anyhow::Result<Vec<_>>>()?;
            let as_expected = names
                .iter()
                .map(OsString::as_os_str)
                .eq(expected.iter().map(OsStr::new));
            ensure!(as_expected, "left behind: {names:?}");
        }
        Ok(())
    }
}

fn ends_well(demo: &Demo, scene: &str) -> anyhow::Result<()> {
    for number in 1..=runs()? {
        let ran = run(demo, &[scene])?;
        ran.expect_code(0).with_context(|| format!("run {number}"))?;
        ran.expect_left_behind(&[])?;
        let last = ran.stdout.lines().last().unwrap_or_default();
        ensure!(last.starts_with("ok: "), "the last line is `{last}`");
        ensure!(!ran.stdout.contains('\x1b'), "colour in a pipe");
        // Standard error may be wider: a panic there names a file of std.
        let wide = ran.stdout.lines().find(|line| line.width() > 80);
        ensure!(wide.is_none(), "wider than 80 columns: {}", wide.unwrap_or_default());
    }
    Ok(())
}

fn draws_a_timeline(demo: &Demo, scene: &str) -> anyhow::Result<()> {
    let ran = run(demo, &[scene, "--timeline", "picture.svg"])?;
    ran.expect_code(0)?;
    ran.expect_left_behind(&["picture.svg"])?;
    let picture = fs::read_to_string(ran.folder.path().join("picture.svg"))?;
    let picture = roxmltree::Document::parse(&picture)?;
    let title = picture.descendants().find(|node| node.has_tag_name("title"));
    let title = title.and_then(|node| node.text()).unwrap_or_default();
    ensure!(title == format!("{}: {scene}", demo.name), "the title is `{title}`");
    Ok(())
}

fn ends_with_a_diagnosis(demo: &Demo, scene: &str) -> anyhow::Result<()> {
    let ran = run(demo, &[scene])?;
    ensure!(ran.time < LIMIT, "it hangs:\n{}\n{}", ran.stdout, ran.stderr);
    ensure!(!ran.stderr.is_empty() || !ran.stdout.is_empty(), "not a word");
    ran.expect_left_behind(&[])
}

fn runs_all_its_scenes(demo: &Demo) -> anyhow::Result<()> {
    let ran = run(demo, &["--timeline", "all.json"])?;
    ran.expect_code(0)?;
    ran.expect_left_behind(&["all.json"])?;
    for scene in &demo.scenes {
        let heading = format!("── {scene}: ");
        ensure!(ran.stdout.contains(&heading), "no `{heading}`:\n{}", ran.stdout);
    }
    let claims = ran.stdout.lines().filter(|line| line.starts_with("ok: ")).count();
    ensure!(claims == demo.scenes.len(), "{claims} claims");

    let data = fs::read(ran.folder.path().join("all.json"))?;
    let data: Value = serde_json::from_slice(&data)?;
    let recorded = data["scenes"].as_array().context("scenes")?;
    let names: Vec<_> = recorded.iter().map(|scene| &scene["scene"]).collect();
    ensure!(
        names == demo.scenes.iter().collect::<Vec<_>>(),
        "the scenes are {names:?}"
    );
    recorded.iter().try_for_each(spans_lie_inside)
}

/// A scene's spans lie in the scene, and end after they begin.
fn spans_lie_inside(scene: &Value) -> anyhow::Result<()> {
    let duration = scene["duration"].as_u64().context("duration")?;
    for lane in scene["lanes"].as_array().context("lanes")? {
        for span in lane["spans"].as_array().context("spans")? {
            let (start, end) = (span["start"].as_u64(), span["end"].as_u64());
            let inside = start <= end && end <= Some(duration);
            ensure!(inside, "a span outside of the timeline: {span}");
        }
    }
    Ok(())
}

fn refuses_an_unknown_scene(demo: &Demo) -> anyhow::Result<()> {
    let ran = run(demo, &["no-such-scene"])?;
    let known = format!("known: {}", demo.scenes.join(", "));
    ran.expect_complaint(2, &["unknown scene `no-such-scene`", &known])
}

fn refuses_an_unknown_kind_of_picture(demo: &Demo) -> anyhow::Result<()> {
    let ran = run(demo, &[&demo.scenes[0], "--timeline", "picture.png"])?;
    ran.expect_complaint(2, &["`picture.png`", ".svg", ".json"])
}

fn names_the_picture_it_cannot_write(demo: &Demo) -> anyhow::Result<()> {
    let ran =
        run(demo, &[&demo.scenes[0], "--timeline", "no/such/folder/picture.svg"])?;
    ran.expect_code(1)?;
    let last = ran.stderr.lines().last().unwrap_or_default();
    ensure!(last.starts_with("error: write no/such/folder/picture.svg: "), "{last}");
    Ok(())
}

fn ends_quietly_when_nobody_reads(demo: &Demo) -> anyhow::Result<()> {
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    let output = Command::new(&demo.program)
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()?
        .wait_with_output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success() && stderr.is_empty(),
        "{}\n{stderr}",
        output.status
    );
    Ok(())
}

fn colours_names_on_request_only(demo: &Demo) -> anyhow::Result<()> {
    let all = run_with(demo, &[], &[("CLICOLOR_FORCE", "1")])?;
    ensure!(all.stdout.contains('\x1b'), "no colour where colour was asked for");
    let none = run_with(demo, &[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")])?;
    ensure!(!none.stdout.contains('\x1b'), "colour in spite of NO_COLOR");
    Ok(())
}

#[cfg(unix)]
fn ends_at_once_at_ctrl_c(demo: &Demo) -> anyhow::Result<()> {
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::ExitStatusExt;

    use rustix::process::{Pid, Signal, kill_process};

    let temporary = tempfile::tempdir()?;
    let mut child = Command::new(&demo.program)
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().context("standard output is piped")?;
    let mut first_line = String::new();
    let mut stdout = BufReader::new(stdout);
    stdout.read_line(&mut first_line)?;
    kill_process(Pid::from_child(&child), Signal::INT)?;
    let status = child.wait()?;
    ensure!(status.signal() == Some(Signal::INT.as_raw()), "ended with {status}");
    let left: Vec<_> = fs::read_dir(&temporary)?.collect();
    ensure!(left.is_empty(), "left behind: {left:?}");
    Ok(())
}

/// What people may get wrong about the only scene that takes a folder and a number.
fn bad_downloads() -> Vec<Trial> {
    let cases: [(&str, &[&str], &[&str]); 4] = [
        ("a missing folder", &["no/such"], &["`no/such` is not a directory"]),
        ("zero permits", &["--permits", "0"], &["'0'", "1..=1000"]),
        ("absurdly many permits", &["--permits", "99999999999"], &["'99999999999'"]),
        ("permits that are no number", &["--permits", "many"], &["'many'"]),
    ];
    let trials = cases.into_iter().map(|(case, arguments, parts)| {
        trial(format!("download refuses {case}"), move || {
            let demo = demos().iter().find(|demo| demo.name == "semaphore-demo");
            let arguments = [&["download"], arguments].concat();
            run(demo.context("semaphore-demo")?, &arguments)?.expect_complaint(2, parts)
        })
    });
    trials.collect()
}
