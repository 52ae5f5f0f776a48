//! A connection to the manager: a method for each request.

use ipc_channel::IpcError;
use ipc_channel::ipc::{self, IpcReceiver, IpcSender};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::protocol::{Clients, Hello, Request};

/// Where the manager can be reached; it may be copied and sent to other processes.
#[derive(Clone, Serialize, Deserialize)]
pub struct Door {
    /// The manager's process.
    pub pid: u32,
    pub hellos: IpcSender<Hello>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Whether it did what it was last asked for, nobody can tell any more.
    #[error("the manager, process {pid}, has died")]
    ManagerDied { pid: u32 },
    #[error("cannot talk to the manager, process {pid}")]
    Channel { pid: u32, source: IpcError },
}

/// One client's connection; dropping it says good-bye.
pub struct Client {
    pid: u32,
    requests: IpcSender<Request>,
}

impl Client {
    /// Connects under a name, which others may see.
    ///
    /// # Errors
    ///
    /// [`Error::ManagerDied`]; that it dies later is told by the requests.
    pub fn connect(door: &Door, name: &str) -> Result<Self, Error> {
        let pid = door.pid;
        let (requests, receiver) = channel(pid)?;
        let hello = Hello { name: name.to_owned(), requests: receiver };
        door.hellos.send(hello).map_err(|source| failed(pid, source))?;
        Ok(Self { pid, requests })
    }

    /// Sends a request, and waits for the answer or for the manager's death.
    fn ask<R>(&self, request: impl FnOnce(IpcSender<R>) -> Request) -> Result<R, Error>
    where
        R: Serialize + DeserializeOwned,
    {
        let (reply, answer) = channel(self.pid)?;
        // From here on only the manager has the other end of `answer`: when it dies,
        // the system closes that, whether the request was read or not.
        let asked = self.requests.send(request(reply));
        let answered = asked.and_then(|()| answer.recv());
        answered.map_err(|source| failed(self.pid, source))
    }

    /// What is under a key; 0 for none.
    pub fn get(&self, key: &str) -> Result<i64, Error> {
        self.ask(|reply| Request::Get { key: key.to_owned(), reply })
    }

    pub fn set(&self, key: &str, value: i64) -> Result<(), Error> {
        self.ask(|reply| Request::Set { key: key.to_owned(), value, reply })
    }

    /// Adds in one step, and returns the new value.
    pub fn add(&self, key: &str, amount: i64) -> Result<i64, Error> {
        self.ask(|reply| Request::Add { key: key.to_owned(), amount, reply })
    }

    pub fn push(&self, item: &str) -> Result<(), Error> {
        self.ask(|reply| Request::Push { item: item.to_owned(), reply })
    }

    pub fn list(&self) -> Result<Vec<String>, Error> {
        self.ask(|reply| Request::List { reply })
    }

    pub fn clients(&self) -> Result<Clients, Error> {
        self.ask(|reply| Request::Clients { reply })
    }

    /// Waits until no client of this name is connected.
    pub fn await_departure(&self, name: &str) -> Result<(), Error> {
        self.ask(|reply| Request::AwaitDeparture { name: name.to_owned(), reply })
    }
}

fn channel<T>(pid: u32) -> Result<(IpcSender<T>, IpcReceiver<T>), Error>
where
    T: Serialize + DeserializeOwned,
{
    let made = ipc::channel().map_err(IpcError::Io);
    made.map_err(|source| Error::Channel { pid, source })
}

/// What a failure of `send` or `recv` says about the manager.
fn failed(pid: u32, source: IpcError) -> Error {
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset};

    match source {
        IpcError::Disconnected => Error::ManagerDied { pid },
        IpcError::Io(error) if matches!(error.kind(), BrokenPipe | ConnectionReset) => {
            Error::ManagerDied { pid }
        }
        source => Error::Channel { pid, source },
    }
}
