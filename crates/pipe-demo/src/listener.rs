//! A server for many clients, who must know a secret and prove it in good time.
//!
//! Every program on this machine can connect to the port, so a client has to prove that
//! it knows the secret, and the server too. The thread that accepts never waits for a
//! client: each gets a thread of its own, and the handshake a time limit. So one who
//! connects and then says nothing blocks nobody. Python's `Listener` does the handshake
//! inside of `accept`, without a limit: one silent client blocks all the others.
//!
//! Run:     cargo run -p pipe-demo -- listener
//! Expect:  three clients served beside a silent one, two refused, and a hang explained
//! Chapter: book/src/ipc-channel.md
//! Source:  Python's Lib/multiprocessing/connection.py; RFC 2104

use std::sync::mpsc::TryRecvError;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use common::{Actor, println, timeline, trial};

use crate::client::{Client, Manner};
use crate::handshake::{self, Refused, new_secret};
use crate::server::{Server, listen, serve};

/// For those who are expected to take their time.
const PATIENT: Duration = Duration::from_secs(60);

/// A handshake takes far less than a millisecond.
const LIMIT: Duration = Duration::from_millis(100);

pub fn run() -> anyhow::Result<()> {
    let secret = new_secret()?;
    let server = Server::start(secret, PATIENT, 5)?;
    let silent = Client::start("silent", Manner::Silent, server.address, &secret)?;
    silent.hear()?;
    silent.me.says("is connected, and says nothing");

    let wrong = new_secret()?;
    let clients =
        [("ann", &secret), ("bob", &secret), ("eve", &wrong), ("joe", &secret)].map(
            |(name, secret)| {
                Client::start(name, Manner::Polite, server.address, secret)
            },
        );
    for (index, client) in clients.into_iter().enumerate() {
        let client = client?;
        let heard = client.hear()?;
        client.wait()?;
        client.me.says(&heard);
        let expected = if index == 2 { "refused" } else { "hello" };
        ensure!(heard.contains(expected), "{heard:?} in place of `{expected}`");
    }
    let outcomes: Vec<_> = server.outcomes.iter().take(4).collect();
    let served = outcomes.iter().filter(|(outcome, _)| outcome.is_ok()).count();
    ensure!(served == 3, "{served} clients were served");
    let refused = outcomes.iter().find_map(|(outcome, _)| outcome.as_ref().err());
    ensure!(matches!(refused, Some(Refused::WrongSecret)), "{refused:?}");
    let pending = server.outcomes.try_recv().is_err_and(|e| e == TryRecvError::Empty);
    ensure!(pending, "the silent client was served or refused");
    silent.me.says("is still in its handshake: nobody has waited for it\n");
    timeline::so_far().print();

    let server = Server::start(secret, LIMIT, 1)?;
    let slow = Client::start("slow", Manner::Slow, server.address, &secret)?;
    let (outcome, after) = server.outcomes.recv().context("the server ended")?;
    let Err(refusal) = outcome else { bail!("a byte now and then was enough") };
    println!("\nwho sends a byte now and then: {refusal}");
    ensure!(matches!(refusal, Refused::TimeUp { .. }) && after >= LIMIT, "{after:?}");
    drop((slow, silent));

    println!("\none thread, one client at a time, no limit:");
    let in_turn = trial("listener-in-turn")?;
    in_turn.show();
    ensure!(!in_turn.status.success(), "the silent client blocked nobody");
    println!("\nok: who knew the secret was served, and nobody waited for the silent");
    Ok(())
}

/// Goes wrong: no other client is looked at before this one has said something.
pub fn in_turn() -> anyhow::Result<()> {
    let me = Actor::new("server");
    let (secret, listener) = (new_secret()?, listen()?);
    let address = listener.local_addr()?;
    let silent = Client::start("silent", Manner::Silent, address, &secret)?;
    silent.hear()?;
    let _ann = Client::start("ann", Manner::Polite, address, &secret)?;
    for number in 1..=2 {
        let (stream, _) = listener.accept().context("accept a client")?;
        let _waiting = me.waits(format!("the proof of client {number}"));
        handshake::as_server(&stream, &secret, PATIENT).context("let a client in")?;
        serve(&stream)?;
    }
    Ok(())
}
