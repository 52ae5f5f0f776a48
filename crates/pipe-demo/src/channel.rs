//! How a child gets its first ends of channels, and what large messages take.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};
use common::child::{self, ChildGuard};
use common::measure::duration;
use common::println;
use ipc_channel::ipc::{self, IpcBytesSender, IpcOneShotServer, IpcSender};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{leash, scratch};

/// In bytes.
const LARGE: usize = 1 << 20;

/// How often a large message is sent each way.
const TIMES: usize = 3;

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
    // The message waits for the child; the socket's name and folder have done their work.
    Ok(maker.child)
}

/// In the child: says where it can be reached, and receives its ends.
pub fn accept<T>() -> anyhow::Result<T>
where
    T: Serialize + DeserializeOwned,
{
    let (server, name) = IpcOneShotServer::new().context("make a one-shot server")?;
    leash::keep(scratch::remove_folder).context("start a thread")?;
    println!("{name}");
    let (_, ends) = server.accept().context("accept the parent")?;
    Ok(ends)
}

/// The ends of one who sends large messages.
#[derive(Serialize, Deserialize)]
struct LargeEnds {
    values: IpcSender<Vec<u8>>,
    bytes: IpcBytesSender,
}

/// Prints what 1 MiB takes as a value, and as bytes.
pub fn compare_large_messages() -> anyhow::Result<()> {
    let (to_values, values) = ipc::channel().context("make a channel")?;
    let (to_bytes, bytes) = ipc::bytes_channel().context("make a channel of bytes")?;
    let mut command = child::role("typed-large").context("find this program")?;
    let ends = LargeEnds { values: to_values, bytes: to_bytes };
    let child = start(&mut command, ends).context("start the sender")?;

    let as_value = time_each(|| Ok(values.recv()?)).context("receive values")?;
    let as_bytes = time_each(|| Ok(bytes.recv()?)).context("receive bytes")?;
    let status = child.wait()?;
    ensure!(status.success(), "the sender ended with {status}");
    println!(
        "1 MiB as a `Vec<u8>`: {}; on a channel of bytes: {}, {:.0} times faster",
        duration(as_value),
        duration(as_bytes),
        as_value / as_bytes
    );
    Ok(())
}

/// The typical time in seconds from one message to the next.
fn time_each(mut recv: impl FnMut() -> anyhow::Result<Vec<u8>>) -> anyhow::Result<f64> {
    let mut seconds = Vec::new();
    // From the first on, which is there when the sender is.
    let mut last = None;
    for number in 0..=TIMES {
        let message = recv()?;
        let now = Instant::now();
        ensure!(message == vec![number as u8; LARGE], "message {number} is another");
        if let Some(last) = last.replace(now) {
            seconds.push((now - last).as_secs_f64());
        }
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[TIMES / 2])
}

#[derive(clap::Args)]
pub struct Nothing {}

/// Sends large messages, as values and as bytes.
pub fn large_sender(_: Nothing) -> anyhow::Result<()> {
    let LargeEnds { values, bytes } = accept()?;
    for number in 0..=TIMES {
        values.send(vec![number as u8; LARGE]).context("send a value")?;
    }
    for number in 0..=TIMES {
        bytes.send(&vec![number as u8; LARGE]).context("send bytes")?;
    }
    Ok(())
}
