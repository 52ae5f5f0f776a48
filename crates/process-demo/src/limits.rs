//! Limits that a child sets for itself before it comes to a bad end.

/// A crash on purpose shall leave no core file in the reader's folder.
pub fn no_core_file() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};

        let limit = getrlimit(Resource::Core);
        // To lower a limit is always allowed.
        let _ = setrlimit(
            Resource::Core,
            rustix::process::Rlimit { current: Some(0), ..limit },
        );
    }
}
