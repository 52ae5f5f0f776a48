//! Children without the demo around them.
//!
//! A role of [`common::Demo`] is looked after: its panic becomes exit code 1, and a
//! watchdog thread runs beside it. A bare child is a plain program with one thread, for
//! what needs exactly that.

use std::env;
use std::io;
use std::process::Command;

use common::child;

#[cfg(target_os = "linux")]
use crate::fork_server;
use crate::{exit, failure};

const MARK: &str = "bare";

/// The command that plays the bare role `role` of this program.
pub fn command(role: &str, argument: &str) -> io::Result<Command> {
    let mut command = child::role(MARK)?;
    command.args([role, argument]);
    // Some of these children panic; nobody would read where, and it takes a while.
    command.env("RUST_BACKTRACE", "0");
    Ok(command)
}

/// Plays the role that the command line asks for; `None` when it asks for none.
pub fn play() -> Option<anyhow::Result<()>> {
    let mut arguments = env::args_os().skip(1).map(|text| text.into_string().ok());
    if arguments.next()??.as_str() != MARK {
        return None;
    }
    let (role, argument) = (arguments.next()??, arguments.next()??);
    match role.as_str() {
        "exit" => Some(exit::end(&argument)),
        "fail" => Some(failure::alone(&argument)),
        "fail-in-a-thread" => Some(failure::among_threads(&argument)),
        #[cfg(target_os = "linux")]
        "nth-prime" => Some(fork_server::answer_once(&argument)),
        #[cfg(target_os = "linux")]
        "fork-server" => Some(fork_server::serve()),
        _ => None,
    }
}
