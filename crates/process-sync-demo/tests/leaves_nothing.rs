//! No scene leaves a process or shared memory behind, not even when it is killed itself.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// For what ends by itself to end, on the busiest machine.
const LIMIT: Duration = Duration::from_secs(30);

/// In the environment of the demo, and of all that it starts.
const MARK: &str = "LEAVES_NOTHING";

#[test]
fn a_demo_that_ends_and_one_that_is_killed_leave_nothing() {
    let before = shared_memory();
    let status = demo("ends").status().unwrap();
    assert!(status.success(), "{status}");
    wait_until("processes are left", || processes("ends").is_empty());

    for scene in ["condition", "die-waiting"] {
        let mut killed = demo("killed").arg(scene).spawn().unwrap();
        wait_until("the scene starts nobody", || processes("killed").len() > 2);
        killed.kill().unwrap();
        killed.wait().unwrap();
        wait_until("processes are left", || processes("killed").is_empty());
    }
    // The next segment that anybody makes takes away what the killed have left.
    assert!(demo("next").arg("reentrant").status().unwrap().success());
    // Others may be using some of their own at the moment.
    wait_until("shared memory is left", || shared_memory().is_subset(&before));
}

fn demo(mark: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_process-sync-demo"));
    command.env(MARK, mark).stdout(Stdio::null());
    command
}

fn wait_until(otherwise: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < LIMIT, "{otherwise}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// The ids of the processes with this mark.
fn processes(mark: &str) -> Vec<PathBuf> {
    let mark = format!("{MARK}={mark}");
    let has_mark = |process: &PathBuf| {
        // Other people's cannot be read, and have not our mark.
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|entry| entry == mark.as_bytes())
    };
    let all = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    all.filter(has_mark).collect()
}

/// Segments, and what belongs to them.
fn shared_memory() -> BTreeSet<PathBuf> {
    fn collect(folder: &Path, found: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                collect(&entry.path(), found);
            }
            found.insert(entry.path());
        }
    }
    let mut found = BTreeSet::new();
    collect(Path::new("/dev/shm"), &mut found);
    found
}
