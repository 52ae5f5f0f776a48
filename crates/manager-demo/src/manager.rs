//! A manager owns a map and a list; other processes change them by asking.
//!
//! Each client has a channel for its requests, and each request brings along one for
//! its answer. Requests are an enum: what a client can ask for is written down, and the
//! compiler checks it on both sides. The manager answers one request at a time, so no
//! client sees half of another's change. Python's `Manager` hands out proxies instead,
//! where `d["a"].append(1)` changes a copy and nothing else.
//!
//! Run:     cargo run -p manager-demo -- manager
//! Expect:  what three clients have set and pushed; who is connected
//! Chapter: book/src/managers.md
//! Source:  the documentation of ipc-channel, IpcReceiverSet

use anyhow::ensure;
use common::{Actor, println, timeline};

use crate::client::Client;
use crate::family::{ClientProcess, Manager, Order};

const CLIENTS: [&str; 3] = ["client 1", "client 2", "client 3"];

/// How often each client adds 1.
const TIMES: u32 = 5;

pub fn run() -> anyhow::Result<()> {
    let parent = Actor::new("parent");
    let manager = Manager::start()?;
    parent.says(format!("started a manager, process {}", manager.door.pid));
    let mut clients = Vec::new();
    for name in CLIENTS {
        clients.push(ClientProcess::start(name, &manager.door)?);
    }
    for (client, name) in clients.iter().zip(CLIENTS) {
        for number in 1..=2 {
            client.tell(Order::Push(format!("{name}, item {number}")))?;
        }
        client.tell(Order::Add(TIMES))?;
    }
    for client in &clients {
        for _ in 0..3 {
            client.me.says(client.hear()?);
        }
    }

    let me = Client::connect(&manager.door, "parent")?;
    let (count, list) = (me.get("count")?, me.list()?);
    let mut clients_now = me.clients()?;
    println!("\nthe count is {count}; the list has {} items", list.len());
    clients_now.names.sort_unstable();
    println!("connected: {}\n", clients_now.names.join(", "));
    timeline::so_far().print();

    ensure!(count == i64::from(TIMES) * 3, "the count is {count}");
    for name in CLIENTS {
        let of_it: Vec<_> = list.iter().filter(|item| item.starts_with(name)).collect();
        let in_order = [format!("{name}, item 1"), format!("{name}, item 2")];
        ensure!(
            of_it.into_iter().eq(&in_order),
            "not in the order of {name}: {list:?}"
        );
    }
    ensure!(clients_now.names.len() == 4, "not everybody is connected");
    println!("\nok: every request was answered once, and each client's came in order");
    Ok(())
}
