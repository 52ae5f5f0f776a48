//! Shows the book in a browser and builds it again after each edit.
//!
//! A thread a connection, as in the chapter on threads: a reader who asks for a page
//! does not wait for one who is being told about changes. The book is behind a
//! read-write lock, so that nobody sees half a build.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use common::println;

use crate::paths;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A browser that sends nothing for so long has gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a page listens for changes.
const CHANGES: &str = "/__changes";

const RELOAD: &str = "<script>new EventSource('/__changes').onmessage = () => location.reload();</script>";

/// A server of a folder.
pub struct Server {
    listener: TcpListener,
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    /// Read while a file is sent, written while the book is built.
    built: RwLock<()>,
    /// How often the book was built.
    builds: Mutex<u64>,
    rebuilt: Condvar,
    /// Whether pages are told to reload.
    live: bool,
}

impl Server {
    /// Listens on `port` of this machine alone; 0 means any free one.
    ///
    /// # Errors
    ///
    /// When the port is taken.
    pub fn bind(folder: &Path, port: u16, live: bool) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))
            .with_context(|| format!("failed to listen on port {port}"))?;
        let shared = Shared {
            folder: folder.to_owned(),
            built: RwLock::new(()),
            builds: Mutex::new(0),
            rebuilt: Condvar::new(),
            live,
        };
        Ok(Self { listener, shared: Arc::new(shared) })
    }

    /// What to type into a browser.
    ///
    /// # Errors
    ///
    /// When the system does not tell the port.
    pub fn address(&self) -> io::Result<String> {
        Ok(format!("http://{}", self.listener.local_addr()?))
    }

    /// Answers, in a thread of its own, for as long as the process lives.
    pub fn start(&self) -> io::Result<()> {
        let listener = self.listener.try_clone()?;
        let shared = Arc::clone(&self.shared);
        thread::Builder::new().name("server".into()).spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A browser that has gone needs no answer, nor does a full machine.
                let _ = thread::Builder::new().spawn(move || shared.answer(&stream));
            }
        })?;
        Ok(())
    }

    /// Calls `build` whenever a file of the workspace `root` changes. Does not return.
    pub fn watch(
        &self,
        root: &Path,
        mut build: impl FnMut() -> anyhow::Result<()>,
    ) -> ! {
        let mut seen = paths::state(root, None);
        loop {
            thread::sleep(LOOK_EVERY);
            let now = paths::state(root, None);
            if now == seen {
                continue;
            }
            seen = now;
            {
                let _alone =
                    self.shared.built.write().unwrap_or_else(PoisonError::into_inner);
                match build() {
                    Ok(()) => println!("built"),
                    Err(error) => eprintln!("{error:#}"),
                }
            }
            let builds = self.shared.builds.lock();
            *builds.unwrap_or_else(PoisonError::into_inner) += 1;
            self.shared.rebuilt.notify_all();
        }
    }
}

impl Shared {
    fn answer(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut request = String::new();
        let mut reader = BufReader::new(stream);
        reader.read_line(&mut request)?;
        // The rest of the request changes nothing, but must be read.
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            line.clear();
        }
        let path = request.split_whitespace().nth(1).unwrap_or("/");
        let path = path.split(['?', '#']).next().unwrap_or(path);
        if path == CHANGES && self.live {
            return self.tell_of_changes(stream);
        }
        let _reading = self.built.read().unwrap_or_else(PoisonError::into_inner);
        match self.file(path) {
            Some((file, mut content)) => {
                if self.live && file.extension().is_some_and(|kind| kind == "html") {
                    content.extend_from_slice(RELOAD.as_bytes());
                }
                respond(stream, "200 OK", kind(&file), &content)
            }
            None => respond(stream, "404 Not Found", "text/plain", b"not found\n"),
        }
    }

    /// The file that `path` names, unless it lies outside of the folder.
    fn file(&self, path: &str) -> Option<(PathBuf, Vec<u8>)> {
        let mut file = self.folder.clone();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            // Pages have plain names: no `..`, no drive, nothing encoded.
            let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if part.starts_with("..") || !part.chars().all(plain) {
                return None;
            }
            file.push(part);
        }
        if file.is_dir() {
            file.push("index.html");
        }
        let content = fs::read(&file).ok()?;
        Some((file, content))
    }

    /// Sends a line after each build, until the browser has gone.
    fn tell_of_changes(&self, mut stream: &TcpStream) -> io::Result<()> {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
        stream.write_all(head.as_bytes())?;
        let mut told = *self.builds.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let builds = self.builds.lock().unwrap_or_else(PoisonError::into_inner);
            let builds = self.rebuilt.wait_while(builds, |builds| *builds == told);
            told = *builds.unwrap_or_else(PoisonError::into_inner);
            stream.write_all(b"data: built\n\n")?;
        }
    }
}

fn respond(
    mut stream: &TcpStream,
    status: &str,
    kind: &str,
    content: &[u8],
) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n",
        content.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(content)
}

fn kind(file: &Path) -> &'static str {
    match file.extension().and_then(|kind| kind.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn ask(address: &str, path: &str) -> String {
        let mut stream =
            TcpStream::connect(address.trim_start_matches("http://")).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn serves_the_folder_and_nothing_above_it() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("book");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("index.html"), "the first page").unwrap();
        fs::write(outer.path().join("secret.html"), "secret").unwrap();
        let server = Server::bind(&folder, 0, false).unwrap();
        server.start().unwrap();
        let address = server.address().unwrap();
        assert!(ask(&address, "/").ends_with("the first page"));
        assert!(ask(&address, "/index.html?step=2").contains("200 OK"));
        for path in ["/../secret.html", "/no.html", "/%2e%2e/secret.html", "/__changes"]
        {
            assert!(ask(&address, path).starts_with("HTTP/1.1 404"), "{path}");
        }
    }
}
