//! A child that makes something with a name, in a folder that goes with it.
//!
//! Whoever is to find a socket or a segment must know its name, and if its maker is
//! killed it stays behind. So the child makes it in a folder of its own and says the
//! name on its standard output: the parent reads the name, or end of file when the
//! child has died. The folder is removed by the parent, or by the child when the parent
//! has ended.

use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, ensure};
use common::child::ChildGuard;
use common::leash;
use tempfile::TempDir;

/// How the folder's name begins.
const PREFIX: &str = "pipe-demo-";

/// Where temporary files go, for every program on this system.
const VARIABLE: &str = if cfg!(windows) { "TMP" } else { "TMPDIR" };

/// A child that has said the name of what it has made.
pub struct Maker {
    pub child: ChildGuard,
    pub name: String,
    /// Removed on drop, with all that is in it.
    pub folder: TempDir,
}

/// Starts a child and waits until it says the name, or has ended.
pub fn start(command: &mut Command) -> anyhow::Result<Maker> {
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir();
    let folder = folder.context("make a folder for temporary files")?;
    leash::put_on(command).stdout(Stdio::piped()).env(VARIABLE, folder.path());
    // Ctrl-C is for the parent: the child, on its leash, can then tidy up.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let child = ChildGuard::spawn(command).context("start the child")?;
    let stdout = child.take_stdout().context("standard output is piped")?;
    let mut name = String::new();
    BufReader::new(stdout).read_line(&mut name).context("read from the child")?;
    if name.is_empty() {
        let status = child.wait()?;
        ensure!(!name.is_empty(), "the child died before it was ready: {status}");
    }
    Ok(Maker { child, name: name.trim_end().to_owned(), folder })
}

/// In the child: says the name of what it has made.
pub fn say(name: &str) {
    // An error says that the parent has ended, and so does the leash, which tidies up:
    // to end here would leave behind what was made.
    let _ = writeln!(io::stdout(), "{name}");
}

/// In the child, at its end: the parent may not be there any more to do it.
pub fn remove_folder() {
    let folder: PathBuf = env::temp_dir();
    // Not the folder of all programs, when somebody has started this child by hand.
    let own = folder
        .file_name()
        .is_some_and(|name| name.to_str().is_some_and(|name| name.starts_with(PREFIX)));
    if own {
        // An error says that it is gone.
        let _ = fs::remove_dir_all(folder);
    }
}
