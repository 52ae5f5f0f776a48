//! What the compiler refuses: programs in `crates/*/tests/refused`, each beside the message
//! that its demo shows.
//!
//! Another compiler may say it in other words. So the same error code is always asked
//! for, and the same words only from the compiler of `rust-version` in `Cargo.toml`.
//! `COURSE_UPDATE=1` records the messages anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, ensure};
use course_tests::{trial, workspace};
use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    match programs() {
        Ok(programs) => {
            let trials = programs.into_iter().map(|program| {
                let place = program.strip_prefix(workspace()).unwrap_or(&program);
                trial(place.display().to_string(), move || is_refused(&program))
            });
            libtest_mimic::run(&arguments, trials.collect()).exit_code()
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn programs() -> anyhow::Result<Vec<PathBuf>> {
    let mut programs = Vec::new();
    for package in fs::read_dir(workspace().join("crates"))? {
        // Most packages have no such folder.
        let folder = fs::read_dir(package?.path().join("tests/refused"));
        for entry in folder.into_iter().flatten() {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                programs.push(path);
            }
        }
    }
    ensure!(!programs.is_empty(), "there is no program to refuse");
    programs.sort();
    Ok(programs)
}

fn is_refused(program: &Path) -> anyhow::Result<()> {
    let message = message_for(program)?;
    let record = program.with_extension("stderr");
    if std::env::var_os("COURSE_UPDATE").is_some() {
        return fs::write(&record, message)
            .with_context(|| format!("write {}", record.display()));
    }
    let recorded = fs::read_to_string(&record)
        .with_context(|| format!("read {}", record.display()))?
        .replace('\r', "");
    let code = |message: &str| {
        message.lines().next().map(|line| line.get(..12).map(str::to_owned))
    };
    ensure!(code(&message) == code(&recorded), "another error:\n{message}");
    if compiler_is_the_recorded_one()? {
        ensure!(message == recorded, "on record:\n{recorded}\nnow:\n{message}");
    }
    Ok(())
}

/// What the compiler says to `program`.
fn message_for(program: &Path) -> anyhow::Result<String> {
    let package = program.ancestors().nth(3).context("the package's folder")?;
    let output = Command::new(rustc())
        .current_dir(package)
        .args(["--edition=2024", "--emit=metadata", "--out-dir"])
        .arg(env!("CARGO_TARGET_TMPDIR"))
        .arg(program.strip_prefix(package)?)
        .output()
        .context("start rustc")?;
    ensure!(!output.status.success(), "the compiler accepts it");
    // The notes depend on whether the sources of std are installed.
    let message = String::from_utf8(output.stderr)?;
    let lines = message
        .lines()
        .take_while(|line| !line.starts_with("note: required by a bound in"))
        .take_while(|line| {
            !line.starts_with("note: requirement that the value outlives")
        })
        .take_while(|line| !line.starts_with("error: aborting"));
    let lines: Vec<_> = lines.collect();
    Ok(lines.join("\n").trim_end().trim_end_matches(['|', ' ', '\n']).to_owned() + "\n")
}

fn compiler_is_the_recorded_one() -> anyhow::Result<bool> {
    let output =
        Command::new(rustc()).arg("--version").output().context("start rustc")?;
    let version = concat!("rustc ", env!("CARGO_PKG_RUST_VERSION"), ".");
    Ok(String::from_utf8(output.stdout)?.starts_with(version))
}

fn rustc() -> std::ffi::OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}
