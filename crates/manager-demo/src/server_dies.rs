//! When the manager dies, every client gets an error that says so; none hangs.
//!
//! One waits for its answer, one is about to ask, one is about to connect. The system
//! closes the manager's ends of all channels, also of those that were sent to it and
//! never taken. So the first one's `recv` ends, the second one's `send` fails, and so
//! does the third one's, or its `recv`. What the manager owned is gone with it: whoever
//! needs it longer has to write it down somewhere else. In Python the client sees
//! `EOFError`, `BrokenPipeError` or `ConnectionRefusedError`, without a name.
//!
//! Run:     cargo run -p manager-demo -- server-dies
//! Expect:  the same clear error for three clients in three situations
//! Chapter: book/src/managers.md
//! Source:  unix(7); std::io::ErrorKind::BrokenPipe; for Windows, ipc-channel 0.23,
//!          `OutOfBandMessage::recover_handles`

use std::time::Instant;

use anyhow::ensure;
use common::measure::duration;
use common::{Actor, println};

use crate::client::Client;
use crate::family::{self, ClientProcess, Manager, Order};

pub fn run() -> anyhow::Result<()> {
    if cfg!(windows) {
        println!("On Windows a copy of each end that is sent through the door stays");
        println!("in the process that made it: nobody would notice the death.");
        println!("\nok: nothing was shown, and nothing was claimed");
        return Ok(());
    }
    let parent = Actor::new("parent");
    let manager = Manager::start()?;
    let me = Client::connect(&manager.door, "parent")?;
    let mut clients = Vec::new();
    for name in ["client 1", "client 2", "client 3"] {
        clients.push(ClientProcess::start(name, &manager.door)?);
    }
    let [waiting, idle, late] = &clients[..] else { unreachable!("there are three") };

    idle.me.says(format!("{}, then does nothing", idle.does(Order::Push("a".into()))?));
    late.me.says("is not connected yet");
    waiting.me.says("waits for client 2 to leave");
    waiting.tell(Order::AwaitDeparture("client 2".into()))?;
    // The request has come to the manager.
    family::until_waiting(&me, 1)?;
    manager.kill()?;
    parent.says(format!("killed the manager, process {}\n", manager.door.pid));

    let killed = Instant::now();
    idle.tell(Order::Get)?;
    late.tell(Order::Get)?;
    let expected = format!("the manager, process {}, has died", manager.door.pid);
    for client in &clients {
        let report = client.report()?;
        let error = report.err().unwrap_or_else(|| "no error".into());
        client.me.says(format!("error: {error}"));
        ensure!(error == expected, "`{error}` does not say who died");
    }
    let took = duration(killed.elapsed().as_secs_f64());
    let mine = me.get("count").err().map(|error| error.to_string());
    parent.says(format!("error: {}", mine.as_deref().unwrap_or("none")));
    println!("all clients knew after {took}");
    ensure!(mine == Some(expected), "the parent has got an answer");
    println!("\nok: everybody heard who died, and nobody hung");
    Ok(())
}
