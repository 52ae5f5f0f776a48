//! A child is given copies: arguments, variables, a folder, and three open streams.
//!
//! Arguments go as they are, without a shell that would split or expand them. Variables
//! are set on the `Command`: to change those of a running process is `unsafe` in Rust,
//! since another thread may be reading them, and would change nothing in the parent.
//! Files that the parent has open stay closed in the child: Rust opens them so.
//!
//! Run:     cargo run -p process-demo -- environment
//! Expect:  what three children found in themselves, line by line
//! Chapter: book/src/environment.md
//! Source:  std::process::Command, open(2) on O_CLOEXEC, environ(7)

use std::collections::HashMap;
use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use common::{child, println};

/// A shell would make four other arguments of these, or none.
const ARGUMENTS: [&str; 4] = ["two words", "$HOME", "*.rs", ""];

const VARIABLE: &str = "GREETING";

pub fn run() -> anyhow::Result<()> {
    let program = env::current_exe().context("find this program")?;
    let _open = File::open(&program).with_context(|| program.display().to_string())?;
    let folder = env::temp_dir().canonicalize().context("find a folder")?;
    let home = env::current_dir().context("find the current folder")?;

    // ANCHOR: given
    let as_it_is = ask(child::role("environment-child")?.args(ARGUMENTS))?;
    let greeted = ask(child::role("environment-child")?.env(VARIABLE, "hello"))?;
    let elsewhere =
        ask(child::role("environment-child")?.current_dir(&folder).env_clear())?;
    // ANCHOR_END: given

    println!("arguments given:  {ARGUMENTS:?}");
    println!("arguments found:  {}", as_it_is["arguments"]);
    ensure!(as_it_is["arguments"] == format!("{ARGUMENTS:?}"), "arguments differ");

    println!("{VARIABLE}, not set:    {}", as_it_is[VARIABLE]);
    println!(
        "  .env(…, \"hello\"): {}, and in the parent {:?}",
        greeted[VARIABLE],
        own()
    );
    ensure!(greeted[VARIABLE] == r#"Some("hello")"#, "{}", greeted[VARIABLE]);
    ensure!(as_it_is[VARIABLE] == format!("{:?}", own()), "not as in the parent");

    println!("variables:        {}", as_it_is["variables"]);
    println!("  .env_clear():   {}", elsewhere["variables"]);
    let moved = Path::new(&elsewhere["folder"]).canonicalize()? == folder;
    println!("folder:           {}", if moved { "the one it was given" } else { "?" });
    ensure!(moved, "the child is in {}", elsewhere["folder"]);
    ensure!(env::current_dir()? == home, "the child has moved its parent");

    println!(
        "a file that the parent has open is open in the child: {}",
        as_it_is["open"]
    );
    ensure!(as_it_is["open"] != "true", "the child was given an open file");
    println!("\nok: each child had what it was given, and the parent kept its own");
    Ok(())
}

fn own() -> Option<String> {
    env::var(VARIABLE).ok()
}

/// What a child found, by its own words.
fn ask(command: &mut Command) -> anyhow::Result<HashMap<String, String>> {
    let output = command.stderr(Stdio::inherit()).output().context("start a child")?;
    ensure!(output.status.success(), "the child ended with {}", output.status);
    let text = String::from_utf8(output.stdout).context("the child's answer")?;
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

#[derive(clap::Args)]
pub struct Given {
    arguments: Vec<String>,
}

pub fn child(Given { arguments }: Given) -> anyhow::Result<()> {
    println!("arguments={arguments:?}");
    println!("{VARIABLE}={:?}", own());
    println!("variables={}", env::vars_os().count());
    println!("folder={}", env::current_dir()?.display());
    let open = is_open(&env::current_exe()?);
    println!("open={}", open.map_or("unknown here".into(), |open| open.to_string()));
    Ok(())
}

/// Whether this process has `file` open, where the system lists open files.
fn is_open(file: &Path) -> Option<bool> {
    let open = fs::read_dir("/proc/self/fd").ok()?;
    // The listing itself is among them, and gone when it is looked at.
    let mut targets = open.flatten().flat_map(|entry| fs::read_link(entry.path()));
    Some(targets.any(|target| target == file))
}
