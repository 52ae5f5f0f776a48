//! Starts processes that share a segment, and draw their lanes in the parent's timeline.
//!
//! A child is this program in a role, on a leash: it ends when its parent does. It says
//! nothing itself. What it has seen goes through the segment, and the parent tells it
//! when the segment is gone: nobody may read any more by then, which ends the program
//! on the spot, and a segment would stay.

use std::process::ExitCode;

use anyhow::ensure;
use common::timeline;
use crossprocess::process::{Child, Entry};
use crossprocess::{Error, Segment};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Starts a child that finds `segment` in its environment.
pub fn start<P: Serialize + DeserializeOwned>(
    entry: &Entry<P>,
    payload: &P,
    segment: &Segment,
) -> Result<Child, Error> {
    let mut shared = Ok(());
    let spawn = entry.with(payload)?.segment(segment).configure(|command| {
        shared = timeline::share_with(command);
        command
    });
    let action = "share the timeline with a child".to_owned();
    shared.map_err(|source| Error::Io { action, source })?;
    spawn.spawn()
}

/// Waits until all have ended, none of them with an error.
pub fn join(children: impl IntoIterator<Item = Child>) -> anyhow::Result<()> {
    for mut child in children {
        let exit = child.wait()?;
        let (name, pid) = (child.name(), child.pid());
        ensure!(exit.success(), "`{name}`, process {pid}, ended with {exit}");
    }
    Ok(())
}

/// What becomes of a role: an error is told in one line.
pub fn ended(result: Result<(), Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {:#}", anyhow::Error::from(error));
            ExitCode::FAILURE
        }
    }
}
