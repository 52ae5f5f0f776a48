//! What clients and the manager say to each other.
//!
//! Both sides are built from this file, so the compiler checks what can be asked for
//! and answered. Nothing here is a reference to what the manager owns: what a client
//! has is a copy, and when it wants a change it says so.

use ipc_channel::ipc::{IpcReceiver, IpcSender};
use serde::{Deserialize, Serialize};

/// A client's first words: its own two channels. They tell when it has died.
#[derive(Serialize, Deserialize)]
pub struct Hello {
    pub name: String,
    pub requests: IpcReceiver<Request>,
    pub answers: IpcSender<Answer>,
}

/// Each is answered once, in order, on the channel for answers.
#[derive(Serialize, Deserialize)]
pub enum Request {
    Get(String),
    Set(String, i64),
    /// Get and set in one: nobody comes in between. Answered with the new value.
    Add(String, i64),
    Push(String),
    List,
    Clients,
    /// Answered when no client of this name is connected.
    AwaitDeparture(String),
    /// As `Get`, answered on the channel that it brings along.
    GetTo(String, IpcSender<i64>),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    Done,
    Value(i64),
    List(Vec<String>),
    Clients(Clients),
}

/// Who is connected.
#[derive(Debug, Serialize, Deserialize)]
pub struct Clients {
    pub names: Vec<String>,
    /// Those among them that wait for a departure.
    pub waiting: Vec<String>,
}
