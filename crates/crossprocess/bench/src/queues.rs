//! Messages of four lengths, from one process to another and from two to two.

use std::io::{PipeReader, Read, Write};
use std::thread;
use std::time::Instant;

use crossprocess::process::Entry;
use crossprocess::{ByteQueue, Error, Latch, Segment};
use ipc_channel::ipc::{
    self, IpcBytesReceiver, IpcBytesSender, IpcOneShotServer, IpcSender,
};
use serde::{Deserialize, Serialize};

use crate::fork::Forked;
use crate::table::{Contender, compare};
use crate::{pthread, python};

pub const RECEIVER: Entry<Receiver> = Entry::new("receiver");
pub const SENDER: Entry<(usize, u64)> = Entry::new("sender");

/// Length of a message in bytes, how many are sent by each sender, and by Python's.
const SIZES: [(usize, u64, u64); 4] = [
    (8, 200_000, 10_000),
    (1 << 10, 80_000, 8_000),
    (64 << 10, 4_000, 2_000),
    (1 << 20, 250, 100),
];

/// How a child receives so many messages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Receiver {
    Ours(u64),
    IpcChannel(u64, String),
}

pub fn measure() -> anyhow::Result<()> {
    for (size, count, pythons) in SIZES {
        let contenders = vec![
            Contender::new("`ByteQueue`", || ours(1, size, count)),
            Contender::new("ipc-channel, bytes", || ipc_channel(size, count)),
            Contender::new("pipe, length and message", || pipe(size, count)),
            Contender::new("crossbeam, one process", || crossbeam(1, size, count)),
        ];
        let python = python::measure(&format!("queue {size} {pythons} 1"))?;
        compare(&format!("A message of {size} bytes, 1 to 1"), contenders, python)?;
    }
    for (size, count, pythons) in SIZES {
        let (count, pythons) = (count / 2, pythons / 2);
        let contenders = vec![
            Contender::new("`ByteQueue`", || ours(2, size, count)),
            Contender::new("crossbeam, one process", || crossbeam(2, size, count)),
        ];
        let python = python::measure(&format!("queue {size} {pythons} 2"))?;
        compare(&format!("A message of {size} bytes, 2 to 2"), contenders, python)?;
    }
    Ok(())
}

/// Seconds a message: this process sends alone, or two children do.
fn ours(pairs: u32, size: usize, count: u64) -> anyhow::Result<f64> {
    let capacity = (4 * size).max(1 << 18);
    let segment = Segment::create(2 * capacity + (1 << 16))?;
    let queue = ByteQueue::create(&segment, "queue", capacity)?;
    let ready =
        Latch::create(&segment, "ready", if pairs == 1 { 1 } else { 2 * pairs })?;
    let start = Latch::create(&segment, "start", 1)?;
    let done = Latch::create(&segment, "done", pairs)?;
    let receiver = Receiver::Ours(count);
    let mut children = Vec::new();
    for _ in 0..pairs {
        children.push(RECEIVER.with(&receiver)?.segment(&segment).spawn()?);
        if pairs > 1 {
            children.push(SENDER.with(&(size, count))?.segment(&segment).spawn()?);
        }
    }
    ready.wait()?;
    let message = vec![7; size];
    let begun = Instant::now();
    start.count_down();
    if pairs == 1 {
        (0..count).try_for_each(|_| queue.send(&message))?;
    }
    done.wait()?;
    let time = begun.elapsed().as_secs_f64() / (count * u64::from(pairs)) as f64;
    for mut child in children {
        child.wait()?;
    }
    Ok(time)
}

pub fn sender((size, count): (usize, u64)) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let queue = ByteQueue::open(&segment, "queue")?;
    let message = vec![7; size];
    Latch::open(&segment, "ready")?.count_down();
    Latch::open(&segment, "start")?.wait()?;
    (0..count).try_for_each(|_| queue.send(&message))
}

pub fn receiver(how: Receiver) -> Result<(), Error> {
    let segment = Segment::from_env()?;
    let ready = Latch::open(&segment, "ready")?;
    match how {
        Receiver::Ours(count) => {
            let queue = ByteQueue::open(&segment, "queue")?;
            ready.count_down();
            let mut message = Vec::new();
            (0..count).try_for_each(|_| queue.recv_into(&mut message))?;
        }
        Receiver::IpcChannel(count, server) => {
            let (sender, receiver): (IpcBytesSender, IpcBytesReceiver) =
                ipc::bytes_channel().expect("a channel");
            let bootstrap = IpcSender::connect(server).expect("the parent's server");
            bootstrap.send(sender).expect("the parent is there");
            ready.count_down();
            for _ in 0..count {
                receiver.recv().expect("a message");
            }
        }
    }
    Latch::open(&segment, "done")?.count_down();
    Ok(())
}

fn ipc_channel(size: usize, count: u64) -> anyhow::Result<f64> {
    let segment = Segment::create(1 << 16)?;
    let ready = Latch::create(&segment, "ready", 1)?;
    let done = Latch::create(&segment, "done", 1)?;
    let (server, name) = IpcOneShotServer::<IpcBytesSender>::new()?;
    let receiver = Receiver::IpcChannel(count, name);
    let mut child = RECEIVER.with(&receiver)?.segment(&segment).spawn()?;
    let (_, sender) = server.accept()?;
    ready.wait()?;
    let message = vec![7; size];
    let begun = Instant::now();
    (0..count).try_for_each(|_| sender.send(&message))?;
    done.wait()?;
    let time = begun.elapsed().as_secs_f64() / count as f64;
    child.wait()?;
    Ok(time)
}

fn pipe(size: usize, count: u64) -> anyhow::Result<f64> {
    let (reader, mut writer) = std::io::pipe()?;
    let (start, done) = (pthread::Barrier::new(2), pthread::Barrier::new(2));
    let mut child = Forked::new(|| {
        start.wait();
        read_all(&reader, count).expect("the messages");
        done.wait();
    })?;
    start.wait();
    let message = vec![7; size];
    let begun = Instant::now();
    for _ in 0..count {
        writer.write_all(&(size as u64).to_le_bytes())?;
        writer.write_all(&message)?;
    }
    done.wait();
    let time = begun.elapsed().as_secs_f64() / count as f64;
    child.wait();
    Ok(time)
}

fn read_all(mut reader: &PipeReader, count: u64) -> std::io::Result<()> {
    let mut message = Vec::new();
    for _ in 0..count {
        let mut length = [0; 8];
        reader.read_exact(&mut length)?;
        message.resize(u64::from_le_bytes(length) as usize, 0);
        reader.read_exact(&mut message)?;
    }
    Ok(())
}

fn crossbeam(pairs: u32, size: usize, count: u64) -> anyhow::Result<f64> {
    // As many as the queue between processes has room for.
    let room = (4 * size).max(1 << 18) / (size + 8);
    let (sender, receiver) = crossbeam_channel::bounded::<Vec<u8>>(room);
    let message = vec![7; size];
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..pairs {
            scope.spawn(|| (0..count).for_each(|_| drop(receiver.recv().unwrap())));
            // A copy, as between processes: who sends may go on to use it.
            scope.spawn(|| {
                (0..count).for_each(|_| sender.send(message.clone()).unwrap());
            });
        }
    });
    Ok(begun.elapsed().as_secs_f64() / (count * u64::from(pairs)) as f64)
}
