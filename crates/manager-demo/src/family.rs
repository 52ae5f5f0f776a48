//! The manager and its clients, as the process that starts them holds them.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use common::Actor;
use common::child::ChildGuard;
use ipc_channel::ipc::{self, IpcReceiver, IpcSender};
use serde::{Deserialize, Serialize};

use crate::client::{Client, Door, Error};
use crate::{channel, server};

/// How long clients may take to send a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running manager; dropping it kills and reaps the process.
pub struct Manager {
    pub door: Door,
    child: ChildGuard,
}

impl Manager {
    pub fn start() -> anyhow::Result<Self> {
        // Made here, so that its lane is above those of the clients.
        let _actor = Actor::new("manager");
        Self::start_with(true)
    }

    /// Starts one that does nothing but its work, to be measured.
    pub fn start_unrecorded() -> anyhow::Result<Self> {
        Self::start_with(false)
    }

    fn start_with(recorded: bool) -> anyhow::Result<Self> {
        let (hellos, door) = ipc::channel().context("make a channel")?;
        let child = channel::start("manager-server", server::Ends { door, recorded })?;
        Ok(Self { door: Door { pid: child.id(), hellos }, child })
    }

    /// Kills it, and returns when it is no more.
    pub fn kill(&self) -> anyhow::Result<()> {
        self.child.kill().context("kill the manager")?;
        self.child.wait().context("wait for the manager")?;
        Ok(())
    }
}

/// What a client process does next.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Order {
    Get,
    SetToOneMore,
    /// So many times get, and then set to one more.
    GetThenSet(u32),
    /// So many times add, in one request each.
    Add(u32),
    Push(String),
    AwaitDeparture(String),
}

/// A client process's first ends.
#[derive(Serialize, Deserialize)]
struct Ends {
    name: String,
    door: Door,
    orders: IpcReceiver<Order>,
    reports: IpcSender<Report>,
}

/// What it did, or why it could not.
type Report = Result<String, String>;

/// A running client process; dropping it kills and reaps it.
pub struct ClientProcess {
    pub me: Actor,
    orders: IpcSender<Order>,
    reports: IpcReceiver<Report>,
    child: ChildGuard,
}

impl ClientProcess {
    pub fn start(name: &str, door: &Door) -> anyhow::Result<Self> {
        let me = Actor::new(name);
        let (orders, theirs) = ipc::channel().context("make a channel")?;
        let (report, reports) = ipc::channel().context("make a channel")?;
        let (name, door) = (name.to_owned(), door.clone());
        let ends = Ends { name, door, orders: theirs, reports: report };
        let child = channel::start("manager-client", ends)?;
        Ok(Self { me, orders, reports, child })
    }

    /// Gives an order, and does not wait.
    pub fn tell(&self, order: Order) -> anyhow::Result<()> {
        self.orders.send(order).context("tell a client")
    }

    /// Waits until it has done what it was told; an error is what it met.
    pub fn hear(&self) -> anyhow::Result<String> {
        self.report()?.map_err(|error| anyhow!(error))
    }

    /// As [`hear`](Self::hear), where it may well have met an error.
    pub fn report(&self) -> anyhow::Result<Report> {
        self.reports.recv().context("hear a client")
    }

    /// Gives an order, and waits until it is done.
    pub fn does(&self, order: Order) -> anyhow::Result<String> {
        self.tell(order)?;
        self.hear()
    }

    /// Kills it, and returns when it is no more.
    pub fn kill(&self) -> anyhow::Result<()> {
        self.child.kill().context("kill a client")?;
        self.child.wait().context("wait for a client")?;
        Ok(())
    }
}

/// Asks until so many clients wait in the middle of a request.
///
/// # Errors
///
/// When they do not come to it in [`PATIENCE`]: no watchdog ends who keeps asking.
pub fn until_waiting(me: &Client, number: usize) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let waiting = me.clients()?.waiting;
        if waiting.len() == number {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "of {number} clients {waiting:?} wait");
        thread::yield_now();
    }
}

/// The client's process: does what it is told, until nobody can tell it any more.
pub fn client((): ()) -> anyhow::Result<()> {
    let Ends { name, door, orders, reports } = channel::accept()?;
    let me = Actor::new(&name);
    let mut client = None;
    let mut seen = 0;
    while let Ok(order) = orders.recv() {
        let _waiting = me.waits(format!("{order:?}"));
        let report = carry_out(&mut client, &door, &name, &mut seen, order);
        // A parent that has gone does not miss it.
        let _ = reports.send(report.map_err(|error| error.to_string()));
    }
    Ok(())
}

const KEY: &str = "count";

fn carry_out(
    client: &mut Option<Client>,
    door: &Door,
    name: &str,
    seen: &mut i64,
    order: Order,
) -> Result<String, Error> {
    // Connects with the first order.
    let client = match client {
        Some(client) => client,
        None => client.insert(Client::connect(door, name)?),
    };
    Ok(match order {
        Order::Get => {
            *seen = client.get(KEY)?;
            format!("gets {seen}")
        }
        Order::SetToOneMore => {
            client.set(KEY, *seen + 1)?;
            format!("sets {}", *seen + 1)
        }
        Order::GetThenSet(times) => {
            for _ in 0..times {
                client.set(KEY, client.get(KEY)? + 1)?;
            }
            format!("got and set {times} times")
        }
        Order::Add(times) => {
            for _ in 0..times {
                client.add(KEY, 1)?;
            }
            format!("added {times} times")
        }
        Order::Push(item) => {
            client.push(&item)?;
            format!("pushed `{item}`")
        }
        Order::AwaitDeparture(other) => {
            client.await_departure(&other)?;
            format!("hears that {other} has gone")
        }
    })
}
