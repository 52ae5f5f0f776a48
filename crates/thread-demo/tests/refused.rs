//! What the compiler refuses, with the messages that the scene `move-ownership` shows.
//!
//! With another compiler than the recorded one the wording may change:
//! `RECORD=1 cargo test -p thread-demo --test refused` records it anew.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn a_borrow_may_not_outlive_its_owner() {
    refuses("borrow_without_move");
}

#[test]
fn what_was_moved_is_gone() {
    refuses("use_after_move");
}

#[test]
fn an_rc_stays_in_its_thread() {
    refuses("rc_across_threads");
}

/// Compiles `tests/refused/NAME.rs` and compares the message with the one on record.
fn refuses(name: &str) {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .current_dir(package)
        .args(["--edition=2024", "--emit=metadata", "--out-dir"])
        .arg(env!("CARGO_TARGET_TMPDIR"))
        .arg(format!("tests/refused/{name}.rs"))
        .output()
        .expect("rustc is there: it has compiled this test");
    assert!(!output.status.success(), "the compiler accepts {name}.rs");

    // What follows depends on whether the sources of std are installed.
    let message: Vec<_> = str::from_utf8(&output.stderr)
        .expect("rustc writes UTF-8")
        .lines()
        .take_while(|line| !line.starts_with("note: required by a bound in `spawn`"))
        .take_while(|line| !line.starts_with("error: aborting"))
        .collect();
    let message = message.join("\n").trim_end().to_owned() + "\n";

    let record = package.join(format!("tests/refused/{name}.stderr"));
    if env::var_os("RECORD").is_some() {
        fs::write(record, message).expect("the package's folder can be written to");
        return;
    }
    let recorded = fs::read_to_string(record).unwrap_or_default().replace('\r', "");
    assert!(message == recorded, "on record:\n{recorded}\nnow:\n{message}");
}
