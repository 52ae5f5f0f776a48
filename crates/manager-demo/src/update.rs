//! Two requests are two steps: between a get and a set others get and set.
//!
//! The manager answers one request at a time, so each of them is whole. An update made
//! of two is not: what another client has set in between is overwritten. So the update
//! itself has to be a request, and the manager carries it out. In Python `d["n"] += 1`
//! on a manager's dict is a get and a set; a lock around it costs two requests more.
//!
//! Run:     cargo run -p manager-demo -- update
//! Expect:  0 + 1 + 1 = 1; how many of 2000 updates are lost by chance; then none
//! Chapter: book/src/managers.md
//! Source:  Python's multiprocessing, "Managers"

use anyhow::ensure;
use common::println;

use crate::client::Client;
use crate::family::{ClientProcess, Manager, Order};

/// How often each client adds 1.
const TIMES: u32 = 1000;

pub fn run() -> anyhow::Result<()> {
    let manager = Manager::start()?;
    let me = Client::connect(&manager.door, "parent")?;
    let one = ClientProcess::start("client 1", &manager.door)?;
    let two = ClientProcess::start("client 2", &manager.door)?;

    one.me.says(one.does(Order::Get)?);
    two.me.says(two.does(Order::Get)?);
    one.me.says(one.does(Order::SetToOneMore)?);
    two.me.says(two.does(Order::SetToOneMore)?);
    let count = me.get("count")?;
    println!("get, then set: 0 + 1 + 1 = {count}\n");
    ensure!(count == 1, "both have got 0, yet the count is {count}");

    let expected = i64::from(2 * TIMES);
    let kept = |order: Order| -> anyhow::Result<i64> {
        me.set("count", 0)?;
        one.tell(order.clone())?;
        two.tell(order)?;
        one.hear()?;
        two.hear()?;
        Ok(me.get("count")?)
    };
    let by_two = kept(Order::GetThenSet(TIMES))?;
    println!("the same left to chance: {by_two} of {expected} updates were kept");
    let by_one = kept(Order::Add(TIMES))?;
    println!("update as one request:   {by_one} of {expected} updates were kept");
    ensure!(by_one == expected, "{by_one} of {expected} updates were kept");
    println!("\nok: an update that is one request is never lost");
    Ok(())
}
