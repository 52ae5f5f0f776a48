//! The program of the README, and what it prints.

use std::process::Command;

use interleavings::sync::{Arc, Condvar, Mutex};
use interleavings::thread;

struct Semaphore {
    available: Mutex<usize>,
    released: Condvar,
}

impl Semaphore {
    fn new(permits: usize) -> Self {
        Self { available: Mutex::new(permits), released: Condvar::new() }
    }

    fn acquire(&self) {
        let mut available = self.available.lock().unwrap();
        if *available == 0 {
            available = self.released.wait(available).unwrap();
        }
        *available -= 1;
    }

    fn release(&self) {
        *self.available.lock().unwrap() += 1;
        self.released.notify_one();
    }
}

#[test]
#[ignore = "it fails; the test below looks at how"]
fn the_second_user_gets_the_permit() {
    interleavings::check(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let users: Vec<_> = (0..2)
            .map(|_| {
                let semaphore = semaphore.clone();
                thread::spawn(move || {
                    semaphore.acquire();
                    semaphore.release();
                })
            })
            .collect();
        for user in users {
            user.join().unwrap();
        }
    });
}

/// The README's block that begins with a line like this.
fn block(fence: &str) -> &'static str {
    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once(&format!("{fence}\n")).unwrap();
    rest.split_once("\n```").unwrap().0
}

#[test]
fn the_readme_shows_this_program() {
    let program = include_str!("readme.rs").replace("use interleavings::", "use std::");
    let program: Vec<&str> =
        program.lines().filter(|line| !line.contains("#[ignore")).collect();
    for part in block("```rust").split("\n\n") {
        assert!(program.join("\n").contains(part), "not in the program:\n{part}");
    }
}

#[test]
fn the_readme_shows_what_it_prints() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_second_user_gets_the_permit", "--ignored"])
        .arg("--nocapture")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    let shown = block("```text");
    assert!(!output.status.success());
    assert!(printed.contains(shown), "the README shows\n{shown}\n\nand not\n{printed}");
}
