//! A semaphore in front of a pool: as many borrowers as there are connections.
//!
//! The server below accepts three connections and refuses every further one, as many
//! databases do. Clients that connect at will are refused; clients that borrow from a
//! pool of three wait their turn, and reuse connections instead of opening new ones.
//!
//! Run:     cargo run -p semaphore-demo -- pool
//! Expect:  5 of 8 clients refused; then nobody, over 3 connections in all
//! Chapter: book/src/permits.md
//! Source:  std::net, the documentation of `TcpListener`

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use common::{Actor, println, timeline};

use crate::semaphore::{Permit, Semaphore};
use crate::server::Server;

const CLIENTS: usize = 8;
const CONNECTIONS: usize = 3;
/// A server that does not answer for so long is an error, not a hang.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

pub fn run() -> anyhow::Result<()> {
    let server = Server::start(CONNECTIONS).context("start a server on loopback")?;
    let refused = connect_at_will(server.address())?;
    println!("at will:   {refused} of {CLIENTS} clients were refused");

    let server = Server::start(CONNECTIONS).context("start a server on loopback")?;
    let refused = borrow_from_pool(server.address())?;
    let opened = server.accepted();
    println!(
        "from pool: {refused} of {CLIENTS} clients were refused, {opened} connections\n"
    );
    timeline::so_far().print();

    ensure!(refused == 0, "{refused} clients found the server full");
    ensure!(opened <= CONNECTIONS, "{opened} connections were opened");
    println!("\nok: the server never saw more than {CONNECTIONS} connections");
    Ok(())
}

/// Everybody connects, and stays until everybody has an answer.
fn connect_at_will(server: SocketAddr) -> anyhow::Result<usize> {
    let everybody = Barrier::new(CLIENTS);
    let client = || {
        let connection = Connection::open(server);
        let answer = connection.and_then(|mut c| Ok((c.ask("hello")?, c)));
        everybody.wait();
        Ok(answer?.0)
    };
    count_refused(thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        clients
            .into_iter()
            .map(|c| c.join().expect("a client returns errors"))
            .collect()
    }))
}

/// Everybody borrows a connection, asks, and gives it back.
fn borrow_from_pool(server: SocketAddr) -> anyhow::Result<usize> {
    let pool = Pool::new(server, CONNECTIONS);
    let actors: Vec<_> =
        (1..=CLIENTS).map(|n| Actor::new(format!("client {n}"))).collect();
    let client = |me: Actor| {
        let waiting = me.waits("a connection");
        let mut borrowed = pool.borrow()?;
        drop(waiting);
        let _holding = me.holds("a connection");
        borrowed.ask("hello")
    };
    count_refused(thread::scope(|scope| {
        let clients: Vec<_> =
            actors.iter().map(|me| scope.spawn(|| client(*me))).collect();
        clients
            .into_iter()
            .map(|c| c.join().expect("a client returns errors"))
            .collect()
    }))
}

fn count_refused(answers: Vec<io::Result<String>>) -> anyhow::Result<usize> {
    let mut refused = 0;
    for answer in answers {
        match answer.context("ask the server")?.as_str() {
            "full" => refused += 1,
            answer => ensure!(answer == "HELLO", "the server answered `{answer}`"),
        }
    }
    Ok(refused)
}

/// Lends out at most as many connections as there are permits.
struct Pool {
    server: SocketAddr,
    permits: Semaphore,
    /// Open connections that nobody uses.
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    fn new(server: SocketAddr, connections: usize) -> Self {
        let permits = Semaphore::new(connections);
        Self { server, permits, idle: Mutex::new(Vec::new()) }
    }

    /// Borrows a connection; blocks while all of them are lent out.
    fn borrow(&self) -> io::Result<Borrowed<'_>> {
        let permit = self.permits.acquire();
        let idle = self.idle.lock().unwrap().pop();
        // A failure to connect drops the permit: the place is free for others.
        let connection = idle.map_or_else(|| Connection::open(self.server), Ok)?;
        Ok(Borrowed { pool: self, connection: Some(connection), _permit: permit })
    }
}

/// A connection that goes back to the pool on drop, unless it is broken.
struct Borrowed<'a> {
    pool: &'a Pool,
    connection: Option<Connection>,
    /// Declared last, so given back last: the connection is idle before anybody asks.
    _permit: Permit<'a>,
}

impl Borrowed<'_> {
    fn ask(&mut self, question: &str) -> io::Result<String> {
        let mut connection =
            self.connection.take().ok_or(io::ErrorKind::NotConnected)?;
        let answer = connection.ask(question)?;
        // Only a connection that works is kept; an error above closes it.
        self.connection = Some(connection);
        Ok(answer)
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        self.pool.idle.lock().unwrap().extend(self.connection.take());
    }
}

struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    fn open(server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a line and waits for the line that answers it.
    fn ask(&mut self, question: &str) -> io::Result<String> {
        // A server that is full has hung up already; its reason is still to be read.
        let _ = writeln!(self.stream.get_mut(), "{question}");
        let mut answer = String::new();
        self.stream.read_line(&mut answer)?;
        Ok(answer.trim_end().to_owned())
    }
}
