//! How far a guard reaches that has no name, asked of the running program.
//!
//! Source: the Rust Edition Guide, 2024, "`if let` temporary scope".

use std::sync::{Mutex, TryLockError};

use anyhow::ensure;
use common::println;

/// Prints for each construct whether its lock is still held in its body.
pub fn show() -> anyhow::Result<()> {
    for (construct, found, expected) in probe() {
        let found_said = if found { "held" } else { "free" };
        println!("{found_said}  {construct}");
        ensure!(found == expected, "the lock in `{construct}` is {found_said}");
    }
    println!();
    Ok(())
}

/// Each construct, whether the lock is held at `here`, and whether it should be.
fn probe() -> Vec<(&'static str, bool, bool)> {
    let m = Mutex::new(vec![1, 2, 3]);
    let mut found = Vec::new();
    let mut look = |construct, expected| {
        // A second `lock` in the same thread would hang; `try_lock` tells.
        let held = matches!(m.try_lock(), Err(TryLockError::WouldBlock));
        found.push((construct, held, expected));
    };

    match m.lock().unwrap().pop() {
        Some(_job) => look("match m.lock().unwrap().pop() { here }", true),
        None => unreachable!("the list is not empty yet"),
    }
    if let Some(_job) = m.lock().unwrap().pop() {
        look("if let Some(job) = m.lock().unwrap().pop() { here }", true);
    }
    while let Some(_job) = m.lock().unwrap().pop() {
        look("while let Some(job) = m.lock().unwrap().pop() { here }", true);
    }
    if let Some(_job) = m.lock().unwrap().pop() {
        unreachable!("the list is empty");
    } else {
        look("if let Some(job) = m.lock().unwrap().pop() { } else { here }", false);
    }
    if m.lock().unwrap().is_empty() {
        look("if m.lock().unwrap().is_empty() { here }", false);
    }
    let _job = m.lock().unwrap().pop();
    look("let job = m.lock().unwrap().pop(); here", false);
    let _guard = m.lock().unwrap();
    look("let guard = m.lock().unwrap(); here", true);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_guard_reaches_as_far_as_the_reference_says() {
        for (construct, found, expected) in probe() {
            assert_eq!(found, expected, "{construct}");
        }
    }
}
