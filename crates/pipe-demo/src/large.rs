//! What a large message takes, as a value and as bytes.

use std::time::Instant;

use anyhow::{Context, ensure};
use common::child;
use common::measure::duration;
use common::println;
use ipc_channel::ipc::{self, IpcBytesSender, IpcSender};
use serde::{Deserialize, Serialize};

use crate::channel;
use crate::forgive::forgive;

/// In bytes.
const LARGE: usize = 256 << 10;

/// How often the time from one message to the next is taken.
const TIMES: usize = 3;

/// The ends of one who sends large messages.
#[derive(Serialize, Deserialize)]
struct Ends {
    values: IpcSender<Vec<u8>>,
    bytes: IpcBytesSender,
}

/// Prints what a large message takes as a value, and as bytes.
pub fn compare() -> anyhow::Result<()> {
    let (to_values, values) = ipc::channel().context("make a channel")?;
    let (to_bytes, bytes) = ipc::bytes_channel().context("make a channel of bytes")?;
    let mut command = child::role("typed-large").context("find this program")?;
    let ends = Ends { values: to_values, bytes: to_bytes };
    let child = channel::start(&mut command, ends).context("start the sender")?;

    let as_value = time_each(|| Ok(values.recv()?)).context("receive values")?;
    let as_bytes = time_each(|| Ok(bytes.recv()?)).context("receive bytes")?;
    let status = child.wait()?;
    ensure!(status.success(), "the sender ended with {status}");
    println!(
        "{} KiB as a `Vec<u8>`: {}; on a channel of bytes: {}, {:.0} times faster",
        LARGE >> 10,
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
pub fn sender(_: Nothing) -> anyhow::Result<()> {
    forgive(send_all(&channel::accept()?))
}

fn send_all(Ends { values, bytes }: &Ends) -> anyhow::Result<()> {
    for number in 0..=TIMES {
        values.send(vec![number as u8; LARGE]).context("send a value")?;
    }
    for number in 0..=TIMES {
        bytes.send(&vec![number as u8; LARGE]).context("send bytes")?;
    }
    Ok(())
}
