//! Five ways for messages from a child to its parent, each with its two ends.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::process::Command;
use std::thread;
use std::time::Instant;

use anyhow::{Context, ensure};
use clap::ValueEnum;
use common::child::{self, ChildGuard};
use common::leash;
use crossprocess::{ByteQueue, Segment};
use ipc_channel::ipc::{self, IpcBytesReceiver, IpcBytesSender};

use crate::forgive::forgive;
use crate::throughput::{CHECK_EVERY, END, SIZES, SPAN};
use crate::{channel, frame, scratch};

/// In bytes, of the ring in shared memory, and of the buffers that gather messages.
const ROOM: usize = 1 << 18;

/// What the ring is called in its segment.
const RING: &str = "ring";

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Transport {
    Pipe,
    Gathered,
    Socket,
    Channel,
    Ring,
}

/// The process at the other end, as its parent sees it.
pub struct Sender {
    child: ChildGuard,
    /// Where temporary files tell who has the ring: it must not go before the ring.
    _folder: Option<scratch::Folder>,
}

impl Sender {
    /// Lets the sender go, when nothing more is to be received, and waits for its end.
    pub fn finish(self) -> anyhow::Result<()> {
        drop(self.child.take_stdin());
        let status = self.child.wait()?;
        ensure!(status.success(), "the sender ended with {status}");
        Ok(())
    }
}

impl From<ChildGuard> for Sender {
    fn from(child: ChildGuard) -> Self {
        Self { child, _folder: None }
    }
}

/// Where the parent receives.
pub enum Receiver {
    Stream(BufReader<Box<dyn Read>>),
    Channel(IpcBytesReceiver),
    Ring(ByteQueue),
}

impl Receiver {
    /// Puts the next message into `message`.
    pub fn recv(&mut self, message: &mut Vec<u8>) -> anyhow::Result<()> {
        match self {
            Self::Stream(stream) => {
                let next = frame::read(stream, SIZES[SIZES.len() - 1])?;
                *message = next.context("the stream ended too early")?;
            }
            Self::Channel(channel) => *message = channel.recv()?,
            Self::Ring(ring) => ring.recv_into(message)?,
        }
        Ok(())
    }
}

impl Transport {
    pub fn name(self) -> &'static str {
        match self {
            Self::Pipe => "pipe",
            Self::Gathered => "gathered",
            Self::Socket => "socket",
            Self::Channel => "channel",
            Self::Ring => "ring",
        }
    }

    /// Starts a sender and makes the way from there.
    pub fn start(self) -> anyhow::Result<(Sender, Receiver)> {
        let mut command =
            child::role("throughput-sender").context("find this program")?;
        command.arg(self.name());
        match self {
            Self::Pipe | Self::Gathered => {
                let (reader, writer) = io::pipe().context("make a pipe")?;
                leash::put_on(&mut command).stdout(writer);
                stream(&mut command, reader)
            }
            #[cfg(unix)]
            Self::Socket => {
                use std::os::fd::OwnedFd;
                use std::os::unix::net::UnixStream;

                let (ours, theirs) = UnixStream::pair().context("make two sockets")?;
                leash::put_on(&mut command).stdout(OwnedFd::from(theirs));
                stream(&mut command, ours)
            }
            #[cfg(not(unix))]
            Self::Socket => anyhow::bail!("a pair of sockets is for Unix"),
            Self::Channel => {
                let (sender, receiver) = ipc::bytes_channel().context("a channel")?;
                let child = channel::start(&mut command, sender)?;
                Ok((child.into(), Receiver::Channel(receiver)))
            }
            Self::Ring => {
                let maker = scratch::start(&mut command)?;
                let segment = Segment::attach(&maker.name)?;
                let ring = ByteQueue::open(&segment, RING)?;
                let sender = Sender { child: maker.child, _folder: Some(maker.folder) };
                Ok((sender, Receiver::Ring(ring)))
            }
        }
    }
}

fn stream(
    command: &mut Command,
    reader: impl Read + 'static,
) -> anyhow::Result<(Sender, Receiver)> {
    let child = ChildGuard::spawn(command).context("start the sender")?;
    let reader: Box<dyn Read> = Box::new(reader);
    Ok((child.into(), Receiver::Stream(BufReader::with_capacity(ROOM, reader))))
}

#[derive(clap::Args)]
pub struct Options {
    transport: Transport,
}

/// Sends as many messages of each size as it can in a while.
pub fn sender(Options { transport }: Options) -> anyhow::Result<()> {
    match transport {
        Transport::Ring => return send_through_ring(),
        Transport::Channel => {
            let channel: IpcBytesSender = channel::accept()?;
            let sent = send_all(|message| Ok(channel.send(message)?), || Ok(()));
            return forgive(sent);
        }
        Transport::Pipe | Transport::Gathered | Transport::Socket => {}
    }
    leash::keep(|| ()).context("start a thread")?;
    let mut stream = standard_output().context("take standard output")?;
    if transport == Transport::Gathered {
        let stream = std::cell::RefCell::new(BufWriter::with_capacity(ROOM, stream));
        return forgive(send_all(
            |message| Ok(frame::write(&mut *stream.borrow_mut(), message)?),
            || Ok(stream.borrow_mut().flush()?),
        ));
    }
    let sent = send_all(|message| Ok(frame::write(&mut stream, message)?), || Ok(()));
    forgive(sent)
}

/// Standard output without the buffer of `io::stdout`, which looks for line feeds.
fn standard_output() -> io::Result<File> {
    #[cfg(unix)]
    use std::os::fd::AsFd;
    #[cfg(windows)]
    use std::os::windows::io::AsHandle;

    #[cfg(unix)]
    let own = io::stdout().as_fd().try_clone_to_owned()?;
    #[cfg(windows)]
    let own = io::stdout().as_handle().try_clone_to_owned()?;
    Ok(own.into())
}

fn send_through_ring() -> anyhow::Result<()> {
    scratch::make_folder()?;
    let segment = Segment::create(2 * ROOM).context("create a segment")?;
    let ring = ByteQueue::create(&segment, RING, ROOM)?;
    let closer = ByteQueue::open(&segment, RING)?;
    // Shared memory does not go with its processes: when the parent has ended, sending
    // must end too, so that this process can be the one that frees it.
    let leash = thread::Builder::new().name("leash".into()).spawn(move || {
        leash::wait();
        closer.close()
    })?;
    scratch::say(segment.address());
    let sent = send_all(|message| Ok(ring.send(message)?), || Ok(()));
    leash.join().unwrap()?;
    let parent_has_gone = sent.is_err() && ring.is_closed();
    drop((ring, segment));
    scratch::remove_folder();
    if parent_has_gone { Ok(()) } else { sent }
}

/// Sends numbered messages of each size for a while, then how many there were.
fn send_all(
    mut send: impl FnMut(&[u8]) -> anyhow::Result<()>,
    mut flush: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for size in SIZES {
        let mut message = vec![0; size];
        let mut sent: u64 = 0;
        let start = Instant::now();
        // To ask for the time costs more than to send a small message.
        while !sent.is_multiple_of(CHECK_EVERY) || start.elapsed() < SPAN {
            message[..8].copy_from_slice(&sent.to_le_bytes());
            send(&message).context("send a message")?;
            sent += 1;
        }
        send(&END.to_le_bytes()).context("send the end")?;
        send(&sent.to_le_bytes()).context("send the number")?;
        flush().context("send what was gathered")?;
        ensure!(sent > 0, "nothing was sent");
    }
    Ok(())
}
