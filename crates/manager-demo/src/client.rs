//! A connection to the manager: a method for each request.

use ipc_channel::IpcError;
use ipc_channel::ipc::{self, IpcReceiver, IpcSender};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::protocol::{Answer, Clients, Hello, Request};

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
    #[error("the manager, process {pid}, answered another question: {answer:?}")]
    WrongAnswer { pid: u32, answer: Answer },
}

/// One client's connection; dropping it says good-bye.
///
/// Not `Sync`, as its channels are not: two threads would take each other's answers.
pub struct Client {
    pid: u32,
    requests: IpcSender<Request>,
    answers: IpcReceiver<Answer>,
}

impl Client {
    /// Connects under a name, which others may see.
    ///
    /// # Errors
    ///
    /// [`Error::ManagerDied`]; that it dies later is told by the requests.
    pub fn connect(door: &Door, name: &str) -> Result<Self, Error> {
        let pid = door.pid;
        let (requests, to_manager) = channel(pid)?;
        let (from_manager, answers) = channel(pid)?;
        let name = name.to_owned();
        let hello = Hello { name, requests: to_manager, answers: from_manager };
        door.hellos.send(hello).map_err(|source| failed(pid, source))?;
        // From here on only the manager has the other ends. When it dies the system
        // closes them, whether it has taken them or not.
        Ok(Self { pid, requests, answers })
    }

    /// Sends a request, and waits for the answer or for the manager's death.
    fn ask(&self, request: Request) -> Result<Answer, Error> {
        let asked = self.requests.send(request);
        let answered = asked.and_then(|()| self.answers.recv());
        answered.map_err(|source| failed(self.pid, source))
    }

    /// What is under a key; 0 for none.
    pub fn get(&self, key: &str) -> Result<i64, Error> {
        self.value(Request::Get(key.to_owned()))
    }

    pub fn set(&self, key: &str, value: i64) -> Result<(), Error> {
        self.done(Request::Set(key.to_owned(), value))
    }

    /// Adds in one step, and returns the new value.
    pub fn add(&self, key: &str, amount: i64) -> Result<i64, Error> {
        self.value(Request::Add(key.to_owned(), amount))
    }

    pub fn push(&self, item: &str) -> Result<(), Error> {
        self.done(Request::Push(item.to_owned()))
    }

    pub fn list(&self) -> Result<Vec<String>, Error> {
        match self.ask(Request::List)? {
            Answer::List(list) => Ok(list),
            answer => Err(Error::WrongAnswer { pid: self.pid, answer }),
        }
    }

    pub fn clients(&self) -> Result<Clients, Error> {
        match self.ask(Request::Clients)? {
            Answer::Clients(clients) => Ok(clients),
            answer => Err(Error::WrongAnswer { pid: self.pid, answer }),
        }
    }

    /// Waits until no client of this name is connected.
    pub fn await_departure(&self, name: &str) -> Result<(), Error> {
        self.done(Request::AwaitDeparture(name.to_owned()))
    }

    /// As [`get`](Self::get), with a channel for this one answer.
    pub fn get_by_own_channel(&self, key: &str) -> Result<i64, Error> {
        let (reply, answer) = channel(self.pid)?;
        let asked = self.requests.send(Request::GetTo(key.to_owned(), reply));
        let answered = asked.and_then(|()| answer.recv());
        answered.map_err(|source| failed(self.pid, source))
    }

    fn value(&self, request: Request) -> Result<i64, Error> {
        match self.ask(request)? {
            Answer::Value(value) => Ok(value),
            answer => Err(Error::WrongAnswer { pid: self.pid, answer }),
        }
    }

    fn done(&self, request: Request) -> Result<(), Error> {
        match self.ask(request)? {
            Answer::Done => Ok(()),
            answer => Err(Error::WrongAnswer { pid: self.pid, answer }),
        }
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
