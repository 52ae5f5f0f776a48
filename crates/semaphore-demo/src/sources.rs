//! Finds the files for the scene `download` and bundles them into jobs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use common::WrongUsage;
use serde::Deserialize;
use walkdir::{DirEntry, WalkDir};

/// Files are bundled until a job has so many bytes: a job of one small file would be
/// over before the next worker has noticed.
const JOB_BYTES: u64 = 1024 * 1024;

/// A few files that one worker reads under one permit.
pub struct Job {
    pub files: Vec<PathBuf>,
}

pub struct Found {
    pub jobs: Vec<Job>,
    pub files: usize,
    pub bytes: u64,
    /// What could not be listed, with the reason.
    pub problems: Vec<String>,
}

/// The files below `directory`, or by default this workspace and its dependencies.
pub fn find(directory: Option<&Path>) -> anyhow::Result<Found> {
    let roots = match directory {
        Some(directory) => vec![directory.to_owned()],
        None => default_roots()?,
    };
    let mut found =
        Found { jobs: Vec::new(), files: 0, bytes: 0, problems: Vec::new() };
    let (mut bundle, mut bundle_bytes) = (Vec::new(), 0);
    for root in roots {
        if !root.is_dir() {
            let root = root.display();
            return Err(WrongUsage::new(format!("`{root}` is not a directory")).into());
        }
        // Links are not followed: a loop of links would never end.
        let entries = WalkDir::new(&root).sort_by_file_name().into_iter();
        let entries = entries.filter_entry(worth_reading);
        for entry in entries {
            match entry.and_then(|entry| Ok((entry.metadata()?, entry))) {
                Ok((metadata, entry)) if metadata.is_file() => {
                    found.files += 1;
                    found.bytes += metadata.len();
                    bundle_bytes += metadata.len();
                    bundle.push(entry.into_path());
                }
                // A pipe or a device could block for ever; directories hold no bytes.
                Ok(_) => {}
                Err(error) => found.problems.push(error.to_string()),
            }
            if bundle_bytes >= JOB_BYTES {
                found.jobs.push(Job { files: std::mem::take(&mut bundle) });
                bundle_bytes = 0;
            }
        }
    }
    if !bundle.is_empty() {
        found.jobs.push(Job { files: bundle });
    }
    ensure!(found.files > 0, WrongUsage::new("there is no file to read"));
    Ok(found)
}

/// Leaves out what the compiler and git keep for themselves.
fn worth_reading(entry: &DirEntry) -> bool {
    entry.depth() == 0
        || !(entry.file_name() == "target" || entry.file_name() == ".git")
}

/// The part of `Cargo.lock` that says which sources were downloaded.
#[derive(Deserialize)]
struct Lockfile {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// This workspace and the unpacked sources of its dependencies.
fn default_roots() -> anyhow::Result<Vec<PathBuf>> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let lockfile = workspace.join("Cargo.lock");
    let text = fs::read_to_string(&lockfile).with_context(|| {
        format!("read {}; name a directory to read instead", lockfile.display())
    })?;
    let lockfile: Lockfile = toml::from_str(&text)
        .with_context(|| format!("parse {}", lockfile.display()))?;

    let unpacked =
        home::cargo_home().context("find cargo's home")?.join("registry/src");
    let mut roots = vec![workspace];
    // A folder for each registry; without any there is still the workspace.
    for registry in fs::read_dir(unpacked).into_iter().flatten().flatten() {
        let directories = lockfile.package.iter().map(|package| {
            registry.path().join(format!("{}-{}", package.name, package.version))
        });
        // Packages for other systems are in the lock file, but were not downloaded.
        roots.extend(directories.filter(|directory| directory.is_dir()));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_in_one_job_and_the_leftovers_of_building_are_not() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, length: usize| {
            let file = root.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, vec![0; length]).unwrap();
        };
        write("a", JOB_BYTES as usize);
        write("b/c", 1);
        write("b/d", 2);
        write("target/e", 3);
        let found = find(Some(root.path())).unwrap();
        assert_eq!((found.files, found.bytes), (3, JOB_BYTES + 3));
        assert_eq!(found.jobs.iter().map(|job| job.files.len()).sum::<usize>(), 3);
        assert_eq!(found.jobs.len(), 2, "the large file fills a job");
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_ends() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("file"), "x").unwrap();
        std::os::unix::fs::symlink(root.path(), root.path().join("again")).unwrap();
        assert_eq!(find(Some(root.path())).unwrap().files, 1);
    }

    #[test]
    fn a_missing_directory_is_wrong_usage() {
        let error = find(Some(Path::new("/no/such/directory"))).err().unwrap();
        assert!(error.is::<WrongUsage>());
        assert_eq!(error.to_string(), "`/no/such/directory` is not a directory");
    }
}
