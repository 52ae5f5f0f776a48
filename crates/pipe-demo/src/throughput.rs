//! Small messages pay for each call of the kernel, large ones for each copy.
//!
//! A child sends, the parent receives, as fast as they can. A pipe and a socket take
//! two calls a message, unless many are gathered in a buffer first, which makes the
//! first one late. `ipc-channel` is a socket with boundaries. A ring in shared memory
//! needs no call as long as nobody has to sleep. Large messages are limited by copying,
//! whatever the way. So choose for what it does, and measure before you leave the pipe.
//! What is promised here is that every message came, once and in order; how fast is
//! observed.
//!
//! Run:     cargo run --release -p pipe-demo -- throughput
//! Expect:  messages a second for two sizes and five ways, as bars
//! Chapter: book/src/ipc-channel.md
//! Source:  pipe(7), unix(7), the crates ipc-channel and crossprocess

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use common::measure::{bar, machine};
use common::println;

use crate::transport::{Receiver, Transport};

/// In bytes.
pub const SIZES: [usize; 2] = [8, 64 << 10];

/// How long messages of one size are sent.
pub const SPAN: Duration = Duration::from_millis(60);

/// After how many messages the sender looks at the clock.
pub const CHECK_EVERY: u64 = 16;

/// Says that the next message is the number of messages.
pub const END: u64 = u64::MAX;

const WAYS: [(Transport, &str); 5] = [
    (Transport::Pipe, "pipe, a write each"),
    (Transport::Gathered, "pipe, gathered"),
    (Transport::Socket, "socket, a write each"),
    (Transport::Channel, "ipc-channel, bytes"),
    (Transport::Ring, "ring, shared memory"),
];

pub fn run() -> anyhow::Result<()> {
    println!("{}", machine());
    let mut measured = Vec::new();
    for (transport, name) in WAYS {
        if cfg!(unix) || transport != Transport::Socket {
            let rates = rates(transport).with_context(|| name.to_owned())?;
            measured.push((name, rates));
        }
    }
    for (index, size) in SIZES.into_iter().enumerate() {
        let best = measured.iter().map(|(_, rates)| rates[index]).fold(0.0, f64::max);
        println!("\nmessages of {size} bytes");
        for (name, rates) in &measured {
            let rate = rates[index];
            println!(
                "  {name:<20} {:>9.1} k/s {:>6.0} MB/s  {}",
                rate / 1e3,
                rate * size as f64 / 1e6,
                bar(rate, best, 24)
            );
        }
    }
    println!("\nok: every message came once, and in order");
    Ok(())
}

/// Messages a second for each size.
fn rates(transport: Transport) -> anyhow::Result<[f64; SIZES.len()]> {
    let (sender, mut receiver) = transport.start()?;
    let mut rates = [0.0; SIZES.len()];
    for (rate, size) in rates.iter_mut().zip(SIZES) {
        *rate = receive_all(&mut receiver, size)
            .with_context(|| format!("messages of {size} bytes"))?;
    }
    // In this order the sender is the last to have the ring, and frees it.
    drop(receiver);
    sender.finish()?;
    Ok(rates)
}

/// Receives until the end and checks that nothing is missing; messages a second.
fn receive_all(receiver: &mut Receiver, size: usize) -> anyhow::Result<f64> {
    let mut message = Vec::new();
    let mut received = 0;
    let mut start = None;
    loop {
        receiver.recv(&mut message)?;
        // Not before the first: until then the sender was starting.
        let start = *start.get_or_insert_with(Instant::now);
        let number = number(&message)?;
        if number == END {
            let seconds = start.elapsed().as_secs_f64();
            receiver.recv(&mut message)?;
            let sent = self::number(&message)?;
            ensure!(received == sent, "{received} of {sent} messages came");
            return Ok(received as f64 / seconds);
        }
        ensure!(message.len() == size, "{} bytes", message.len());
        ensure!(number == received, "message {number} came as number {received}");
        received += 1;
    }
}

/// The number that a message begins with.
fn number(message: &[u8]) -> anyhow::Result<u64> {
    let (number, _) = message.split_first_chunk().context("less than 8 bytes")?;
    Ok(u64::from_le_bytes(*number))
}
