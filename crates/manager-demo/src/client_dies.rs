//! A client that is killed in the middle of a request costs the manager nothing.
//!
//! When a process ends, however it ends, the system closes its channels. The manager
//! sees the channel closed, after all requests that came before, and forgets the client
//! with all that it was waiting for. What was asked for has been done once; only the
//! answer has nobody to go to. In Python a client that dies with a manager's lock keeps
//! it for ever.
//!
//! Run:     cargo run -p manager-demo -- client-dies
//! Expect:  a client killed while it waits; the others, who hear of it and go on
//! Chapter: book/src/managers.md
//! Source:  unix(7), socketpair(2); the documentation of ipc-channel

use anyhow::ensure;
use common::{Actor, println, timeline};

use crate::client::Client;
use crate::family::{self, ClientProcess, Manager, Order};

pub fn run() -> anyhow::Result<()> {
    let parent = Actor::new("parent");
    let manager = Manager::start()?;
    let me = Client::connect(&manager.door, "parent")?;
    let one = ClientProcess::start("client 1", &manager.door)?;
    let two = ClientProcess::start("client 2", &manager.door)?;
    two.me.says(two.does(Order::Push("mine".into()))?);

    one.me.says(one.does(Order::Push("also mine".into()))?);

    // Both are connected by now: nobody waits for one who has yet to come.
    two.me.says("waits for client 1 to leave");
    two.tell(Order::AwaitDeparture("client 1".into()))?;
    one.me.says("waits for client 2 to leave");
    one.tell(Order::AwaitDeparture("client 2".into()))?;
    // Both requests have come to the manager, and neither is answered.
    family::until_waiting(&me, 2)?;
    two.kill()?;
    two.me.dies("killed");
    parent.says("killed client 2, which was waiting for an answer");

    one.me.says(one.hear()?);
    let clients = me.clients()?;
    let list = me.list()?;
    println!(
        "\nconnected: {}; waiting: {}",
        clients.names.join(", "),
        clients.waiting.len()
    );
    println!("the list:  {}\n", list.join(", "));
    timeline::so_far().print();
    ensure!(clients.names == ["parent", "client 1"], "connected: {:?}", clients.names);
    ensure!(clients.waiting.is_empty(), "waiting: {:?}", clients.waiting);
    ensure!(list == ["mine", "also mine"], "the list is {list:?}");
    one.does(Order::Add(1))?;
    println!("\nok: the manager forgot who died, and kept what it had done for it");
    Ok(())
}
