//! Children by `fork`, for objects that only a forked child can share.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// A child that runs `work` and ends. This program has one thread when it forks.
pub struct Forked {
    pid: libc::pid_t,
    ended: bool,
    /// As `waitpid` has it, once it has ended.
    status: i32,
}

impl Forked {
    pub fn new(work: impl FnOnce()) -> io::Result<Self> {
        // SAFETY: no other thread exists, so none can hold a lock that the child needs.
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            0 => {
                // The frames below belong to the parent: a panic must not unwind them.
                let failed = catch_unwind(AssertUnwindSafe(work)).is_err();
                // SAFETY: ends the child at once, without the parent's handlers.
                unsafe { libc::_exit(failed.into()) }
            }
            pid => Ok(Self { pid, ended: false, status: 0 }),
        }
    }

    pub fn kill(&mut self) {
        // SAFETY: the child has not been waited for, so the number is still its own.
        unsafe { libc::kill(self.pid, libc::SIGKILL) };
        self.wait();
    }

    pub fn wait(&mut self) {
        self.look(0);
    }

    /// Whether it ends in this time; an error if it failed at what it should do.
    pub fn ends_within(&mut self, limit: Duration) -> anyhow::Result<bool> {
        let started = Instant::now();
        while !self.ended && started.elapsed() < limit {
            self.look(libc::WNOHANG);
            std::thread::sleep(Duration::from_micros(200));
        }
        anyhow::ensure!(self.status == 0, "a child failed");
        Ok(self.ended)
    }

    fn look(&mut self, options: i32) {
        if !self.ended {
            // SAFETY: `status` is a place for the answer; the child is ours.
            self.ended = unsafe { libc::waitpid(self.pid, &mut self.status, options) }
                == self.pid;
        }
    }
}

impl Drop for Forked {
    fn drop(&mut self) {
        if !self.ended {
            self.kill();
        }
    }
}
