//! How a child gets its first ends of channels.
//!
//! For the first one the child makes a one-shot server and says its name: if the parent
//! made it, `accept` would wait for ever for a child that has died. The server is a
//! socket in a folder, which the parent removes, or the child when the parent has
//! ended.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::leash;
use ipc_channel::ipc::{IpcOneShotServer, IpcSender};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How the folder's name begins.
const PREFIX: &str = "manager-demo-";

/// Where temporary files go, for every program on this system.
pub const TEMPORARY: &str = if cfg!(windows) { "TMP" } else { "TMPDIR" };

/// Starts a child in a role that calls [`accept`], and sends it its ends of channels.
///
/// # Errors
///
/// When the child dies meanwhile, or the system refuses.
pub fn start<T>(role: &str, ends: T) -> anyhow::Result<ChildGuard>
where
    T: Serialize + DeserializeOwned,
{
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir();
    let folder = folder.context("make a folder for temporary files")?;
    let mut command = child::role(role).context("find this program")?;
    leash::put_on(&mut command).stdout(Stdio::piped()).env(TEMPORARY, folder.path());
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
    let (server, name) = IpcOneShotServer::new().context("make a one-shot server")?;
    leash::keep(remove_folder).context("start a thread")?;
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

/// At the end of a child whose parent may not be there any more to do it.
fn remove_folder() {
    let folder = env::temp_dir();
    // Not the folder of all programs, when somebody has started this child by hand.
    let name = folder.file_name().and_then(|name| name.to_str());
    if name.is_some_and(|name| name.starts_with(PREFIX)) {
        // An error says that it is gone.
        let _ = fs::remove_dir_all(folder);
    }
}
