//! In which orders the messages of two senders can arrive.

use std::sync::mpsc;
use std::thread;

use crate::outcomes::{self, Table};

/// What arrives when one thread sends A1 and then A2, and another one sends B1.
pub fn results() -> Table {
    let arrived = outcomes::all(|| {
        let (to_inbox, inbox) = mpsc::channel();
        let from_b = to_inbox.clone();
        thread::scope(|scope| {
            scope.spawn(move || {
                to_inbox.send("A1").unwrap();
                to_inbox.send("A2").unwrap();
            });
            scope.spawn(move || from_b.send("B1").unwrap());
        });
        inbox.iter().collect::<Vec<_>>().join(" ")
    })?;
    let orders =
        ["A1 A2 B1", "A1 B1 A2", "B1 A1 A2", "A2 A1 B1", "A2 B1 A1", "B1 A2 A1"];
    let line = |order: &str| {
        let arrives = arrived.iter().any(|known| known == order);
        format!("{order}   {}", if arrives { "can arrive" } else { "never" })
    };
    Ok(orders.map(line).into())
}
