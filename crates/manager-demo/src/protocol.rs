//! What clients and the manager say to each other.
//!
//! A request brings along the channel for its answer, so each answer has its type, and
//! nobody can take an answer for another. Nothing here is a reference to what the
//! manager owns: what a client has is a copy, and it says when it wants a change.

use ipc_channel::ipc::{IpcReceiver, IpcSender};
use serde::{Deserialize, Serialize};

/// A client's first words; a channel for each client tells when one has died.
#[derive(Serialize, Deserialize)]
pub struct Hello {
    pub name: String,
    pub requests: IpcReceiver<Request>,
}

#[derive(Serialize, Deserialize)]
pub enum Request {
    Get {
        key: String,
        reply: IpcSender<i64>,
    },
    Set {
        key: String,
        value: i64,
        reply: IpcSender<()>,
    },
    /// Get and set in one: nobody comes in between. Answered with the new value.
    Add {
        key: String,
        amount: i64,
        reply: IpcSender<i64>,
    },
    Push {
        item: String,
        reply: IpcSender<()>,
    },
    List {
        reply: IpcSender<Vec<String>>,
    },
    Clients {
        reply: IpcSender<Clients>,
    },
    /// Answered when the client of this name is no longer there.
    AwaitDeparture {
        name: String,
        reply: IpcSender<()>,
    },
}

/// Who is connected.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Clients {
    pub names: Vec<String>,
    /// Those among them that wait for a departure.
    pub waiting: Vec<String>,
}
