//! How a child gets its first ends of channels.
//!
//! Channels are passed on over channels; for the first one the child makes a one-shot
//! server and says its name. If the parent made it, `accept` would wait for ever for a
//! child that has died.

use std::process::Command;

use anyhow::Context;
use common::child::ChildGuard;
use common::leash;
use ipc_channel::ipc::{IpcOneShotServer, IpcSender};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::scratch;

/// Starts a child that calls [`accept`], and sends it its ends of channels.
///
/// # Errors
///
/// When the child dies meanwhile, or the system refuses.
pub fn start<T>(command: &mut Command, ends: T) -> anyhow::Result<ChildGuard>
where
    T: Serialize + DeserializeOwned,
{
    let maker = scratch::start(command)?;
    let first = IpcSender::connect(maker.name).context("connect to the child")?;
    first.send(ends).context("send the child its ends")?;
    // The message waits for the child; the socket's name and folder are done with.
    Ok(maker.child)
}

/// In the child: says where it can be reached, and receives its ends.
pub fn accept<T>() -> anyhow::Result<T>
where
    T: Serialize + DeserializeOwned,
{
    scratch::make_folder()?;
    let (server, name) = IpcOneShotServer::new().context("make a one-shot server")?;
    leash::keep(scratch::remove_folder).context("start a thread")?;
    scratch::say(&name);
    let (_, ends) = server.accept().context("accept the parent")?;
    Ok(ends)
}
