//! A server on loopback that accepts a limited number of connections at a time.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Stands for the time a real server needs for an answer.
const WORK_TIME: Duration = Duration::from_millis(20);

/// Answers each line with the same line in capitals; says `full` and hangs up when too
/// many are connected. Dropping it stops it and waits for its threads.
pub struct Server {
    state: Arc<State>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

struct State {
    limit: usize,
    connected: AtomicUsize,
    /// Connections that were not refused, in all.
    accepted: AtomicUsize,
    stopping: AtomicBool,
}

impl Server {
    /// Starts to listen on a free port.
    pub fn start(limit: usize) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            limit,
            connected: AtomicUsize::new(0),
            accepted: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&state);
        let acceptor = thread::Builder::new()
            .name("server".into())
            .spawn(move || accepting.accept_all(&listener))?;
        Ok(Self { state, address, acceptor: Some(acceptor) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were accepted so far.
    pub fn accepted(&self) -> usize {
        // Relaxed: a client that has its answer has been counted; the socket orders it.
        self.state.accepted.load(Ordering::Relaxed)
    }
}

impl State {
    fn accept_all(&self, listener: &TcpListener) {
        thread::scope(|scope| {
            for stream in listener.incoming() {
                // Relaxed: nothing else is published with the flag.
                if self.stopping.load(Ordering::Relaxed) {
                    break;
                }
                // A client that is gone before it was accepted concerns nobody.
                let Ok(mut stream) = stream else { continue };
                // Relaxed: only this thread adds; a late subtraction refuses a client
                // that came a moment too early, which is what a full server does.
                if self.connected.load(Ordering::Relaxed) >= self.limit {
                    let _ = writeln!(stream, "full");
                    continue;
                }
                self.connected.fetch_add(1, Ordering::Relaxed);
                self.accepted.fetch_add(1, Ordering::Relaxed);
                scope.spawn(move || {
                    // An error means that the client hung up: the connection ends.
                    let _ = answer_all(stream);
                    self.connected.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
    }
}

fn answer_all(mut stream: TcpStream) -> io::Result<()> {
    for line in BufReader::new(stream.try_clone()?).lines() {
        let answer = line?.to_uppercase();
        thread::sleep(WORK_TIME);
        writeln!(stream, "{answer}")?;
    }
    Ok(())
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.stopping.store(true, Ordering::Relaxed);
        // The acceptor sits in `accept`: a connection is what wakes it. If even that
        // fails it cannot be woken, and the process ends without it.
        if TcpStream::connect(self.address).is_ok()
            && let Some(acceptor) = self.acceptor.take()
        {
            // It panics only when the system refuses a thread, which was reported.
            let _ = acceptor.join();
        }
    }
}
