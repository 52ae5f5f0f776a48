//! The end of a process that nobody inside can do anything about.

/// Ends this process as the system does when memory runs out: without a last word.
#[cfg(unix)]
pub fn killed() -> ! {
    use rustix::process::{Signal, getpid, kill_process};

    // Should the signal be refused, the process ends all the same.
    let _ = kill_process(getpid(), Signal::KILL);
    std::process::abort()
}

/// Ends this process without a last word.
#[cfg(not(unix))]
pub fn killed() -> ! {
    std::process::abort()
}
