//! `fork`, behind functions that cannot be used wrongly. Source: fork(2)
//!
//! The child is a copy of the process with one thread, the one that called. Whatever
//! another thread had begun stays half done for ever: a lock is held by nobody, a list
//! has lost its end. So a child of a process with several threads may do next to
//! nothing, and a child of a process with one thread may do everything.
#![allow(unsafe_code, reason = "std has no fork, since so little may be done after it")]

use std::fs;
use std::io;
use std::sync::Mutex;

use rustix::process::{Pid, Signal, getpid, getppid, set_parent_process_death_signal};

/// In which of the two processes the caller is now.
#[derive(Debug)]
pub enum Side {
    Parent { child: Pid },
    Child,
}

/// What a child may do although its parent has other threads.
#[derive(Clone, Copy, Debug)]
pub enum Task<'a> {
    /// It ends at once.
    End,
    /// It waits for a lock, and ends when it has it, or with its parent's thread.
    Lock(&'a Mutex<()>),
}

/// Forks a process that has one thread.
///
/// # Errors
///
/// When this process has other threads, or when the system refuses another process.
pub fn fork_alone() -> io::Result<Side> {
    let threads = fs::read_dir("/proc/self/task")?.count();
    if threads != 1 {
        return Err(io::Error::other(format!("this process has {threads} threads")));
    }
    // SAFETY: there is one thread, the calling one, and no other can begin meanwhile.
    // So the child is a complete copy, in which everything is allowed (fork(2), NOTES).
    let child = unsafe { libc::fork() };
    Ok(match returned(child)? {
        Some(child) => Side::Parent { child },
        None => Side::Child,
    })
}

/// Forks a process that may have other threads; the child does `task` and no more.
///
/// # Errors
///
/// When the system refuses another process.
pub fn fork_beside_threads(task: Task<'_>) -> io::Result<Pid> {
    let parent = getpid();
    // SAFETY: the child of a process with several threads may only make calls that are
    // async-signal-safe, until it ends. It makes prctl(2) and getppid(2), which are bare
    // system calls here, and _exit(2). The lock of std's `Mutex` is an atomic word and
    // futex(2) on Linux: no allocation, and nothing that another thread may have left
    // half done except the word itself, which is what the child is to find.
    let child = unsafe { libc::fork() };
    if let Some(child) = returned(child)? {
        return Ok(child);
    }
    if let Task::Lock(lock) = task {
        let leash = set_parent_process_death_signal(Some(Signal::KILL));
        // The parent may have ended before the leash was on.
        if leash.is_ok() && getppid() == Some(parent) {
            drop(lock.lock());
        }
    }
    // SAFETY: may be called at any time; runs nothing of this program any more.
    unsafe { libc::_exit(0) }
}

/// What `fork` returned: the child, or `None` in the child.
fn returned(pid: libc::pid_t) -> io::Result<Option<Pid>> {
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Pid::from_raw(pid))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use rustix::process::{WaitOptions, waitpid};

    use super::*;

    #[test]
    fn a_process_with_threads_is_not_forked_whole() {
        let (stop, stopped) = mpsc::channel::<()>();
        let other = thread::spawn(move || stopped.recv());
        let refusal = fork_alone().map(|side| {
            // Never two copies of the tests.
            if matches!(side, Side::Child) {
                std::process::exit(0);
            }
        });
        drop(stop);
        let _ = other.join().unwrap();
        let error = refusal.unwrap_err().to_string();
        assert!(error.starts_with("this process has "), "{error}");
    }

    #[test]
    fn a_child_that_finds_the_lock_free_ends_well() {
        let free = Mutex::new(());
        for task in [Task::End, Task::Lock(&free)] {
            let child = fork_beside_threads(task).unwrap();
            let (_, status) =
                waitpid(Some(child), WaitOptions::empty()).unwrap().unwrap();
            assert_eq!(status.exit_status(), Some(0), "{task:?}");
        }
    }
}
