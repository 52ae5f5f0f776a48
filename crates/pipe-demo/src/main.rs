//! Processes that talk: pipes, messages, channels, and a server with a secret.
//!
//! Run:     cargo run -p pipe-demo
//! Chapter: book/src/pipes.md

mod anonymous;
mod both_ways;
mod chain;
mod channel;
mod client;
mod counting;
mod eof;
mod forgive;
mod frame;
mod framing;
mod handshake;
mod large;
mod listener;
mod primes;
mod scratch;
mod server;
mod stage;
mod stdio;
mod throughput;
mod transport;
mod typed;

use std::process::ExitCode;

use common::Demo;

fn main() -> ExitCode {
    let about =
        "Processes that talk: pipes, messages, channels, a server with a secret.";
    let demo = Demo::new(env!("CARGO_PKG_NAME"), about)
        .scene("stdio", "ask a child, hear its answers and its complaints", stdio::run)
        .scene("both-ways", "full pipes: two who wait for each other", both_ways::run)
        .goes_wrong("both-ways-full", "write all, then read all", both_ways::full)
        .scene("anonymous", "a pipe is a queue with two ends", anonymous::run)
        .scene("chain", "three programs, two of them endless", chain::run)
        .scene("framing", "where a message begins, and where it ends", framing::run)
        .scene("eof", "the forgotten writing end", eof::run)
        .goes_wrong(
            "eof-forgotten",
            "a writing end that somebody still has",
            eof::forgotten,
        )
        .scene("typed", "values over channels, and channels over channels", typed::run)
        .scene(
            "listener",
            "a server, a secret, and a client that says nothing",
            listener::run,
        )
        .goes_wrong(
            "listener-in-turn",
            "one silent client blocks all",
            listener::in_turn,
        )
        .scene(
            "throughput",
            "the same messages by five ways, measured",
            throughput::run,
        );
    with_roles(demo).run()
}

/// What the children of the scenes do.
fn with_roles(demo: Demo) -> Demo {
    demo.role("stdio-child", stdio::child)
        .role("both-ways-child", both_ways::child)
        .role("anonymous-two", anonymous::two_streams)
        .role("anonymous-writer", anonymous::writer)
        .role("chain-stage", stage::run)
        .role("framing-child", framing::child)
        .role("eof-child", eof::child)
        .role("typed-worker", counting::worker)
        .role("typed-large", large::sender)
        .role("listener-client", client::client)
        .role("throughput-sender", transport::sender)
}
