//! Whatever ends the demo, and whenever: none of its children outlives it for long.
#![cfg(unix)]

use std::io::{self, BufRead, BufReader, PipeReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, kill_process};

/// No child needs so long to notice, however busy the machine; the watchdog of a child
/// without a leash would need longer.
const LIMIT: Duration = Duration::from_secs(10);

/// After how many more lines the next demo is killed.
const STEP: usize = 3;

#[test]
fn no_child_outlives_a_demo_that_is_killed() {
    for scene in scenes() {
        let mut lines = 0;
        while dies_after(&scene, lines, Signal::KILL) {
            lines += STEP;
        }
        assert!(lines > STEP, "`{scene}` printed less than {STEP} lines");
        dies_after(&scene, 1, Signal::INT);
    }
}

/// Kills the demo after so many lines; false when it has ended before.
fn dies_after(scene: &str, lines: usize, signal: Signal) -> bool {
    let (mut demo, sentinel) = start(scene);
    let stdout = BufReader::new(demo.stdout.take().expect("it is piped"));
    let seen = stdout.lines().take(lines).map_while(Result::ok).count();
    // Not waited for, so the number is still the demo's.
    kill_process(Pid::from_child(&demo), signal).unwrap();
    demo.wait().unwrap();
    if let Err(error) = wait_until_closed(sentinel) {
        panic!("a child of `{scene}`, killed after {lines} lines, lives on: {error}");
    }
    seen == lines
}

/// Starts a scene, and a pipe that is open as long as the scene or a descendant lives.
fn start(scene: &str) -> (Child, PipeReader) {
    let (sentinel, inherited) = io::pipe().unwrap();
    // Rust closes a file in every new program unless told otherwise.
    fcntl_setfd(&inherited, FdFlags::empty()).unwrap();
    let demo = Command::new(env!("CARGO_BIN_EXE_pipe-demo"))
        .arg(scene)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (demo, sentinel)
}

fn wait_until_closed(mut sentinel: PipeReader) -> Result<(), mpsc::RecvTimeoutError> {
    let (closed, is_closed) = mpsc::channel();
    thread::spawn(move || {
        // Nobody writes: this returns when the last process has closed it.
        let end = sentinel.read(&mut [0]);
        // Too late for the one who waits is as good as never.
        let _ = closed.send(end);
    });
    is_closed.recv_timeout(LIMIT).map(|end| assert_eq!(end.unwrap(), 0))
}

fn scenes() -> Vec<String> {
    let list =
        Command::new(env!("CARGO_BIN_EXE_pipe-demo")).arg("--list").output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    // Those that go wrong come after an empty line; other scenes run them.
    let names = list.lines().map_while(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}
