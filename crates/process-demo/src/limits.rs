//! Limits that a child sets for itself before it comes to a bad end.

use std::io;

/// How much memory a child may have, in bytes; never in use, only asked for.
pub const MEMORY: usize = 1 << 30;

/// What a child asks for at a time, in bytes.
///
/// Where a process cannot be limited: more than any machine has addresses for.
pub const PIECE: usize =
    if cfg!(target_os = "linux") { MEMORY / 16 } else { isize::MAX as usize / 2 };

/// Takes care that a child which asks for more than [`MEMORY`] harms nobody else.
///
/// # Errors
///
/// When the system refuses the limit.
pub fn prepare_for_the_worst() -> io::Result<()> {
    no_core_file();
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};

        let mut limit = getrlimit(Resource::As);
        limit.current = Some(limit.current.unwrap_or(u64::MAX).min(MEMORY as u64));
        setrlimit(Resource::As, limit)?;
    }
    Ok(())
}

/// A crash on purpose shall leave no core file in the reader's folder.
pub fn no_core_file() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        let limit = Rlimit { current: Some(0), ..getrlimit(Resource::Core) };
        // To lower a limit is always allowed.
        let _ = setrlimit(Resource::Core, limit);
    }
}
