//! Both sides prove that they know the secret, without saying it, within a time limit.
//!
//! Each sends the other a fresh random challenge. The proof is an HMAC with the secret
//! over both challenges and the prover's role: it is worth nothing in another
//! conversation, and nothing when it is sent back to where it came from.
//!
//! Source: H. Krawczyk and others, RFC 2104 "HMAC"; ISO/IEC 9798-4

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What the server and its clients know, and nobody else.
pub type Secret = [u8; 32];

type Challenge = [u8; 32];
type Proof = [u8; 32];

/// One that nobody knows yet.
pub fn new_secret() -> io::Result<Secret> {
    let mut secret = Secret::default();
    getrandom::fill(&mut secret)?;
    Ok(secret)
}

/// Why there will be no conversation.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the handshake was not done within {limit:?}")]
    TimeUp { limit: Duration },
    #[error("the other side hung up")]
    Gone,
    #[error("wrong secret")]
    WrongSecret,
    #[error("the handshake failed")]
    Failed(#[source] io::Error),
}

/// The server's side: lets in who proves to know the secret, then proves the same.
pub fn as_server(
    stream: &TcpStream,
    secret: &Secret,
    limit: Duration,
) -> Result<(), Refused> {
    let mut stream = Timed::new(stream, limit);
    let mine = stream.challenge()?;
    let theirs = stream.receive()?;
    let proof: Proof = stream.receive()?;
    // In constant time: how long a refusal takes must not tell how much was right.
    mac(secret, "client", &mine, &theirs)
        .verify_slice(&proof)
        .map_err(|_| Refused::WrongSecret)?;
    let proof = mac(secret, "server", &mine, &theirs).finalize().into_bytes();
    stream.send(&proof)?;
    stream.done()
}

/// The client's side: proves to know the secret, and wants the same from the server.
pub fn as_client(
    stream: &TcpStream,
    secret: &Secret,
    limit: Duration,
) -> Result<(), Refused> {
    let mut stream = Timed::new(stream, limit);
    let theirs: Challenge = stream.receive()?;
    let mine = stream.challenge()?;
    let proof = mac(secret, "client", &theirs, &mine).finalize().into_bytes();
    stream.send(&proof)?;
    let proof: Proof = stream.receive()?;
    mac(secret, "server", &theirs, &mine)
        .verify_slice(&proof)
        .map_err(|_| Refused::WrongSecret)?;
    stream.done()
}

fn mac(
    secret: &Secret,
    prover: &str,
    servers: &Challenge,
    clients: &Challenge,
) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length is a key");
    mac.chain_update(prover).chain_update(servers).chain_update(clients)
}

/// A stream with one deadline for all that is sent and received on it.
///
/// The time limit of a socket is for each call: a peer that sends a byte now and then
/// would never reach it.
struct Timed<'a> {
    stream: &'a TcpStream,
    deadline: Instant,
    limit: Duration,
}

impl<'a> Timed<'a> {
    fn new(stream: &'a TcpStream, limit: Duration) -> Self {
        Self { stream, deadline: Instant::now() + limit, limit }
    }

    /// Sends a fresh challenge.
    fn challenge(&mut self) -> Result<Challenge, Refused> {
        let mut challenge = Challenge::default();
        getrandom::fill(&mut challenge)
            .map_err(|error| Refused::Failed(error.into()))?;
        self.send(&challenge)?;
        Ok(challenge)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        // What is sent here fits into an empty buffer: it does not block.
        self.left()?;
        let mut stream = self.stream;
        stream.write_all(bytes).map_err(|error| self.refusal(error))
    }

    fn receive<const N: usize>(&mut self) -> Result<[u8; N], Refused> {
        let mut bytes = [0; N];
        let mut filled = 0;
        while filled < N {
            let left = self.left()?;
            let mut stream = self.stream;
            let length = stream
                .set_read_timeout(Some(left))
                .and_then(|()| stream.read(&mut bytes[filled..]));
            match length {
                Ok(0) => return Err(Refused::Gone),
                Ok(length) => filled += length,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.refusal(error)),
            }
        }
        self.left()?;
        Ok(bytes)
    }

    fn left(&self) -> Result<Duration, Refused> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        // A limit of zero would mean none at all to the socket.
        if left.is_zero() {
            Err(Refused::TimeUp { limit: self.limit })
        } else {
            Ok(left)
        }
    }

    /// The limit was for the handshake alone.
    fn done(self) -> Result<(), Refused> {
        self.stream.set_read_timeout(None).map_err(Refused::Failed)
    }

    fn refusal(&self, error: io::Error) -> Refused {
        match error.kind() {
            // Which of the two depends on the system.
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                Refused::TimeUp { limit: self.limit }
            }
            ErrorKind::BrokenPipe
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted => Refused::Gone,
            _ => Refused::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    const NEVER: Duration = Duration::from_secs(60);

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (listener.accept().unwrap().0, client)
    }

    /// What the server and the client say, each with a secret of its own.
    fn meet(
        servers: Secret,
        clients: Secret,
    ) -> (Result<(), Refused>, Result<(), Refused>) {
        let (server, client) = pair();
        thread::scope(|scope| {
            let client = scope.spawn(move || as_client(&client, &clients, NEVER));
            let outcome = as_server(&server, &servers, NEVER);
            drop(server);
            (outcome, client.join().unwrap())
        })
    }

    #[test]
    fn who_knows_the_secret_is_let_in() {
        assert!(matches!(meet([7; 32], [7; 32]), (Ok(()), Ok(()))));
    }

    #[test]
    fn who_does_not_is_told_nothing() {
        let (server, client) = meet([7; 32], [8; 32]);
        assert!(matches!(server, Err(Refused::WrongSecret)), "{server:?}");
        assert!(matches!(client, Err(Refused::Gone)), "{client:?}");
    }

    #[test]
    fn a_server_that_only_sends_back_what_it_got_is_found_out() {
        let (mut server, client) = pair();
        let echo = thread::spawn(move || {
            let mut bytes = [0; 64];
            server.write_all(&[1; 32]).unwrap();
            server.read_exact(&mut bytes).unwrap();
            server.write_all(&bytes[32..]).unwrap();
        });
        let outcome = as_client(&client, &[7; 32], NEVER);
        assert!(matches!(outcome, Err(Refused::WrongSecret)), "{outcome:?}");
        echo.join().unwrap();
    }

    #[test]
    fn a_byte_now_and_then_does_not_extend_the_limit() {
        let (server, mut client) = pair();
        let limit = Duration::from_millis(30);
        let dripping = thread::spawn(move || {
            client.read_exact(&mut [0; 32]).unwrap();
            // Fails when the server hangs up, which is what this test is about.
            while client.write_all(&[0]).is_ok() {
                // 64 of these are longer than the limit, however late the server is.
                thread::sleep(Duration::from_millis(5));
            }
        });
        let outcome = as_server(&server, &[7; 32], limit);
        assert!(matches!(outcome, Err(Refused::TimeUp { .. })), "{outcome:?}");
        drop(server);
        dripping.join().unwrap();
    }

    #[test]
    fn who_hangs_up_is_not_waited_for() {
        let (server, client) = pair();
        drop(client);
        let outcome = as_server(&server, &[7; 32], NEVER);
        assert!(matches!(outcome, Err(Refused::Gone)), "{outcome:?}");
    }
}
