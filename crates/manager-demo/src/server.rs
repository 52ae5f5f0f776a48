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
use serde::{Deserialize, Serialize};

use crate::channel;
use crate::protocol::{Answer, Clients, Hello, Request};

/// What the manager's process is given.
#[derive(Serialize, Deserialize)]
pub struct Ends {
    pub door: IpcReceiver<Hello>,
    /// Whether its work is to be seen in the timeline, which takes some time.
    pub recorded: bool,
}

/// Serves until nobody can ask any more.
pub fn run((): ()) -> anyhow::Result<()> {
    let Ends { door, recorded } = channel::accept()?;
    let mut set = IpcReceiverSet::new().context("make a set of receivers")?;
    let door = set.add(door).context("watch the door")?;
    let mut server = Server::new(recorded);
    let mut open = 1;
    while open > 0 {
        for event in set.select().context("wait for requests")? {
            match event {
                IpcSelectionResult::MessageReceived(id, message) if id == door => {
                    // Whoever says what is no hello hears that its channels are closed.
                    let Ok(Hello { name, requests, answers }) = message.to() else {
                        continue;
                    };
                    let id = set.add(requests).context("watch a client")?;
                    let client = Connected { name, answers, awaited: None };
                    server.clients.insert(id, client);
                    open += 1;
                }
                IpcSelectionResult::MessageReceived(id, message) => {
                    match message.to() {
                        Ok(request) => server.answer(id, request),
                        // It would wait for an answer for ever.
                        Err(_) => server.forget(id),
                    }
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
    /// `None` when it is not recorded.
    me: Option<Actor>,
    map: BTreeMap<String, i64>,
    list: Vec<String>,
    /// By the number of their channels for requests.
    clients: BTreeMap<u64, Connected>,
}

struct Connected {
    name: String,
    answers: IpcSender<Answer>,
    /// Whose departure it waits for, in the middle of a request.
    awaited: Option<String>,
}

impl Connected {
    fn send(&self, answer: Answer) {
        // An error says that the client has died; so will its closed channel.
        let _ = self.answers.send(answer);
    }
}

impl Server {
    fn new(recorded: bool) -> Self {
        let (map, clients) = (BTreeMap::new(), BTreeMap::new());
        let me = recorded.then(|| Actor::new("manager"));
        Self { me, map, list: Vec::new(), clients }
    }

    fn answer(&mut self, id: u64, request: Request) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        let _working =
            self.me.map(|me| me.works(format!("a request of {}", client.name)));
        let answer = match request {
            Request::Get(key) => Answer::Value(value_of(&self.map, &key)),
            Request::Set(key, value) => {
                self.map.insert(key, value);
                Answer::Done
            }
            Request::Add(key, amount) => {
                let value = self.map.entry(key).or_insert(0);
                *value += amount;
                Answer::Value(*value)
            }
            Request::Push(item) => {
                self.list.push(item);
                Answer::Done
            }
            Request::List => Answer::List(self.list.clone()),
            Request::Clients => Answer::Clients(self.clients()),
            Request::AwaitDeparture(name) => {
                client.awaited = Some(name);
                return self.tell_of_departures();
            }
            Request::GetTo(key, reply) => {
                let _ = reply.send(value_of(&self.map, &key));
                return;
            }
        };
        self.clients[&id].send(answer);
    }

    fn clients(&self) -> Clients {
        let name = |client: &Connected| client.name.clone();
        let names = self.clients.values().map(name).collect();
        let waiting = self.clients.values().filter(|client| client.awaited.is_some());
        Clients { names, waiting: waiting.map(name).collect() }
    }

    /// Forgets a client, and what it was waiting for.
    fn forget(&mut self, id: u64) {
        if let Some(client) = self.clients.remove(&id)
            && let Some(me) = self.me
        {
            me.marks(format!("{} has gone", client.name));
        }
        self.tell_of_departures();
    }

    fn tell_of_departures(&mut self) {
        let names = self.clients().names;
        for client in self.clients.values_mut() {
            if client.awaited.take_if(|awaited| !names.contains(awaited)).is_some() {
                client.send(Answer::Done);
            }
        }
    }
}

fn value_of(map: &BTreeMap<String, i64>, key: &str) -> i64 {
    map.get(key).copied().unwrap_or(0)
}
