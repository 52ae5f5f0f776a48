//! Goal:   each caller gets the answer to its own question, or is told that none comes.
//! Given:  a server thread that answers requests; each request brings a way to reply.
//! Change: the body of `ask`.
//! Check:  cargo test --bin queue_reply
//! Read:   book/src/queues.md and std::sync::mpsc

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

struct Request {
    number: u64,
    /// Where the answer goes.
    reply: Sender<u64>,
}

/// Asks the server; each thread may have one.
#[derive(Clone)]
struct Client {
    requests: Sender<Request>,
}

impl Client {
    /// The square of `number`, or `None` when the server has stopped. Sleeps until one
    /// of the two is known.
    fn ask(&self, number: u64) -> Option<u64> {
        // TODO: send the question with a reply channel of its own; wait for the answer.
        todo!("ask, and wait for the answer")
    }
}

/// Answers so many requests, then stops; requests that are still queued are dropped.
fn serve(requests: &Receiver<Request>, at_most: usize) {
    for Request { number, reply } in requests.iter().take(at_most) {
        // A caller that has gone away needs no answer.
        let _ = reply.send(number * number);
    }
}

fn main() {
    real_threads::end_if_stuck();
    let (requests, queue) = mpsc::channel();
    let server = thread::spawn(move || serve(&queue, 2));
    let client = Client { requests };
    for number in 11..=13 {
        match client.ask(number) {
            Some(square) => println!("{number} squared is {square}"),
            None => println!("{number} squared: the server has stopped"),
        }
    }
    server.join().unwrap();
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn it_answers() {
        interleavings::check(|| {
            let (requests, queue) = mpsc::channel();
            let server = thread::spawn(move || serve(&queue, 1));
            assert_eq!(Client { requests }.ask(3), Some(9));
            server.join().unwrap();
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/queues/queue_reply.rs"]
mod judge;
