//! Builds the book, runs what it shows, and looks at it in a browser.
//!
//! Without Python or Chromium the tests that need them say so and pass; where
//! `COURSE_NO_SKIP` is set, as in CI, they fail.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use book::output::{self, Recording};
use book::serve::Server;
use book::{build, paths};
use course_tests::{arguments, trial, workspace};
use serde_json::Value;
use tempfile::TempDir;

/// A browser needs some seconds; this ends one that hangs.
const BROWSER_LIMIT: Duration = Duration::from_secs(90);

/// About a second for each page, or a first build of the book; this ends what hangs.
const LONG_LIMIT: Duration = Duration::from_secs(600);

/// The largest page in bytes, without pictures.
const LARGEST_PAGE: u64 = 300_000;

fn main() -> ExitCode {
    let arguments = arguments();
    let mut trials = vec![
        trial("builds without a complaint", || built().map(|_| ())),
        trial("every page runs something", every_page_runs_something),
        trial("no page is too large", no_page_is_too_large),
        trial("a player is a table without script", player_without_script),
        trial("source pages are neither printed nor searched", sources_stay_apart),
        trial("every Python file has its output", every_python_file_is_run),
        trial("broken pages do not build", broken_pages_do_not_build),
        trial("is published as the workflow says", published_as_the_workflow_says),
        trial("works in a browser", works_in_a_browser),
        trial("everybody can read it", everybody_can_read_it),
        trial("Python's names are in the map", python_names_are_in_the_map),
    ];
    match output::all(workspace()) {
        Ok(recordings) => {
            // Recorded on Linux: elsewhere paths and messages of the system differ.
            let elsewhere = cfg!(not(target_os = "linux"));
            trials.extend(recordings.into_iter().map(|path| {
                trial(format!("output {path}"), move || output_agrees(&path))
                    .with_ignored_flag(elsewhere)
            }));
        }
        Err(error) => trials.push(trial("outputs are found", || Err(error))),
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Says that something is missing, or fails where nothing may be.
fn skip(what: &str) -> anyhow::Result<()> {
    ensure!(
        std::env::var_os("COURSE_NO_SKIP").is_none(),
        "{what}, and none may be skipped"
    );
    eprintln!("skipped: {what}");
    Ok(())
}

/// The folder of the book, built once.
fn built() -> anyhow::Result<&'static Path> {
    static BUILT: OnceLock<Result<(TempDir, PathBuf), String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let build = || {
            let folder = tempfile::tempdir()?;
            let book = build::build(Some(folder.path()))?;
            anyhow::Ok((folder, book))
        };
        build().map_err(|error| format!("{error:#}"))
    });
    match built {
        Ok((_, book)) => Ok(book),
        Err(error) => bail!("{error}"),
    }
}

/// The pages, as `SUMMARY.md` has them: `locks`, without the appendices.
fn chapters() -> anyhow::Result<Vec<String>> {
    let summary = paths::read(workspace(), "book/src/SUMMARY.md")?;
    names_in(summary.split("# Appendices").next().unwrap_or_default())
}

/// The pages with the appendices.
fn pages() -> anyhow::Result<Vec<String>> {
    names_in(&paths::read(workspace(), "book/src/SUMMARY.md")?)
}

fn names_in(summary: &str) -> anyhow::Result<Vec<String>> {
    let names = summary.split(".md)").filter_map(|part| part.rsplit_once('('));
    let names: Vec<String> = names.map(|(_, name)| name.to_owned()).collect();
    ensure!(names.len() > 3, "only {names:?}");
    Ok(names)
}

fn page(name: &str) -> anyhow::Result<String> {
    let file = built()?.join(format!("{name}.html"));
    fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))
}

