//! The files that tell who is alive, and the directory they are in.
//!
//! `/dev/shm/crossprocess-<user>/`, or that in the temporary directory where there is no
//! `/dev/shm`, holds a file `lock`, which is locked while somebody
//! comes or goes, and a directory for each segment, with a token for each process.

use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::Error;
use crate::raw::{Owner, SLOTS};

/// How long to wait for others who come or go, before it is an error.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn token_path(dir: &Path, owner: Owner) -> PathBuf {
    let slot = owner.slot().unwrap_or(SLOTS);
    dir.join(format!("p{slot}.{}", owner.generation()))
}

pub(crate) fn lock_token(dir: &Path, owner: Owner) -> Result<File, Error> {
    let path = token_path(dir, owner);
    let token = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(Error::io(format!("create token {}", path.display())))?;
    match token.try_lock() {
        Ok(()) => Ok(token),
        Err(error) => {
            Err(Error::io(format!("lock token {}", path.display()))(error.into()))
        }
    }
}

/// The directory for the tokens of this user's segments, which stays.
pub(crate) fn base_dir() -> Result<PathBuf, Error> {
    let base = base_parent().join(base_name());
    if base.to_str().is_none() {
        return Err(Error::Invalid(format!("{} is not UTF-8", base.display())));
    }
    match make_private(&base) {
        Ok(()) => Ok(base),
        Err(error) => {
            Err(Error::io(format!("use directory {}", base.display()))(error))
        }
    }
}

/// Beside the shared memory, if that has a place among the files: then both go with the
/// same restart, and neither depends on what `TMPDIR` is in which process.
fn base_parent() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if cfg!(target_os = "linux") && memory.is_dir() {
        memory.to_path_buf()
    } else {
        std::env::temp_dir()
    }
}

#[cfg(unix)]
fn base_name() -> String {
    format!("crossprocess-{}", rustix::process::getuid().as_raw())
}

#[cfg(not(unix))]
fn base_name() -> String {
    "crossprocess".into()
}

/// Makes a directory that nobody else can write to, or checks that it is one.
#[cfg(unix)]
fn make_private(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};

    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(error);
        }
        _ => {}
    }
    let found = fs::symlink_metadata(dir)?;
    let mine = found.uid() == rustix::process::getuid().as_raw();
    if found.is_dir() && mine && found.mode() & 0o022 == 0 {
        Ok(())
    } else {
        let why = "others can write to it";
        Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
    }
}

#[cfg(not(unix))]
fn make_private(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}

/// Keeps others from coming, going and sweeping meanwhile.
pub(crate) fn lock_base(base: &Path) -> Result<File, Error> {
    let path = base.join("lock");
    let action = || format!("lock {}", path.display());
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(Error::io(action()))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                // The kernel has no lock with a time limit; whoever holds this one is
                // done in less than a millisecond.
                thread::sleep(Duration::from_micros(200));
            }
            Err(error) => return Err(Error::io(action())(error.into())),
        }
    }
}

/// Removes the segments whose tokens can all be locked. The caller has locked `base`.
pub(crate) fn sweep(base: &Path) -> usize {
    let Ok(entries) = fs::read_dir(base) else { return 0 };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir() && !has_live_token(path))
        .map(|path| remove_segment(&path))
        .count()
}

fn has_live_token(dir: &Path) -> bool {
    let Ok(tokens) = fs::read_dir(dir) else { return true };
    tokens.flatten().any(|entry| match File::open(entry.path()) {
        Ok(token) => token.try_lock_shared().is_err(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    })
}

pub(crate) fn remove_segment(dir: &Path) {
    if let Some(id) = dir.file_name().and_then(|name| name.to_str()) {
        unlink(id);
    }
    // The directory last: while it is there, a sweep will try again.
    let _ = fs::remove_dir_all(dir);
}

/// Removes the name of shared memory; who has it mapped keeps it.
#[cfg(unix)]
fn unlink(id: &str) {
    // Nothing to remove is what it should come to.
    let _ = rustix::shm::unlink(os_name(id));
}

/// Removes the file behind shared memory, or lets it go with its last user: Windows
/// removes no file that is mapped.
#[cfg(windows)]
fn unlink(id: &str) {
    use std::os::windows::fs::OpenOptionsExt;

    const DELETE: u32 = 0x0001_0000;
    const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;

    let mut to_delete = OpenOptions::new();
    to_delete.access_mode(DELETE).custom_flags(FILE_FLAG_DELETE_ON_CLOSE);
    // Where `shared_memory` has it. Nothing to remove is what it should come to.
    let _ = to_delete.open(std::env::temp_dir().join("shared_memory-rs").join(id));
}

/// Takes the memory from the system now, as a page that cannot be had later is a SIGBUS.
#[cfg(target_os = "linux")]
pub(crate) fn reserve(id: &str, size: usize) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, Mode, fallocate};
    use rustix::shm::{self, OFlags};

    let memory = shm::open(os_name(id), OFlags::RDWR, Mode::empty())?;
    Ok(fallocate(memory, FallocateFlags::empty(), 0, size as u64)?)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn reserve(_id: &str, _size: usize) -> io::Result<()> {
    Ok(())
}

pub(crate) fn os_name(id: &str) -> String {
    if cfg!(windows) { id.into() } else { format!("/{id}") }
}

/// A name that nobody has; short, as macOS allows 31 characters.
pub(crate) fn fresh_id() -> String {
    let random = RandomState::new().build_hasher().finish();
    format!("cp-{:x}-{:08x}", std::process::id(), random as u32)
}
