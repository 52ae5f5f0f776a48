//! How a child ended, as a value that a program can act on.

use std::fmt;
use std::process::ExitStatus;

/// How a process ended; only Unix has the second way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It ended itself, with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        status.code().map_or_else(|| Self::Signal(signal(status)), Self::Code)
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;

    status.signal().expect("a process that ended without a code got a signal")
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> i32 {
    unreachable!("every process of this system ends with a code")
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Code(code @ 0..) => format!("exit code {code}"),
            // Windows says so what happened to it, such as 0xc0000409 for an abort.
            Self::Code(code) => format!("status {code:#x}"),
            Self::Signal(6) => "signal 6 (SIGABRT)".to_owned(),
            Self::Signal(9) => "signal 9 (SIGKILL)".to_owned(),
            Self::Signal(15) => "signal 15 (SIGTERM)".to_owned(),
            Self::Signal(signal) => format!("signal {signal}"),
        };
        f.pad(&text)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use super::*;

    fn ending_of(script: &str) -> Ending {
        Command::new("sh").args(["-c", script]).status().unwrap().into()
    }

    #[test]
    fn a_code_and_a_signal_are_told_apart() {
        assert_eq!(ending_of("exit 9"), Ending::Code(9));
        assert_eq!(ending_of("kill -9 $$"), Ending::Signal(9));
    }

    #[test]
    fn the_text_keeps_the_width_that_is_asked_for() {
        assert_eq!(format!("{:<14}|", Ending::Code(3)), "exit code 3   |");
        assert_eq!(Ending::Signal(15).to_string(), "signal 15 (SIGTERM)");
    }
}
