//! What Linux tells about a process in `/proc`. Source: proc_pid_stat(5)

use std::fs;

/// The state of the process, such as `S` for "sleeps" or `Z` for "zombie".
///
/// `None` when there is no such process.
pub fn state(pid: u32) -> Option<char> {
    state_in(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The name before the state is in parentheses, and may have some itself.
fn state_in(stat: &str) -> Option<char> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.trim_start().chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_hide_the_state() {
        assert_eq!(state_in("17 (cat) S 1 17"), Some('S'));
        assert_eq!(state_in("17 (a (b) R) Z 1 17"), Some('Z'));
        assert_eq!(state_in(""), None);
    }

    #[test]
    fn this_process_runs_and_process_0_does_not_exist() {
        assert!(matches!(state(std::process::id()), Some('R' | 'S' | 'D')));
        assert_eq!(state(0), None);
    }
}
