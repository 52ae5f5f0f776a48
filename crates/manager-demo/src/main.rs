//! A manager: one process owns the data, the others ask it, and any of them may die.
//!
//! Run:     cargo run -p manager-demo
//! Chapter: book/src/managers.md

mod channel;
mod client;
mod client_dies;
mod cost;
mod family;
mod manager;
mod protocol;
mod server;
mod server_dies;
mod update;

use std::process::ExitCode;

use common::Demo;

fn main() -> ExitCode {
    let about = "One process owns the data, the others ask it; any of them may die.";
    Demo::new(env!("CARGO_PKG_NAME"), about)
        .scene("manager", "a map and a list that three processes share", manager::run)
        .scene("update", "two requests lose updates, one does not", update::run)
        .scene("client-dies", "a client killed in the middle", client_dies::run)
        .scene(
            "server-dies",
            "an error for everybody, a hang for none",
            server_dies::run,
        )
        .scene("cost", "a request here, and one to Python's Manager", cost::run)
        .role("manager-server", server::run)
        .role("manager-client", family::client)
        .run()
}
