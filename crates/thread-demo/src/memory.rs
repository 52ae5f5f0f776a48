//! How much memory this process takes, as Linux tells it, and how much its threads.
//!
//! Source: the Linux manual page proc_pid_status(5), entries VmRSS and VmSize.

use std::fs;
use std::sync::mpsc;
use std::thread;

use anyhow::Context;

const STATUS: &str = "/proc/self/status";

/// Memory of a process, in KiB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// Pages that are in the machine's memory.
    pub resident: usize,
    /// Addresses that have been given out, whether used or not.
    pub reserved: usize,
}

impl Memory {
    /// What this process takes now; `None` where the system does not tell.
    ///
    /// # Errors
    ///
    /// When the system should tell and does not.
    pub fn of_this_process() -> anyhow::Result<Option<Self>> {
        if !cfg!(target_os = "linux") {
            return Ok(None);
        }
        let status =
            fs::read_to_string(STATUS).with_context(|| format!("read {STATUS}"))?;
        let memory = Self::from_status(&status);
        memory.map(Some).with_context(|| format!("find VmRSS and VmSize in {STATUS}"))
    }

    /// What came on top of `earlier`; nothing if the process has become smaller.
    pub fn more_than(self, earlier: Self) -> Self {
        Self {
            resident: self.resident.saturating_sub(earlier.resident),
            reserved: self.reserved.saturating_sub(earlier.reserved),
        }
    }

    fn from_status(status: &str) -> Option<Self> {
        let entry = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.strip_prefix(':')?.trim().strip_suffix(" kB")?.parse().ok()
        };
        Some(Self { resident: entry("VmRSS")?, reserved: entry("VmSize")? })
    }
}

/// What so many waiting threads take together; `None` where the system does not tell.
///
/// `stack_size` is in bytes, for each of them.
///
/// # Errors
///
/// When the system refuses a thread.
pub fn of_waiting_threads(
    threads: usize,
    stack_size: usize,
) -> anyhow::Result<Option<Memory>> {
    let before = Memory::of_this_process()?;
    let (started, starts) = mpsc::channel();
    let during = thread::scope(|scope| {
        let mut stops = Vec::new();
        for number in 1..=threads {
            let (stop, stopped) = mpsc::channel::<()>();
            let started = started.clone();
            thread::Builder::new()
                .stack_size(stack_size)
                .spawn_scoped(scope, move || {
                    // The other end is open until all have ended.
                    started.send(()).unwrap();
                    // Comes back when `stops` is dropped, with an error that says so.
                    stopped.recv()
                })
                .with_context(|| format!("start thread {number} of {threads}"))?;
            stops.push(stop);
        }
        starts.iter().take(threads).count();
        Memory::of_this_process()
    })?;
    Ok(before.zip(during).map(|(before, during)| during.more_than(before)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS_TEXT: &str = "Name:\tcat\nVmSize:\t    2604 kB\nVmRSS:\t    1552 kB\n";

    #[test]
    fn the_entries_are_found() {
        let memory = Memory::from_status(STATUS_TEXT);
        assert_eq!(memory, Some(Memory { resident: 1552, reserved: 2604 }));
    }

    #[test]
    fn a_missing_entry_is_not_taken_for_zero() {
        let text = STATUS_TEXT.replace("VmRSS", "VmHWM");
        assert_eq!(Memory::from_status(&text), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn memory_that_was_touched_is_counted() {
        let before = Memory::of_this_process().unwrap().unwrap();
        let touched = std::hint::black_box(vec![1_u8; 64 << 20]);
        let taken = Memory::of_this_process().unwrap().unwrap().more_than(before);
        drop(touched);
        // Half of it: other tests of this process may give memory back meanwhile.
        assert!(taken.resident > 32 << 10, "{taken:?}");
    }
}
