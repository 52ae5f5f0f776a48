//! A child that makes something with a name, in a folder that goes with it.
//!
//! Whoever is to find a socket or a segment must know its name, and if its maker is
//! killed it stays behind. So the child makes it in a folder of its own and says the
//! name on its standard output: the parent reads the name, or end of file when the
//! child has died. The folder is removed by the parent, or by the child when the parent
//! has ended. The child makes the folder, too: made before there is a child, nobody
//! would remove it after a parent that was killed in between.

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, ensure};
use common::child::ChildGuard;
use common::leash;

/// How the folder's name begins.
const PREFIX: &str = "pipe-demo-";

/// Where temporary files go, for every program on this system.
const VARIABLE: &str = if cfg!(windows) { "TMP" } else { "TMPDIR" };

/// A child that has said the name of what it has made.
pub struct Maker {
    pub child: ChildGuard,
    pub name: String,
    pub folder: Folder,
}

/// A folder that is removed on drop, with all that is in it.
pub struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // An error says that it is gone, or that the child has not come so far.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Starts a child and waits until it says the name, or has ended.
pub fn start(command: &mut Command) -> anyhow::Result<Maker> {
    let number = getrandom::u64().context("a random number")?;
    let folder = Folder(env::temp_dir().join(format!("{PREFIX}{number:016x}")));
    leash::put_on(command).stdout(Stdio::piped()).env(VARIABLE, &folder.0);
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

/// In the child: makes its folder, in which it is to make what others are to find.
///
/// # Errors
///
/// When the system refuses.
pub fn make_folder() -> anyhow::Result<()> {
    let folder = env::temp_dir();
    if !is_own(&folder) {
        return Ok(());
    }
    let private = &mut fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(private, 0o700);
    private.create(folder).context("make a folder for temporary files")
}

/// Not the folder of all programs, when somebody has started this child by hand.
fn is_own(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(PREFIX))
}

/// In the child: says the name of what it has made.
pub fn say(name: &str) {
    // An error says that the parent has ended, and so does the leash, which tidies up:
    // to end here would leave behind what was made.
    let _ = writeln!(io::stdout(), "{name}");
}

/// In the child, at its end: the parent may not be there any more to do it.
pub fn remove_folder() {
    let folder = env::temp_dir();
    if is_own(&folder) {
        // An error says that it is gone.
        let _ = fs::remove_dir_all(folder);
    }
}
