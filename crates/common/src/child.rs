//! Child processes that cannot outlive the demo.

use std::io;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use shared_child::SharedChild;

/// Every child that a [`ChildGuard`] still looks after.
static GUARDED: Mutex<Vec<Weak<SharedChild>>> = Mutex::new(Vec::new());

/// The list stays usable after a panic elsewhere: it is changed in single steps.
fn guarded() -> MutexGuard<'static, Vec<Weak<SharedChild>>> {
    GUARDED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The command that runs the role `name` of this very program, see
/// [`Demo::role`](crate::Demo::role).
///
/// # Errors
///
/// When the system does not say which file this program was started from.
pub fn role(name: &str) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(name);
    Ok(command)
}

/// A running child process; dropping the guard kills and reaps it.
///
/// Differs from [`std::process::Child`], which leaves the process running (and, once
/// it has ended, a zombie) when it is dropped.
#[derive(Debug)]
pub struct ChildGuard {
    child: Arc<SharedChild>,
}

impl ChildGuard {
    /// Starts `command`. What the child records appears in the caller's timeline.
    ///
    /// # Errors
    ///
    /// As [`Command::spawn`], for instance when the program does not exist.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        crate::timeline::share_with(command)?;
        // The list is locked around the start, so that a process which leaves
        // meanwhile either prevents the child or kills it.
        let mut guarded = guarded();
        let child = Arc::new(SharedChild::spawn(command)?);
        guarded.retain(|child| child.strong_count() > 0);
        guarded.push(Arc::downgrade(&child));
        Ok(Self { child })
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the child to end; returns at once when it has ended before.
    ///
    /// # Errors
    ///
    /// When the system does not know the child, which would be a bug here.
    pub fn wait(&self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    /// Waits at most `limit`; `None` says that the child still runs.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    pub fn wait_timeout(&self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        self.child.wait_timeout(limit)
    }

    /// Kills the child (`SIGKILL` on Unix); no effect once it has been waited for.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn kill(&self) -> io::Result<()> {
        self.child.kill()
    }

    /// The writing end of the child's standard input, if it was piped; once.
    #[must_use]
    pub fn take_stdin(&self) -> Option<ChildStdin> {
        self.child.take_stdin()
    }

    /// The reading end of the child's standard output, if it was piped; once.
    #[must_use]
    pub fn take_stdout(&self) -> Option<ChildStdout> {
        self.child.take_stdout()
    }

    /// The reading end of the child's standard error, if it was piped; once.
    #[must_use]
    pub fn take_stderr(&self) -> Option<ChildStderr> {
        self.child.take_stderr()
    }
}

impl Drop for ChildGuard {
    fn drop(&mut self) {
        // An error says that the child has ended and was reaped: what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Kills and reaps every guarded child, for a process that is about to leave.
pub(crate) fn kill_all() {
    // Held until the process has left: no child starts any more.
    let guarded = std::mem::ManuallyDrop::new(guarded());
    for child in guarded.iter().filter_map(Weak::upgrade) {
        // As in `drop`: an error means that it is gone.
        let _ = child.kill();
        let _ = child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sleeper() -> ChildGuard {
        ChildGuard::spawn(Command::new("sleep").arg("60")).unwrap()
    }

    #[test]
    fn dropping_the_guard_kills_and_reaps() {
        let child = sleeper();
        let shared = Arc::clone(&child.child);
        drop(child);
        let status = shared.try_wait().unwrap().expect("the child was reaped");
        assert!(!status.success(), "sleep was killed, not waited out");
    }

    #[test]
    fn a_time_limit_leaves_the_child_running() {
        let child = sleeper();
        assert_eq!(child.wait_timeout(Duration::from_millis(1)).unwrap(), None);
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn a_missing_program_is_an_error() {
        let error =
            ChildGuard::spawn(&mut Command::new("/no/such/program")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
