//! The manager's process: owns a map and a list, and answers one request at a time.
//!
//! One thread owns the data, so no lock is needed: requests wait in the channels. An
//! answer to a client that has died is an error of `send`, and its channel is closed;
//! neither is a reason to stop. Answers are short: one that no buffer can hold would
//! make everybody wait for the client that is to read it.

use std::collections::BTreeMap;

use anyhow::Context;
use common::Actor;
use ipc_channel::ipc::{IpcReceiver, IpcReceiverSet, IpcSelectionResult, IpcSender};

use crate::channel;
use crate::protocol::{Clients, Hello, Request};

/// Serves until nobody can ask any more.
pub fn run((): ()) -> anyhow::Result<()> {
    let door: IpcReceiver<Hello> = channel::accept()?;
    let mut set = IpcReceiverSet::new().context("make a set of receivers")?;
    let door = set.add(door).context("watch the door")?;
    let mut server = Server::new();
    let mut open = 1;
    while open > 0 {
        for event in set.select().context("wait for requests")? {
            match event {
                IpcSelectionResult::MessageReceived(id, message) if id == door => {
                    // What cannot be understood is not answered: its reply is dropped.
                    let Ok(Hello { name, requests }) = message.to() else { continue };
                    let id = set.add(requests).context("watch a client")?;
                    server.clients.insert(id, name);
                    open += 1;
                }
                IpcSelectionResult::MessageReceived(id, message) => {
                    let Ok(request) = message.to() else { continue };
                    server.answer(id, request);
                }
                IpcSelectionResult::ChannelClosed(id) => {
                    server.forget(id);
                    open -= 1;
                }
            }
        }
    }
    Ok(())
}

struct Server {
    me: Actor,
    map: BTreeMap<String, i64>,
    list: Vec<String>,
    /// By the number of their channels.
    clients: BTreeMap<u64, String>,
    waiting: Vec<Waiting>,
}

/// A client that is to hear of a departure.
struct Waiting {
    client: u64,
    departure: String,
    reply: IpcSender<()>,
}

impl Server {
    fn new() -> Self {
        let me = Actor::new("manager");
        let (map, clients) = (BTreeMap::new(), BTreeMap::new());
        Self { me, map, list: Vec::new(), clients, waiting: Vec::new() }
    }

    fn answer(&mut self, client: u64, request: Request) {
        let name = self.clients.get(&client).map_or("nobody", String::as_str);
        let _working = self.me.works(format!("a request of {name}"));
        match request {
            Request::Get { key, reply } => {
                send(&reply, self.map.get(&key).copied().unwrap_or(0));
            }
            Request::Set { key, value, reply } => {
                self.map.insert(key, value);
                send(&reply, ());
            }
            Request::Add { key, amount, reply } => {
                let value = self.map.entry(key).or_insert(0);
                *value += amount;
                send(&reply, *value);
            }
            Request::Push { item, reply } => {
                self.list.push(item);
                send(&reply, ());
            }
            Request::List { reply } => send(&reply, self.list.clone()),
            Request::Clients { reply } => {
                let names = self.clients.values().cloned().collect();
                let waiting = self.waiting.iter().map(|waiting| waiting.client);
                let waiting = waiting.filter_map(|id| self.clients.get(&id).cloned());
                send(&reply, Clients { names, waiting: waiting.collect() });
            }
            Request::AwaitDeparture { name, reply } => {
                self.waiting.push(Waiting { client, departure: name, reply });
                self.tell_of_departures();
            }
        }
    }

    /// Forgets a client, with all that it still waits for.
    fn forget(&mut self, client: u64) {
        if let Some(name) = self.clients.remove(&client) {
            self.me.marks(format!("{name} has gone"));
        }
        self.waiting.retain(|waiting| waiting.client != client);
        self.tell_of_departures();
    }

    fn tell_of_departures(&mut self) {
        self.waiting.retain(|waiting| {
            let here = self.clients.values().any(|name| *name == waiting.departure);
            if !here {
                send(&waiting.reply, ());
            }
            here
        });
    }
}

/// Sends an answer; that its client has died is noticed elsewhere.
fn send<T: serde::Serialize>(reply: &IpcSender<T>, answer: T) {
    let _ = reply.send(answer);
}