fn every_page_runs_something() -> anyhow::Result<()> {
    for name in chapters()? {
        let text = page(&name)?;
        ensure!(text.contains(r#"class="run-line""#), "{name} has no command to run");
    }
    Ok(())
}

fn no_page_is_too_large() -> anyhow::Result<()> {
    for name in chapters()? {
        let size = fs::metadata(built()?.join(format!("{name}.html")))?.len();
        ensure!(size < LARGEST_PAGE, "{name}: {size} bytes");
    }
    Ok(())
}

/// All steps and all lines are in the page before any script runs.
fn player_without_script() -> anyhow::Result<()> {
    let trace = paths::read(workspace(), "book/outputs/lost-update.json")?;
    let trace: Value = serde_json::from_str(&trace)?;
    let steps = trace["steps"].as_array().context("steps")?.len();
    let text = page("races")?;
    let player = text.split(r#"id="player-1""#).nth(1).context("a player")?;
    let player = player.split("</section>").next().unwrap_or_default();
    ensure!(player.matches("<tr data-thread").count() == steps, "not {steps} rows");
    ensure!(
        player.contains(">20\n") || player.contains("<span>20</span>"),
        "no line 20"
    );
    Ok(())
}

fn sources_stay_apart() -> anyhow::Result<()> {
    let file = "source/crates/semaphore-demo/src/counting.rs.html";
    ensure!(built()?.join(file).is_file(), "no {file}");
    let print = page("print")?;
    ensure!(!print.contains(r#"id="L1""#), "a source page is printed");
    for entry in fs::read_dir(built()?)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("searchindex") || name.starts_with("toc") {
            let text = fs::read_to_string(&path)?;
            ensure!(!text.contains("source/crates"), "a source page is in {name}");
        }
    }
    Ok(())
}

fn every_python_file_is_run() -> anyhow::Result<()> {
    let mut run = BTreeSet::new();
    for path in output::all(workspace())? {
        let recording = Recording::read(workspace(), &path)?;
        run.extend(recording.command.python().map(str::to_owned));
    }
    for entry in fs::read_dir(workspace().join("book/python"))? {
        let file = format!("book/python/{}", entry?.file_name().to_string_lossy());
        ensure!(run.contains(&file), "no recorded output runs `{file}`");
    }
    Ok(())
}

fn output_agrees(path: &str) -> anyhow::Result<()> {
    let recording = Recording::read(workspace(), path)?;
    let has_python = || Command::new("python3").arg("--version").output().is_ok();
    if recording.command.python().is_some() && !has_python() {
        return skip("there is no python3");
    }
    let runs = match std::env::var("COURSE_RUNS") {
        Ok(runs) => runs.parse().with_context(|| format!("COURSE_RUNS={runs}"))?,
        Err(_) => 2,
    };
    recording.check(workspace(), runs)
}

/// A book with one page, in a folder of its own.
fn small_book(page: &str) -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    let book = folder.path().join("book");
    fs::create_dir_all(book.join("src"))?;
    fs::create_dir_all(folder.path().join("crates"))?;
    fs::write(folder.path().join("counter.txt"), "load\nstore\n")?;
    for name in ["theme", "book.toml"] {
        copy(&paths::book().join(name), &book.join(name))?;
    }
    fs::write(book.join("src/SUMMARY.md"), "# Summary\n\n- [Page](page.md)\n")?;
    fs::write(book.join("src/page.md"), page)?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    if !from.is_dir() {
        fs::copy(from, to)?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        copy(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

fn build_small_book(folder: &TempDir) -> anyhow::Result<PathBuf> {
    let target = folder.path().join("built");
    build::build_from(&folder.path().join("book"), folder.path(), Some(&target))
}

/// The workflow says by environment variables where the repository and the book are.
fn published_as_the_workflow_says() -> anyhow::Result<()> {
    let workflow = paths::read(workspace(), ".github/workflows/book.yml")?;
    let variables = workflow.lines().filter_map(|line| line.trim().split_once(": "));
    let variables = variables.filter(|(name, _)| name.starts_with("MDBOOK_"));
    let of_github = |value: &str| {
        value
            .replace("${{ github.repository }}", "somebody/course")
            .replace("${{ steps.pages.outputs.base_path }}", "/course")
    };
    let folder = tempfile::tempdir()?;
    let output = assert_cmd::Command::new(env!("CARGO"))
        .args(["run", "--quiet", "-p", "book", "--", "build"])
        .envs(variables.map(|(name, value)| (name, of_github(value))))
        .env("MDBOOK_BUILD__BUILD_DIR", folder.path())
        .current_dir(workspace())
        .timeout(LONG_LIMIT)
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for (page, what) in [
        ("index.html", r#"href="https://github.com/somebody/course""#),
        ("404.html", r#"<base href="/course/">"#),
    ] {
        let text = fs::read_to_string(folder.path().join(page))?;
        ensure!(text.contains(what), "{page} has no `{what}`");
    }
    Ok(())
}

/// Each of these builds with mdBook alone, some with a line on standard error.
fn broken_pages_do_not_build() -> anyhow::Result<()> {
    let whole = "# Page\n\n[here](#page)\n\n{{#listing counter.txt}}\n";
    build_small_book(&small_book(whole)?).context("the page without a fault")?;
    for (fault, complaint) in [
        ("{{#include no.rs}}", "page.md:7: "),
        ("{{#listing no.rs}}", "failed to read `no.rs`"),
        ("{{#listing counter.txt:no}}", "`no`"),
        ("{{#listing counter.txt to=no}}", "no line of `counter.txt` has `no`"),
        ("{{#rustdoc_include counter.txt:no}}", "use `listing`"),
        ("```rust\nfn typed() {}\n```", "sketch"),
        ("[there](no.md)", "there is no no.html"),
        ("[there](#no)", "has no #no"),
        ("![picture](no.png)", "there is no no.png"),
        ("<a href=\"no.html\">there</a>", "there is no no.html"),
        ("<div><p>not closed", "<div>"),
        ("<img src=\"https://elsewhere.org/a.png\">", "from another host"),
    ] {
        let folder = small_book(&format!("{whole}\n{fault}\n"))?;
        match build_small_book(&folder) {
            Ok(_) => bail!("built in spite of {fault}"),
            Err(error) => {
                let error = format!("{error:#}");
                ensure!(
                    error.contains(complaint),
                    "{fault}: no `{complaint}` in: {error}"
                );
            }
        }
    }
    Ok(())
}

fn works_in_a_browser() -> anyhow::Result<()> {
    let Some(browser) = browser() else { return skip("there is no Chromium") };
    let served = tempfile::tempdir()?;
    copy(built()?, served.path())?;
    let pages: Vec<String> =
        pages()?.into_iter().map(|name| format!("{name}.html")).collect();
    let checks = include_str!("book/browser.html").replace("PAGES", &pages.join(" "));
    fs::write(served.path().join("checks.html"), checks)?;

    // Without live reload: an open event source would keep virtual time from ending.
    let server = Server::bind(served.path(), 0, false)?;
    server.start()?;
    let profile = tempfile::tempdir()?;
    let output = assert_cmd::Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
        .args(["--disable-background-networking", "--virtual-time-budget=60000"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg("--dump-dom")
        .arg(format!("{}/checks.html", server.address()?))
        .timeout(BROWSER_LIMIT)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let results = text.split("<pre id=\"results\">").nth(1).unwrap_or_default();
    let results = results.split("</pre>").next().unwrap_or_default();
    let failed: Vec<&str> =
        results.lines().filter(|line| line.starts_with("FAIL")).collect();
    let passed = results.lines().filter(|line| line.starts_with("ok ")).count();
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    ensure!(results.ends_with("done\n"), "the checks did not end:\n{results}");
    ensure!(passed > 30, "only {passed} checks");
    Ok(())
}

/// axe-core and html-validate look at every page, in both themes and on a phone.
fn everybody_can_read_it() -> anyhow::Result<()> {
    let modules = workspace().join("target/tools/web");
    let Some(browser) = browser() else { return skip("there is no Chromium") };
    if !modules.join("node_modules/axe-core").is_dir() {
        return skip("`.ci/run` has not installed axe-core");
    }
    let served = tempfile::tempdir()?;
    copy(built()?, served.path())?;
    // What has faults must be found out, else nothing was looked at.
    let faulty = "<!DOCTYPE html><html><title>Faults</title>\
        <main><h1>Faults</h1><h3 id=\"a\">A</h3><p id=\"a\"><img src=\"a.png\"></main>";
    fs::write(served.path().join("faulty.html"), faulty)?;
    let server = Server::bind(served.path(), 0, false)?;
    server.start()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path);
    let browser = folders.find_map(|folder| {
        let program = folder.join(browser);
        program.is_file().then_some(program)
    });
    let names = pages()?.into_iter().chain(["faulty".into()]);
    let output = assert_cmd::Command::new("node")
        .arg(workspace().join("tests/book/audit.mjs"))
        .arg(modules)
        .arg(browser.context("the browser's program")?)
        .arg(server.address()?)
        .args(names.map(|name| format!("{name}.html")))
        .timeout(LONG_LIMIT)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (faulty, findings): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.starts_with("faulty.html"));
    ensure!(
        findings == ["done"],
        "{}\n{}",
        findings.join("\n"),
        String::from_utf8_lossy(&output.stderr)
    );
    ensure!(faulty.iter().any(|line| line.contains("no-dup-id")), "{faulty:?}");
    ensure!(faulty.iter().any(|line| line.contains("image-alt")), "{faulty:?}");
    Ok(())
}

/// What Python's modules offer, as they themselves say.
fn python_names_are_in_the_map() -> anyhow::Result<()> {
    let map = book::python_map::read(workspace())?;
    for module in &map.module {
        let of_module = "import importlib, sys\n\
            print(*importlib.import_module(sys.argv[1]).__all__, sep='\\n')";
        let output =
            Command::new("python3").args(["-c", of_module, &module.name]).output();
        let Ok(output) = output else { return skip("there is no python3") };
        ensure!(
            output.status.success(),
            "`{}`: {}",
            module.name,
            String::from_utf8_lossy(&output.stderr)
        );
        let rows: Vec<&str> =
            module.rows.iter().map(|row| row.python.as_str()).collect();
        let words: BTreeSet<&str> = rows
            .iter()
            .flat_map(|row| row.split(|c: char| !c.is_alphanumeric() && c != '_'))
            .collect();
        for name in String::from_utf8(output.stdout)?.lines() {
            ensure!(words.contains(name), "`{}.{name}` is not in the map", module.name);
        }
    }
    Ok(())
}

fn browser() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.into_iter().find(|name| Command::new(name).arg("--version").output().is_ok())
}
