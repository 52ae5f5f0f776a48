//! A client of the server in the scene `listener`, polite or not.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{ChildStdin, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use clap::ValueEnum;
use common::child::{self, ChildGuard};
use common::{Actor, leash, println};

use crate::frame;
use crate::handshake::{self, Secret};
use crate::server::LONGEST;

/// A server that takes so long has forgotten about us; the watchdog comes earlier.
const LIMIT: Duration = Duration::from_secs(60);

/// Between two bytes of the slow one, who would be done after 64 of them.
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, ValueEnum)]
pub enum Manner {
    Polite,
    Silent,
    Slow,
}

impl Manner {
    pub fn name(self) -> &'static str {
        match self {
            Self::Polite => "polite",
            Self::Silent => "silent",
            Self::Slow => "slow",
        }
    }
}

/// A client's process, as the one who started it sees it.
pub struct Client {
    pub me: Actor,
    child: ChildGuard,
    /// Its leash.
    _stdin: ChildStdin,
}

impl Client {
    pub fn start(
        name: &str,
        manner: Manner,
        address: SocketAddr,
        secret: &Secret,
    ) -> anyhow::Result<Self> {
        let me = Actor::new(name);
        let mut command =
            child::role("listener-client").context("find this program")?;
        command.args([name, manner.name(), &address.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let child =
            ChildGuard::spawn(&mut command).with_context(|| format!("start {name}"))?;
        let mut stdin = child.take_stdin().context("a pipe")?;
        // Others may read a command line or an environment, but not a pipe.
        stdin.write_all(secret).with_context(|| format!("tell {name} the secret"))?;
        Ok(Self { me, child, _stdin: stdin })
    }

    /// The first line that it prints.
    pub fn hear(&self) -> anyhow::Result<String> {
        let stdout = self.child.take_stdout().context("heard once only")?;
        let mut line = String::new();
        BufReader::new(stdout.take(LONGEST as u64)).read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    /// Waits for its end.
    pub fn wait(&self) -> anyhow::Result<()> {
        self.child.wait().context("wait for a client")?;
        Ok(())
    }
}

#[derive(clap::Args)]
pub struct Options {
    name: String,
    manner: Manner,
    address: SocketAddr,
}

/// Connects; the secret comes on standard input, which is a leash afterwards.
pub fn client(Options { name, manner, address }: Options) -> anyhow::Result<()> {
    let me = Actor::new(&name);
    let mut secret = Secret::default();
    io::stdin().read_exact(&mut secret).context("read the secret")?;
    let mut stream =
        TcpStream::connect(address).with_context(|| format!("connect to {address}"))?;
    match manner {
        Manner::Polite => {
            leash::keep(|| ()).context("start a thread")?;
            let waiting = me.waits("the server's proof");
            let shaken = handshake::as_client(&stream, &secret, LIMIT);
            drop(waiting);
            if let Err(refused) = shaken {
                println!("is refused: {refused}");
                return Ok(());
            }
            let waiting = me.waits("an answer");
            frame::write(&mut stream, name.as_bytes())?;
            let answer = frame::read(&mut stream, LONGEST)?.context("no answer")?;
            drop(waiting);
            println!("hears: {}", String::from_utf8_lossy(&answer));
        }
        Manner::Silent => {
            let _holding = me.holds("a connection");
            println!("connected");
            leash::wait();
        }
        Manner::Slow => {
            leash::keep(|| ()).context("start a thread")?;
            stream.read_exact(&mut [0; 32]).context("read the challenge")?;
            // Ends when the server has hung up.
            while stream.write_all(&[0]).is_ok() {
                // It is this client's whole manner.
                thread::sleep(PAUSE);
            }
        }
    }
    Ok(())
}
