//! A process is killed while it sends or receives: a message is there whole, or not at all.
//!
//! A message counts when one word is stored, and is gone when another one is; so there is
//! no half of one, whenever its sender dies, and what was sent stays sent. A task that
//! was taken and not done is lost with its taker, and `wait` says so. Python writes
//! messages into a pipe, in a thread, later: the start of one may be there without its
//! end, one that was `put` may be nowhere, and who was killed while it read still has the
//! lock that readers share.
//!
//! Run:     cargo run -p process-sync-demo -- die-sending
//! Expect:  four who go on, each told what it should know; the same four in Python
//! Chapter: book/src/peer-death.md
//! Source:  crossprocess, "What happens when a process dies"; python/cpython, gh-87971

use anyhow::{bail, ensure};
use common::println;
use crossprocess::{ByteQueue, Error, JoinableQueue, Queue};

use crate::killing::{Case, LIMIT, play};

/// In bytes: long enough to be killed in the middle of it.
const LARGE: usize = 512 << 10;
/// Messages that are received while the victim sends, before it is killed.
const BEFORE: u8 = 3;

pub fn run() -> anyhow::Result<()> {
    play("die-sending", "killed", &CASES)?;
    println!("ok: what was sent was received, whole, and what was lost is known");
    Ok(())
}

pub const CASES: [Case; 4] = [
    Case {
        name: "in send",
        victim: |stage| {
            let queue = ByteQueue::open(&stage.segment, "it")?;
            let _sending = stage.wait("room for a large message");
            (1..).try_for_each(|byte: u8| queue.send(&vec![byte; LARGE]))
        },
        survivor: |segment, victim| {
            let queue = ByteQueue::create(segment, "it", 4 * LARGE)?;
            let child = victim.start()?;
            let mut sent = Vec::new();
            while sent.len() < BEFORE.into() {
                sent.push(queue.recv_timeout(LIMIT)?);
            }
            // It is sending the next ones.
            victim.kill_now(child)?;
            while let Ok(message) = queue.try_recv() {
                sent.push(message);
            }
            for (message, byte) in sent.iter().zip(1..) {
                ensure!(*message == [byte; LARGE], "message {byte} is torn");
            }
            queue.send_timeout(b"next", LIMIT)?;
            ensure!(queue.recv_timeout(LIMIT)? == b"next", "the queue is broken");
            Ok("whole messages only")
        },
    },
    Case {
        name: "after send",
        victim: |stage| {
            let queue = Queue::<u32>::open(&stage.segment, "it")?;
            queue.send(&1)?;
            stage.hold("nothing: it has sent")
        },
        survivor: |segment, victim| {
            let queue = Queue::<u32>::create(segment, "it", 64)?;
            // Without a pause: it has said that `send` has returned.
            let child = victim.start()?;
            victim.kill_now(child)?;
            ensure!(queue.recv_timeout(LIMIT)? == 1, "another message");
            Ok("the message")
        },
    },
    Case {
        name: "in recv",
        victim: |stage| {
            let queue = Queue::<u32>::open(&stage.segment, "it")?;
            let _waiting = stage.wait("a message");
            queue.recv().map(drop)
        },
        survivor: |segment, victim| {
            let queue = Queue::<u32>::create(segment, "it", 64)?;
            victim.kill()?;
            queue.send_timeout(&1, LIMIT)?;
            ensure!(queue.recv_timeout(LIMIT)? == 1, "another message");
            Ok("the next message")
        },
    },
    Case {
        name: "with a task",
        victim: |stage| {
            let tasks = JoinableQueue::<u32>::open(&stage.segment, "it")?;
            let _task = tasks.recv()?;
            stage.hold("a task")
        },
        survivor: |segment, victim| {
            let tasks = JoinableQueue::<u32>::create(segment, "it", 64)?;
            tasks.send(&1)?;
            victim.kill()?;
            let Err(Error::Lost { count: 1, .. }) = tasks.wait_timeout(LIMIT) else {
                bail!("nobody was told of the lost task")
            };
            ensure!(tasks.write_off()? == 1, "another count of lost tasks");
            tasks.wait_timeout(LIMIT)?;
            Ok("Lost: 1 task")
        },
    },
];
