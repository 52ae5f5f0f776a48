//! A server with a thread for each client.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::frame;
use crate::handshake::{self, Refused, Secret};

/// In bytes, of the longest message that either side takes.
pub const LONGEST: usize = 1 << 16;

/// How a conversation ended, and how long its handshake took.
pub type Outcome = (Result<(), Refused>, Duration);

/// Accepts in a thread of its own.
pub struct Server {
    pub address: SocketAddr,
    pub outcomes: Receiver<Outcome>,
}

impl Server {
    /// Serves so many clients, each with so much time for its handshake.
    pub fn start(
        secret: Secret,
        limit: Duration,
        clients: usize,
    ) -> anyhow::Result<Self> {
        let listener = listen()?;
        let address = listener.local_addr()?;
        let (outcome, outcomes) = mpsc::channel();
        let accept = move || -> anyhow::Result<()> {
            for stream in listener.incoming().take(clients) {
                let (stream, outcome) = (stream?, outcome.clone());
                thread::Builder::new().spawn(move || {
                    let start = Instant::now();
                    let shaken = handshake::as_server(&stream, &secret, limit);
                    let after = start.elapsed();
                    let served =
                        shaken.and_then(|()| serve(&stream).map_err(Refused::Failed));
                    // Whoever does not want to know has dropped the other end.
                    let _ = outcome.send((served, after));
                })?;
            }
            Ok(())
        };
        thread::Builder::new().name("accept".into()).spawn(accept)?;
        Ok(Self { address, outcomes })
    }
}

/// The system chooses the port; no other machine can reach it.
pub fn listen() -> anyhow::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listen on 127.0.0.1")
}

/// Says hello to a client that has been let in.
pub fn serve(mut stream: &TcpStream) -> io::Result<()> {
    if let Some(name) = frame::read(&mut stream, LONGEST)? {
        frame::write(&mut stream, &[b"hello, ", name.as_slice()].concat())?;
    }
    Ok(())
}
