//! How a child gets its first ends of channels.
//!
//! For the first one the child makes a one-shot server and says its name: if the parent
//! made it, `accept` would wait for ever for a child that has died. The server is a
//! socket in a folder, which the parent removes, or the child when the parent has
//! ended.

use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::{env, fs, process};

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::leash;
use ipc_channel::ipc::{IpcOneShotServer, IpcSender};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How the folder's name begins.
const PREFIX: &str = "manager-demo-";

/// Where temporary files go, for every program on this system.
const TEMPORARY: &str = if cfg!(windows) { "TMP" } else { "TMPDIR" };

/// Starts a child in a role that calls [`accept`], and sends it its ends of channels.
///
/// # Errors
///
/// When the child dies meanwhile, or the system refuses.
pub fn start<T>(role: &str, ends: T) -> anyhow::Result<ChildGuard>
where
    T: Serialize + DeserializeOwned,
{
    let folder = Folder::new();
    let mut command = child::role(role).context("find this program")?;
    leash::put_on(&mut command).stdout(Stdio::piped()).env(TEMPORARY, &folder.0);
    keep_from_ctrl_c(&mut command);
    let child =
        ChildGuard::spawn(&mut command).with_context(|| format!("start {role}"))?;
    let stdout = child.take_stdout().context("a pipe")?;
    let mut name = String::new();
    BufReader::new(stdout).read_line(&mut name).context("hear a name")?;
    ensure!(name.ends_with('\n'), "{role} died before it was ready");
    let first = IpcSender::connect(name.trim_end().to_owned());
    first.context("connect to the child")?.send(ends).context("send it its ends")?;
    // The message waits for the child; the socket's name is done with.
    Ok(child)
}

/// In the child: says where it can be reached, and receives its ends.
pub fn accept<T>() -> anyhow::Result<T>
where
    T: Serialize + DeserializeOwned,
{
    let folder = env::temp_dir();
    // Not the folder of all programs, when somebody has started this child by hand.
    let name = folder.file_name().and_then(|name| name.to_str());
    ensure!(name.is_some_and(|name| name.starts_with(PREFIX)), "started by nobody");
    fs::create_dir(&folder).with_context(|| format!("make {}", folder.display()))?;
    leash::keep(|| drop(Folder(folder))).context("start a thread")?;
    let (server, name) = IpcOneShotServer::new().context("make a one-shot server")?;
    // An error says that the parent has ended, and so does the leash, which tidies up.
    let _ = writeln!(io::stdout(), "{name}");
    let (_, ends) = server.accept().context("accept the parent")?;
    Ok(ends)
}

/// Ctrl-C is for the parent: the child, on its leash, can then tidy up.
pub fn keep_from_ctrl_c(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// The folder of one child, removed on drop.
struct Folder(PathBuf);

impl Folder {
    /// Not made yet: who is killed before the child runs leaves nothing behind.
    fn new() -> Self {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);

        let number = FOLDERS.fetch_add(1, Relaxed);
        Self(env::temp_dir().join(format!("{PREFIX}{}-{number}", process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // An error says that it is gone.
        let _ = fs::remove_dir_all(&self.0);
    }
}
