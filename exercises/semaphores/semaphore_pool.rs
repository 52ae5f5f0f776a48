//! Goal:   each job gets a connection of its own, and it comes back for the next job.
//! Given:  a few connections, and the list of those that nobody uses.
//! Change: the body of `run`.
//! Check:  cargo test --bin semaphore_pool
//! Read:   book/src/permits.md

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;

/// Stands for something costly of which there are only a few.
#[derive(Default)]
struct Connection {
    requests: AtomicUsize,
}

impl Connection {
    /// Answers a request; must not be used by two threads at once.
    fn send(&self, request: &str) -> Result<usize, String> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        request.parse().map_err(|_| format!("`{request}` is not a number"))
    }
}

/// Lends connections to jobs, one to each.
struct Pool {
    connections: Vec<Connection>,
    /// The places of the connections that nobody uses.
    idle: Mutex<Vec<usize>>,
    /// Notified when a connection comes back.
    returned: Condvar,
}

type Answer = Result<usize, String>;

impl Pool {
    fn new(size: usize) -> Self {
        let connections = (0..size).map(|_| Connection::default()).collect();
        let idle = Mutex::new((0..size).collect());
        Self { connections, idle, returned: Condvar::new() }
    }

    /// Lends a connection to the job, and returns what the job returns.
    ///
    /// Sleeps until a connection is idle. It is idle again after the job, and also
    /// after a job that returned an error. One that panics may leave anything behind:
    /// its connection is not lent again.
    fn run(&self, job: impl FnOnce(&Connection) -> Answer) -> Answer {
        // TODO: lend an idle connection to the job.
        todo!("lend a connection to the job")
    }
}

fn main() {
    real_threads::end_if_stuck();
    let pool = Pool::new(2);
    let count = |ok: bool| {
        let requests = (1..=30).map(|n| if ok { n.to_string() } else { "?".into() });
        requests.filter(|r| pool.run(|it| it.send(r)).is_ok()).count()
    };
    thread::scope(|scope| {
        let clients = [true, true, false].map(|ok| scope.spawn(move || count(ok)));
        println!("answers: {:?}", clients.map(|client| client.join().unwrap()));
    });
    let used: Vec<_> = pool.connections.iter().map(|it| &it.requests).collect();
    println!("requests by connection: {used:?}");
}

#[cfg(test)]
mod example {
    use super::*;

    #[test]
    fn one_connection_serves_one_job_after_another() {
        interleavings::check(|| {
            let pool = Pool::new(1);
            assert!(pool.run(|it| it.send("7")).is_ok());
            assert!(pool.run(|it| it.send("seven")).is_err());
            assert_eq!(pool.run(|it| it.send("77")), Ok(77));
        });
    }
}

#[cfg(test)]
#[path = "../../tests/judges/semaphores/semaphore_pool.rs"]
mod judge;
