//! A child that ends when its parent does, however the parent ends.
//!
//! The parent holds the writing end of the child's standard input. The system closes it
//! when the parent ends, also after a `SIGKILL`, and then the child reads end of file.
//! A child that reads its input anyway needs no more than that; this is for the others.

use std::io;
use std::process::{Command, Stdio};

/// Gives the child that `command` will start a leash; the parent must keep its end.
pub fn put_on(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::piped())
}

/// In the child: waits until the parent lets go or ends.
pub fn wait() {
    // An error says the same as the end of file: nobody is at the other end.
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
}

/// In a child that has other things to wait for: when the parent ends, does the last
/// thing that is to be done, and ends the process.
///
/// # Errors
///
/// When the system refuses the thread that watches.
pub fn keep(last: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name("leash".into()).spawn(|| {
        wait();
        last();
        std::process::exit(0)
    })?;
    Ok(())
}
