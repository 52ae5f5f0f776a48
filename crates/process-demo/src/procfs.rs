//! What Linux tells about a process in `/proc`; elsewhere it is not told.
//!
//! Source: proc_pid_stat(5), proc_pid_smaps_rollup(5), proc_pid_task(5)

use std::fs;

/// The state of the process, such as `S` for "sleeps" or `Z` for "zombie".
///
/// `None` when there is no such process.
#[cfg(target_os = "linux")]
pub fn state(pid: u32) -> Option<char> {
    state_in(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The name before the state is in parentheses, and may have some itself.
#[cfg(target_os = "linux")]
fn state_in(stat: &str) -> Option<char> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.trim_start().chars().next()
}

/// How many threads the process has.
#[cfg(target_os = "linux")]
pub fn threads(pid: u32) -> std::io::Result<usize> {
    Ok(fs::read_dir(format!("/proc/{pid}/task"))?.count())
}

/// The memory that no other process shares with this one, in KiB.
pub fn private_kib(pid: u32) -> Option<u64> {
    private_in(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?)
}

fn private_in(smaps: &str) -> Option<u64> {
    let kib = |line: &str| line.split_whitespace().nth(1)?.parse::<u64>().ok();
    let pages = ["Private_Clean:", "Private_Dirty:"];
    pages
        .map(|name| kib(smaps.lines().find(|l| l.starts_with(name))?))
        .into_iter()
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_name_with_parentheses_does_not_hide_the_state() {
        assert_eq!(state_in("17 (cat) S 1 17"), Some('S'));
        assert_eq!(state_in("17 (a (b) R) Z 1 17"), Some('Z'));
        assert_eq!(state_in(""), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_lives_and_process_0_does_not_exist() {
        let this = std::process::id();
        assert!(matches!(state(this), Some('R' | 'S' | 'D')));
        assert!(threads(this).unwrap() >= 1);
        assert_eq!((state(0), private_kib(0)), (None, None));
    }

    #[test]
    fn private_memory_is_clean_and_dirty_together() {
        let text = "Rss: 90 kB\nPrivate_Clean:    4 kB\nPrivate_Dirty:   38 kB\n";
        assert_eq!(private_in(text), Some(42));
        assert_eq!(private_in("Rss: 90 kB\n"), None);
    }
}
